/**
 * Every command of ppadm as a process against a running server: what the program has is what is
 * driven, so no command can be there without its case, and no operation of the API without a command.
 */

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTES, type RouteName } from '../../src/contract/paths.ts';
import { createProgram, defineVerb } from '../../src/ppadm/main.ts';
import { VERBS } from '../../src/ppadm/verbs.ts';
import { openRunningSite } from '../running-site.ts';
import { PPADM, runPpadm } from '../servers/program.ts';
import { type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';
import { surroundingsOf } from './ppadm-surroundings.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let folder: TempFolder;
let environment: Record<string, string>;

beforeAll(async () => {
  site = await openRunningSite();
  folder = await tempFolder();
  environment = {
    ...{ HOME: folder.path, XDG_CONFIG_HOME: join(folder.path, 'config') },
    ...{ PPADM_URL: new URL(site.url).origin, PPADM_TOKEN: site.admin },
  };
  await site.call('POST', '/suites', { name: 's' });
  await site.call('POST', '/plugins', {
    name: 'p',
    builtin: 'dummy',
    params: '1 half',
    hostCheck: true,
    suites: ['s'],
  });
  await site.call('POST', '/hosts', {
    name: 'h',
    address: '192.0.2.1',
    suites: ['s'],
    history: true,
  });
  await site.call('POST', '/subnets', { name: 'n', cidr: '127.0.0.1/32' });
  await writeFile(join(folder.path, 'site.yaml'), 'kind: Suite\nmetadata: { name: applied }\n');
  await writeFile(join(folder.path, 'token'), site.admin);
  await writeFile(join(folder.path, 'results'), 'h\tp\t0\tfine\n');
});
afterAll(async () => {
  await site.close();
  await folder[Symbol.asyncDispose]();
});

const ppadm = (...args: string[]) => runPpadm(args, { cwd: folder.path, env: environment });

const idOf = async (path: string): Promise<string> =>
  String((await site.call('GET', path)).body.items[0].id);

/** What a command is driven with; the answer must match on either stream. In an order that works. */
const CASES: Readonly<Record<string, [words: () => string[] | Promise<string[]>, shows: RegExp]>> =
  {
    'list hosts': [() => [], /^h +/m],
    'list plugins': [() => ['--builtin', 'dummy'], /^p +/m],
    'list suites': [() => [], /^s +/m],
    'list subnets': [() => [], /127\.0\.0\.1\/32/],
    'list timeperiods': [() => [], /NAME|timeperiod/],
    'list dependencies': [() => [], /NAME|dependenc/],
    'list checks': [() => ['--host', 'h', '-o', 'json'], /"plugin": "p"/],
    'list workers': [() => [], /violet|running|vm/i],
    'list jobs': [() => ['--host', 'h'], /^h +p/m],
    'list discoveries': [() => [], /SUBNET|discover/i],
    'list tokens': [() => [], /admin/],
    'list downtimes': [() => ['--state', 'open'], /STATE|downtime/i],
    'list changes': [() => ['--kind', 'host'], /create/],
    'get host': [() => ['h'], /192\.0\.2\.1/],
    'get plugin': [() => ['p'], /dummy/],
    'get suite': [() => ['s'], /plugins/],
    'get subnet': [() => ['n'], /127\.0\.0\.1\/32/],
    'get check': [() => ['h', 'p'], /maxCheckAttempts/],
    'get worker': [async () => [await idOf('/workers')], /heartbeat/i],
    'get token': [() => ['admin (local file)'], /admin/],
    'add suite': [() => ['made'], /made/],
    'add plugin': [() => ['made', '--builtin', 'dummy', '--suite', 'made'], /made/],
    'add subnet': [() => ['made', '--cidr', '192.0.2.0/30'], /made/],
    'add timeperiod': [
      () => ['made', '--time-zone', 'Europe/Berlin', '--weekday', 'monday=09:00-17:00'],
      /made/,
    ],
    'get timeperiod': [() => ['made'], /Europe\/Berlin/],
    'edit timeperiod': [() => ['made', '--exception', 'december 24 - 26=00:00-00:00'], /made/],
    'delete timeperiod': [() => ['made'], /made/],
    'add dependency': [
      () => ['made', '--plugin', 'made', '--master-host', 'h', '--master-plugin', 'p'],
      /made/,
    ],
    'get dependency': [() => ['made'], /execution/],
    'edit dependency': [() => ['made', '--inherits-parent', 'on'], /made/],
    'delete dependency': [() => ['made'], /made/],
    'add host': [() => ['made', '--address', '192.0.2.2', '--suite', 'made'], /made/],
    'edit suite': [() => ['made', '--description', 'x'], /made/],
    'edit plugin': [() => ['made', '--retry-interval', '5s', '--max-attempts', '3'], /made/],
    'edit subnet': [() => ['made', '--description', 'x'], /made/],
    'edit host': [() => ['made', '--maintenance', 'on'], /made/],
    'delete host': [() => ['made'], /made/],
    'delete subnet': [() => ['made'], /made/],
    'delete plugin': [() => ['made'], /made/],
    'delete suite': [() => ['made'], /made/],
    'run check': [() => ['h', 'p', '--wait'], /half/],
    'run host': [() => ['h', '--wait'], /half/],
    'show host': [() => ['h'], /state +up/],
    ack: [() => ['h', 'p', '-m', 'mine'], /Acknowledged/],
    unack: [() => ['h/p'], /Took back/],
    'run discovery': [() => ['n', '--wait'], /done/],
    'get discovery': [async () => [await idOf('/discoveries')], /scanned/],
    'ops singlecheck': [() => ['--plugin', 'p', '--hostip', 'h', '--wait'], /half/],
    'ops discovery': [() => ['--subnet', 'n'], /Began|[0-9a-f-]{36}/],
    submit: [() => ['h', 'p', '2', 'broken', '--wait'], /broken/],
    history: [() => ['h', 'p'], /half|broken/],
    trace: [() => ['h', 'p'], /due +red/],
    'comment add': [() => ['h', 'p', 'a new disk'], /Noted/],
    'comment list': [() => ['--host', 'h'], /a new disk/],
    'list comments': [() => ['--kind', 'user'], /a new disk/],
    'comment show': [async () => [await idOf('/comments')], /a new disk/],
    'get comment': [async () => [await idOf('/comments')], /a new disk/],
    'comment delete': [async () => [await idOf('/comments')], /Deleted/],
    'downtime add': [() => ['--host', 'h', '--end', '2h', '-m', 'kernel'], /kernel/],
    'downtime list': [() => ['--state', 'open'], /kernel/],
    'downtime show': [async () => [await idOf('/downtimes')], /kernel/],
    'get downtime': [async () => [await idOf('/downtimes')], /kernel/],
    'downtime edit': [async () => [await idOf('/downtimes'), '--end', '3h'], /kernel/],
    'downtime cancel': [async () => [await idOf('/downtimes')], /Cancelled/],
    export: [() => [], /kind: Host/],
    apply: [() => ['-f', 'site.yaml'], /1 created/],
    audit: [() => ['--limit', '3'], /create/],
    'token create': [() => ['guest', '--role', 'viewer', '--expires', '1d'], /pp_/],
    'token list': [() => [], /guest/],
    'token revoke': [() => ['guest'], /Revoked/],
    'show status': [() => [], /checks/],
    'show scheduler': [() => [], /job|active|lateness/i],
    'show workers': [() => [], /STATUS|running/i],
    'show stats': [() => [], /./],
    'show availability': [() => ['h', 'p'], /(critical|warning)[\s\S]*pending/],
    'show perfdata': [() => ['h', 'p'], /./],
    'show monitoring': [() => [], /./],
    status: [() => [], /checks/],
    completion: [() => ['bash'], /COMPREPLY/],
    complete: [() => ['--', 'get', 'host', ''], /^h$/m],
    login: [() => [new URL(site.url).origin, '--token-file', 'token'], /./],
  };

/** Its own test: it ends only when it is told to. */
const ENDLESS = ['watch'];

async function listCommands(): Promise<string[]> {
  const program = {
    surroundings: surroundingsOf('/nowhere'),
    endWith: () => undefined,
    defineVerb,
  };
  const root = createProgram(program);
  const names: string[] = [];
  for (const { name } of VERBS) {
    const verb = root.commands.find((one) => one.name() === name) ?? new Command();
    await defineVerb(verb, program);
    if (verb.commands.length === 0) names.push(name);
    for (const each of verb.commands) names.push(`${name} ${each.name()}`);
  }
  return names.filter((name) => name !== 'help');
}

test('every command of the program has its case', async () => {
  const names = await listCommands();
  expect([...Object.keys(CASES), ...ENDLESS].sort()).toEqual(names.sort());
});

describe('against a running server', () => {
  test.each(Object.entries(CASES))('%s', async (name, [words, shows]) => {
    const run = await ppadm(...name.split(' '), ...(await words()));
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(run.stdout + run.stderr).toMatch(shows);
    expect(run.stdout + run.stderr).not.toContain(site.admin);
  });

  test('watch, until it is told to end', async () => {
    const child = spawn(process.execPath, [PPADM, 'watch'], {
      cwd: folder.path,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (part) => {
      output += part;
    });
    try {
      let count = 0;
      await waitFor('an event', async () => {
        await site.call('POST', '/suites', { name: `seen-${count++}` });
        return output.includes('suite seen-');
      });
    } finally {
      child.kill('SIGTERM');
    }
  });
});

/** The command that does what an operation does. */
const COMMAND_OF: Readonly<Record<RouteName, string>> = {
  ...{ listHosts: 'list hosts', createHost: 'add host', getHost: 'get host' },
  ...{ replaceHost: 'apply', changeHost: 'edit host', deleteHost: 'delete host' },
  ...{ getHostState: 'show host', getHostHistory: 'history', runHostCheck: 'run host' },
  ...{ getHostAvailability: 'show availability', submitHostResult: 'submit' },
  ...{ acknowledgeHost: 'ack', removeHostAcknowledgement: 'unack' },
  ...{ listPlugins: 'list plugins', createPlugin: 'add plugin', getPlugin: 'get plugin' },
  ...{ replacePlugin: 'apply', changePlugin: 'edit plugin', deletePlugin: 'delete plugin' },
  ...{ listSuites: 'list suites', createSuite: 'add suite', getSuite: 'get suite' },
  ...{ replaceSuite: 'apply', changeSuite: 'edit suite', deleteSuite: 'delete suite' },
  ...{ listSubnets: 'list subnets', createSubnet: 'add subnet', getSubnet: 'get subnet' },
  ...{ replaceSubnet: 'apply', changeSubnet: 'edit subnet', deleteSubnet: 'delete subnet' },
  ...{ listTimeperiods: 'list timeperiods', createTimeperiod: 'add timeperiod' },
  ...{ getTimeperiod: 'get timeperiod', replaceTimeperiod: 'apply' },
  ...{ changeTimeperiod: 'edit timeperiod', deleteTimeperiod: 'delete timeperiod' },
  ...{ listDependencies: 'list dependencies', createDependency: 'add dependency' },
  ...{ getDependency: 'get dependency', replaceDependency: 'apply' },
  ...{ changeDependency: 'edit dependency', deleteDependency: 'delete dependency' },
  ...{ discoverSubnet: 'run discovery', listDiscoveries: 'list discoveries' },
  ...{ getDiscovery: 'get discovery', applyBatch: 'apply' },
  ...{ listChecks: 'list checks', getCheck: 'get check', getCheckHistory: 'history' },
  ...{ getCheckAvailability: 'show availability', getCheckPerfdata: 'show perfdata' },
  ...{ runCheck: 'run check', submitResult: 'submit', submitResults: 'submit' },
  ...{ acknowledgeCheck: 'ack', removeAcknowledgement: 'unack' },
  ...{ listDowntimes: 'downtime list', createDowntime: 'downtime add' },
  ...{ getDowntime: 'downtime show', deleteDowntime: 'downtime cancel' },
  ...{ changeDowntime: 'downtime edit' },
  ...{ listComments: 'comment list', createComment: 'comment add' },
  ...{ getComment: 'comment show', deleteComment: 'comment delete' },
  ...{ getStatus: 'show status', listSchedule: 'list jobs', listWorkers: 'list workers' },
  ...{ getWorker: 'get worker', streamEvents: 'watch' },
  ...{ getTrace: 'trace', getCheckTrace: 'trace' },
  ...{ getCommonStatistics: 'show stats', getLastCommonStatistics: 'show stats' },
  ...{ getWorkerStatistics: 'show stats', getLastWorkerStatistics: 'show stats' },
  ...{ listTokens: 'token list', createToken: 'token create', getToken: 'get token' },
  ...{ deleteToken: 'token revoke', listAudit: 'audit' },
};

test('every operation of the API has a command', async () => {
  expect(Object.keys(COMMAND_OF).sort()).toEqual(Object.keys(ROUTES).sort());
  const names = await listCommands();
  expect(names).toEqual(expect.arrayContaining(Object.values(COMMAND_OF)));
});
