import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { NOW, run, surroundingsOf } from '../../test/cli/ppadm-surroundings.ts';
import {
  type Asked,
  type Scripted,
  type ScriptedServer,
  startScriptedServer,
} from '../../test/cli/scripted-server.ts';
import { type TempFolder, tempFolder } from '../../test/servers/temp.ts';
import { formatInstant } from '../lib/instant.ts';
import type { Surroundings } from './surroundings.ts';

let folder: TempFolder;
let server: ScriptedServer;
/** What the server answers; a test says it. */
let answer: (asked: Asked) => Scripted;

beforeEach(async () => {
  folder = await tempFolder();
  answer = () => ({ status: 404 });
  server = await startScriptedServer((asked) => answer(asked));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const ppadm = (...args: string[]) => ppadmWith({}, ...args);
const ppadmWith = (changes: Partial<Surroundings>, ...args: string[]) => {
  const environment = { PPADM_URL: server.url, PPADM_TOKEN: 'secret-token' };
  return run(args, surroundingsOf(folder.path, { environment, ...changes }));
};
const onTerminal = (columns: number, environment: Record<string, string>, ...args: string[]) => {
  const given = { PPADM_URL: server.url, PPADM_TOKEN: 'secret-token', ...environment };
  return run(args, surroundingsOf(folder.path, { environment: given }), columns);
};

const ago = (seconds: number) => formatInstant(NOW - seconds * 1_000);
const host = (name: string) => ({ id: `id-${name}`, name, address: '10.0.0.1', suites: ['base'] });
const check = (changes = {}) => ({
  host: 'web1',
  plugin: 'ping',
  state: 'critical',
  exitCode: 2,
  output: 'PING CRITICAL - no answer',
  longOutput: 'more',
  perfdata: [{ label: 'rta', value: 5, unit: 'ms', warn: '1', crit: '3', min: 0, max: null }],
  lastStateChange: ago(7_200),
  finishedAt: ago(12),
  nextDue: ago(-18),
  ...changes,
});
const page = (items: readonly unknown[], more = {}): Scripted => ({
  body: { items, total: items.length, nextCursor: null, ...more },
});
const problem = (status: number, detail: string, errors?: object[]): Scripted => ({
  status,
  body: { type: 'about:blank', title: 'T', status, detail, errors },
});

describe('a list', () => {
  test('is a plain table where there is no terminal', async () => {
    answer = () =>
      page([check(), check({ plugin: 'a-long-plugin', state: 'ok', output: 'x'.repeat(99) })]);
    expect(await ppadm('list', 'checks')).toEqual({
      exitCode: 0,
      errors: '',
      output: [
        'HOST  PLUGIN         STATE     SINCE    CHECKED   OUTPUT',
        'web1  ping           critical  2 h ago  12 s ago  PING CRITICAL - no answer',
        `web1  a-long-plugin  ok        2 h ago  12 s ago  ${'x'.repeat(99)}`,
        '',
      ].join('\n'),
    });
  });

  test('has colours and fits on a terminal, unless NO_COLOR is set', async () => {
    answer = () => page([check()]);
    const { output } = await onTerminal(52, {}, 'list', 'checks');
    expect(output).toContain('\x1b[31mcritical\x1b[39m');
    expect(output.split('\n')[1]).toMatch(/PING CRI…$/);
    const plain = await onTerminal(52, { NO_COLOR: '1' }, 'list', 'checks');
    expect(plain.output).not.toContain('\x1b');
    for (const line of plain.output.split('\n')) expect(line.length).toBeLessThanOrEqual(52);
  });

  test('follows the pages, up to the limit', async () => {
    answer = ({ query }) => {
      const start = Number(query['cursor'] ?? 0);
      const end = Math.min(start + Number(query['limit']), 5);
      const items = ['a', 'b', 'c', 'd', 'e'].slice(start, end).map(host);
      return page(items, { total: 5, nextCursor: end < 5 ? String(end) : null });
    };
    expect((await ppadm('list', 'hosts', '-o', 'name', '--page-size', '2')).output).toBe(
      'a\nb\nc\nd\ne\n',
    );
    expect(server.asked.map(({ query }) => query)).toEqual([
      { limit: '2' },
      { limit: '2', cursor: '2' },
      { limit: '2', cursor: '4' },
    ]);
    const cut = await ppadm('list', 'hosts', '-o', 'name', '--page-size', '2', '--limit', '3');
    expect(cut).toEqual({
      exitCode: 0,
      output: 'a\nb\nc\n',
      errors: 'These are 3 of 5; --limit shows more.\n',
    });
  });

  test('goes on after a page that happens to be empty, and ends with a server that turns in circles', async () => {
    answer = ({ query }) =>
      query['cursor'] === undefined
        ? page([], { total: 1, nextCursor: 'x' })
        : page([host('a')], { total: 9, nextCursor: 'x' });
    expect((await ppadm('list', 'hosts', '-o', 'name')).output).toBe('a\n');
  });

  test('is the array of objects in JSON and YAML, whatever is in them', async () => {
    const items = [check({ output: 'a\x1b[2J\u202e' })];
    answer = () => page(items);
    const json = await ppadm('list', 'checks', '-o', 'json');
    expect(JSON.parse(json.output)).toEqual(items);
    const yaml = await ppadm('-o', 'yaml', 'list', 'checks');
    expect(parse(yaml.output)).toEqual(items);
    for (const { output } of [json, yaml]) expect(output).not.toMatch(/[\x1b\u202e]/);
  });

  test('never writes what a terminal would do', async () => {
    const hostile = '\x1b]0;x\x07\x1b[2J\u202e\x9b31m\r';
    answer = () => page([check({ host: hostile, output: hostile })]);
    for (const format of ['table', 'wide', 'name']) {
      const { output } = await ppadm('list', 'checks', '-o', format);
      expect(output).toContain('\\x1b]0;x\\x07\\x1b[2J\\u202e\\x9b31m\\x0d');
      expect(output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    }
  });

  test('that is empty says so in words, and is no table', async () => {
    answer = () => page([]);
    expect(await ppadm('list', 'hosts')).toEqual({
      exitCode: 0,
      output: '',
      errors: 'There are no such hosts.\n',
    });
    expect((await ppadm('list', 'hosts', '-o', 'json')).output).toBe('[]\n');
  });

  test('that is empty for a name that is not there says which are near', async () => {
    answer = ({ path }) => {
      if (path.endsWith('/checks')) return page([]);
      return path.endsWith('/hosts') ? page([host('web1')]) : problem(404, 'none');
    };
    expect(await ppadm('list', 'checks', '--host', 'wbe1')).toEqual({
      exitCode: 0,
      output: '',
      errors: 'There are no such checks.\nThere is no host "wbe1". Did you mean "web1"?\n',
    });
  });

  test('of workers takes no page, and asks as whom it was told', async () => {
    answer = () => page([{ id: 'violet-1', status: 'lost', zones: ['a', 'b'] }]);
    expect((await ppadm('list', 'workers')).output).toContain('violet-1');
    expect(server.asked[0]).toMatchObject({
      path: '/api/v1/workers',
      query: {},
      token: 'secret-token',
    });
  });
});

describe('an object', () => {
  test('is shown field by field', async () => {
    answer = () => ({ body: check({ output: 'a\x1bb', scheduledAt: ago(15) }) });
    const { output } = await ppadm('get', 'check', 'web1', 'ping');
    expect(output).toMatch(/^state +critical$/m);
    expect(output).toMatch(/^output +a\\x1bb$/m);
    expect(output).toMatch(/^perfdata +rta=5ms;1;3;0$/m);
    expect(output).toMatch(/^scheduledAt +2026-11-23T09:59:45.000Z \(15 s ago\)$/m);
    expect(output).toMatch(/^nextDue +2026-11-23T10:00:18.000Z \(in 18 s\)$/m);
    expect(server.asked[0]?.path).toBe('/api/v1/checks/web1/ping');
  });

  test('is found by any name, even one that looks like a path', async () => {
    answer = () => ({ body: host('a') });
    await ppadm('get', 'host', '../a?b=c');
    expect(server.asked[0]?.path).toBe('/api/v1/hosts/..%2Fa%3Fb%3Dc');
    await ppadm('get', 'check', 'web1/ping');
    expect(server.asked[1]?.path).toBe('/api/v1/checks/web1/ping');
    await ppadm('get', 'host', '--ipaddress', '10.0.0.1');
    expect(server.asked[2]?.path).toBe('/api/v1/hosts/10.0.0.1');
  });

  test('that is not there: near names', async () => {
    answer = ({ path }) =>
      path === '/api/v1/hosts'
        ? page(['web1', 'db1'].map(host))
        : problem(404, 'There is no host.');
    expect(await ppadm('get', 'host', 'wbe1')).toEqual({
      exitCode: 3,
      output: '',
      errors: 'ppadm: There is no host "wbe1". Did you mean "web1"?\n',
    });
    expect((await ppadm('get', 'host', 'other')).errors).toContain('"ppadm list hosts" shows all.');
  });

  test('that is there, while something of it is missing: the reason', async () => {
    answer = ({ path }) =>
      path === '/api/v1/workers'
        ? page([{ id: 'violet-1' }])
        : problem(404, 'There is no statistics file "violet-1".');
    expect(await ppadm('show', 'stats', 'violet-1')).toMatchObject({
      exitCode: 3,
      errors: 'ppadm: There is no statistics file "violet-1".\n',
    });
  });

  test('is added with the fields that were given', async () => {
    answer = ({ body }) => ({ status: 201, body });
    expect(await ppadm('add', 'host', 'web1', '--address', '10.0.0.1', '--suite', 'a,b')).toEqual({
      exitCode: 0,
      output: '',
      errors: 'Added host "web1".\n',
    });
    expect(server.asked[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/hosts',
      body: { name: 'web1', address: '10.0.0.1', suites: ['a', 'b'] },
    });
    expect((await ppadm('add', 'suite', 's', '-o', 'json')).output).toBe('{\n  "name": "s"\n}\n');
    expect((await ppadm('add', 'suite', '--name', 's', '-o', 'name')).output).toBe('s\n');
  });

  test('is changed in the fields that were given', async () => {
    answer = () => ({ body: host('web1') });
    await ppadm('edit', 'host', 'web1', '--maintenance', 'on', '--label', 'a-');
    expect(server.asked).toMatchObject([
      {
        method: 'PATCH',
        path: '/api/v1/hosts/web1',
        body: { maintenance: true, labels: { a: null } },
      },
    ]);
    await ppadm('edit', 'host', 'web1', '--add-suite', 'web', '--name', 'web2');
    expect(server.asked.slice(1)).toMatchObject([
      { method: 'GET' },
      { method: 'PATCH', body: { suites: ['base', 'web'], name: 'web2' } },
    ]);
  });

  test('is told by its option where no name is given, which does not change it', async () => {
    answer = () => ({ body: host('web1') });
    await ppadm('edit', 'host', '--ipaddress', '10.0.0.1', '--history', 'on');
    expect(server.asked[0]).toMatchObject({
      path: '/api/v1/hosts/10.0.0.1',
      body: { history: true },
    });
    const none = await ppadm('edit', 'host', '--history', 'on');
    expect(none).toMatchObject({ exitCode: 2, errors: expect.stringContaining('Which host?') });
  });

  test('is deleted, each of several for itself', async () => {
    answer = ({ method, path }) => {
      if (method === 'GET') return page([host('b')]);
      return path.endsWith('/gone') ? problem(404, 'There is no host "gone".') : { status: 204 };
    };
    const { exitCode, errors } = await ppadm('delete', 'host', 'a', 'gone', 'b');
    expect(exitCode).toBe(3);
    expect(errors).toMatch(
      /^Deleted host "a".\nppadm: There is no host "gone".*\nDeleted host "b".\n$/,
    );
  });

  test('several are not tried any further without the right to', async () => {
    answer = () => problem(403, 'This needs the role admin.');
    expect(await ppadm('delete', 'host', 'a', 'b')).toMatchObject({ exitCode: 4 });
    expect(server.asked).toHaveLength(1);
  });
});

describe('what fails', () => {
  test('in several fields tells each by its option', async () => {
    answer = () =>
      problem(422, 'wrong', [
        { path: '/address', message: 'is required' },
        { path: '/suites/0', message: 'there is no suite "\x1b[2J"' },
      ]);
    expect(await ppadm('add', 'host', 'x', '--suite', 'y')).toEqual({
      exitCode: 2,
      output: '',
      errors: 'ppadm: --address: is required\nppadm: --suite: there is no suite "\\x1b[2J"\n',
    });
  });

  test.each([
    [401, 4, 'does not accept the token of PPADM_TOKEN'],
    [403, 4, 'Why. Use a token with a higher role.'],
    [409, 5, 'Why.'],
    [500, 1, 'Why.'],
    [503, 6, 'Why.'],
  ])('with %i ends with %i and says why', async (status, exitCode, words) => {
    answer = () => problem(status, 'Why.');
    const { errors, ...rest } = await ppadm('list', 'hosts');
    expect(rest).toEqual({ exitCode, output: '' });
    expect(errors).toContain(words);
    expect(errors).not.toContain('secret-token');
    expect(errors.trimEnd()).not.toContain('\n');
  });

  test.each([
    ['an answer that is no JSON', { body: '<html>' } as const, /is not ppalette/],
    ['a connection that is cut', 'cut' as const, /Cannot reach .*: the connection was cut/],
  ])('%s', async (_what, scripted, words) => {
    answer = () => scripted;
    expect(await ppadm('list', 'hosts')).toMatchObject({
      exitCode: 6,
      errors: expect.stringMatching(words),
    });
  });

  test('a server that is away', async () => {
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const { exitCode, errors } = await ppadm('list', 'hosts', '--url', url, '--token', 't');
    expect(exitCode).toBe(6);
    expect(errors).toBe(
      `ppadm: Cannot reach ${url}: connection refused. Is ppalette running there?\n`,
    );
  });

  test('a server that nobody names', async () => {
    const result = await ppadmWith({ environment: {} }, 'list', 'hosts');
    expect(result).toMatchObject({
      exitCode: 6,
      errors: expect.stringContaining('ppadm login URL'),
    });
  });

  test.each([
    [['lst'], '(Did you mean one of list, ls?)'],
    [['list', 'hostz'], 'Did you mean'],
    [['list', 'hosts', '--nonsense'], 'unknown option'],
    [['list', 'hosts', 'extra'], 'too many arguments'],
    [['list', 'hosts', '-o', 'xml'], 'Allowed choices'],
    [['add', 'plugin', 'p', '--interval', 'often'], 'duration like 30s'],
    [['add', 'host', 'a', '--name', 'b'], 'is not the name before'],
    [['edit', 'host', 'a'], 'nothing to change'],
    [['get', 'check', 'web1'], 'Give HOST and PLUGIN'],
    [['show', 'status', '-o', 'name'], 'no names'],
    [['history', 'a', 'b', '--from', 'dawn'], 'must be an instant'],
    [['login', 'localhost'], 'must be an address'],
    [[], 'Usage: ppadm'],
  ])('wrong usage: %j', async (args, words) => {
    const { exitCode, output, errors } = await ppadm(...args);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    expect(errors).toContain(words);
    expect(server.asked).toEqual([]);
  });
});

describe('a check as a plugin', () => {
  test.each([
    ['ok', 0],
    ['warning', 1],
    ['critical', 2],
    ['unknown', 3],
    ['pending', 3],
  ])('%s exits with %i', async (state, exitCode) => {
    answer = () => ({ body: check({ state }) });
    expect((await ppadm('get', 'check', 'web1', 'ping', '--exit-code')).exitCode).toBe(exitCode);
  });

  test('writes what the plugin wrote', async () => {
    answer = () => ({ body: check() });
    const { output } = await ppadm('get', 'check', 'web1', 'ping', '--exit-code');
    expect(output).toBe('PING CRITICAL - no answer | rta=5ms;1;3;0\nmore\n');
  });

  test('is unknown when it cannot be asked for', async () => {
    answer = () => problem(403, 'No.');
    expect(await ppadm('get', 'check', 'web1', 'ping', '--exit-code')).toMatchObject({
      exitCode: 3,
      output: expect.stringMatching(/^UNKNOWN - No\./),
    });
  });
});

describe('status, statistics, history', () => {
  const status = {
    version: '1.2.3',
    checks: { all: 9, active: 8, ok: 5, warning: 1, critical: 2, unknown: 0, pending: 0 },
    hosts: { all: 3, active: 2, up: 1 },
    workers: { connected: 1, all: 2 },
    problems: [
      {
        kind: 'noWorker',
        subject: 'north',
        since: '2026-11-23T09:00:00.000Z',
        text: 'No worker serves the zone north.',
      },
    ],
    checksPerSecond: 1.234,
    scheduler: { active: true, jobs: 8, requested: 7, missed: 0, lateness: 0.004 },
    database: { address: 'sqlite:x' },
    broker: { address: 'memory:' },
    statistics: { driver: 'none', problem: 'off\x1b' },
  };

  test('status', async () => {
    answer = () => ({ body: status });
    const { output } = await ppadm('show', 'status');
    expect(output).toContain('2 critical, 1 warning, 0 unknown, 0 pending, 5 ok; 8 active of 9');
    expect(output).toMatch(/^Statistics +off\\x1b$/m);
    expect(output).toMatch(/^Problem +No worker serves the zone north\. \(since .*\)$/m);
    expect(JSON.parse((await ppadm('show', 'status', '-o', 'json')).output)).toEqual(status);
  });

  test('scheduler: how it does, then its jobs', async () => {
    const job = { host: 'web1', plugin: 'ping', interval: 30, lastDue: null, nextDue: ago(-5) };
    answer = ({ path }) => (path.endsWith('/status') ? { body: status } : page([job]));
    const { output } = await ppadm('show', 'scheduler', '--host', 'web1');
    expect(output).toMatch(/^active, 8 jobs; 7 requested, 4ms late, 0 missed\n\nHOST/);
    expect(output).toMatch(/web1 +ping +30s +- +in 5 s/);
    expect(server.asked.at(-1)?.query).toMatchObject({ host: 'web1' });
    expect(JSON.parse((await ppadm('show', 'scheduler', '-o', 'json')).output)).toEqual([job]);
  });

  test('statistics of the site and of a worker', async () => {
    const last = { at: ago(5), values: { checks_ok: 5, ram_used: null } };
    const series = { start: ago(3_600), step: 60, values: { checks_ok: [1, null, 3] } };
    answer = ({ path }) => ({ body: path.endsWith('/last') ? last : series });
    const { output } = await ppadm('show', 'stats', '--period', '2h');
    expect(output).toContain('common: latest of 2026-11-23 09:59:55Z; last 2h in steps of 1m');
    expect(output).toMatch(/^checks_ok +5 +1 +3 +▁ █$/m);
    expect(output).toMatch(/^ram_used +- +- +-$/m);
    expect(server.asked.find(({ path }) => path.endsWith('/common'))?.query).toEqual({
      from: ago(7_200),
      to: ago(0),
    });
    const json = await ppadm('show', 'stats', 'violet-1', '-o', 'json');
    expect(JSON.parse(json.output)).toEqual({ last, series });
    expect(server.asked.at(-1)?.path).toContain('/stats/workers/violet-1');
  });

  test('history, part after part', async () => {
    const results = Array.from({ length: 1_500 }, (_, index) => ({
      ...{ kind: 'result', state: 'ok', output: `run ${index}`, executionTime: 0.5 },
      ...{ startedAt: ago(index), scheduledAt: ago(index) },
    }));
    answer = ({ query }) => {
      const older = results.filter(({ scheduledAt }) => scheduledAt < (query['to'] ?? '9'));
      return { body: { items: older.slice(0, Number(query['limit'])) } };
    };
    const all = await ppadm('history', 'web1', 'ping', '--limit', '5000', '-o', 'json');
    expect(JSON.parse(all.output)).toEqual(results);
    const { output } = await ppadm('history', 'web1/ping', '--limit', '2', '--from', '1h');
    expect(output).toBe(
      'STARTED               STATE  TOOK   OUTPUT\n' +
        '2026-11-23 10:00:00Z  ok     500ms  run 0\n' +
        '2026-11-23 09:59:59Z  ok     500ms  run 1\n',
    );
    expect(server.asked.at(-1)?.query).toEqual({ from: ago(3_600), limit: '2' });
  });

  test('trace, by names and by id', async () => {
    const step = (name: string, service: string, offset: number, took: number | null) => ({
      ...{ step: name, service, at: ago(-offset), offset, took },
    });
    const trace = {
      ...{ id: '12-1764000000000', host: 'web1', plugin: 'ping', worker: 'violet-1' },
      ...{ progress: 'stored', detail: 'Its result is stored.', state: 'warning' },
      steps: [step('due', 'red', 0, null), step('received', 'violet', -0.25, -0.25)],
      clockDifference: 0.25,
    };
    answer = () => ({ body: trace });
    const { output } = await ppadm('trace', 'web1', 'ping');
    expect(output).toBe(
      'web1/ping  12-1764000000000  stored, warning, by violet-1\nIts result is stored.\n\n' +
        'STEP      SERVICE  AT                        AFTER DUE  TOOK\n' +
        'due       red      2026-11-23T10:00:00.000Z  0s\n' +
        'received  violet   2026-11-23T09:59:59.750Z  -250ms     -250ms\n\n' +
        'The clocks of two services differ by 250ms at least; times across them are off by that.\n',
    );
    expect(server.asked.at(-1)?.path).toBe('/api/v1/checks/web1/ping/trace');
    const json = await ppadm('trace', '12-1764000000000', '-o', 'json');
    expect(JSON.parse(json.output)).toEqual(trace);
    expect(server.asked.at(-1)?.path).toBe('/api/v1/traces/12-1764000000000');
    answer = () => problem(404, 'There is no trace of a request "1-2".');
    expect(await ppadm('trace', '1-2')).toMatchObject({ exitCode: 3 });
  });

  test('history that is not kept says how to keep it', async () => {
    answer = () => ({ body: { items: [] } });
    const { errors } = await ppadm('history', 'web1', 'ping');
    expect(errors).toContain('ppadm edit host web1 --history on');
  });
});

describe('a login', () => {
  const input = (text: string) => ({ stream: Readable.from([text]), isTerminal: false });

  test('is tried, kept for the user alone, and used from then on', async () => {
    answer = () => ({ body: { version: '9.9' } });
    const changes = { environment: {}, input: input(' the-token \n') };
    const { exitCode, errors } = await ppadmWith(changes, 'login', `${server.url}/api/v1`);
    const file = join(folder.path, '.config', 'ppadm', 'config.json');
    expect({ exitCode, errors }).toEqual({
      exitCode: 0,
      errors: `Logged in to ppalette 9.9 at ${server.url}; kept in ${file}.\n`,
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      url: server.url,
      token: 'the-token',
    });

    answer = () => page([]);
    await ppadmWith({ environment: {} }, 'list', 'hosts');
    expect(server.asked.at(-1)?.token).toBe('the-token');
  });

  test('takes the token from a file too', async () => {
    answer = () => ({ body: { version: '9.9' } });
    await writeFile(join(folder.path, 'a.token'), 'of-file\n');
    await ppadmWith({ environment: {} }, 'login', server.url, '--token-file', 'a.token');
    expect(server.asked.at(-1)?.token).toBe('of-file');
  });

  test('that the server refuses is not kept', async () => {
    answer = () => problem(401, 'No.');
    const changes = { environment: {}, input: input('wrong') };
    expect(await ppadmWith(changes, 'login', server.url)).toMatchObject({ exitCode: 4 });
    expect(await ppadmWith({ environment: {} }, 'list', 'hosts')).toMatchObject({ exitCode: 6 });
  });
});

describe('help', () => {
  test('names every command, on the output', async () => {
    const { exitCode, output, errors } = await ppadm('--help');
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: '' });
    for (const verb of ['list', 'get', 'add', 'edit', 'delete', 'show', 'history', 'login']) {
      expect(output).toMatch(new RegExp(`^  ${verb} `, 'm'));
    }
    expect(output).toContain('Exit codes');
  });

  test.each([
    'list',
    'get',
    'add',
    'edit',
    'delete',
    'show',
    'history',
    'login',
    'list checks',
    'get check',
    'add plugin',
    'edit host',
    'delete suite',
    'show stats',
    'add subnet',
    'trace',
  ])('of %s has examples', async (words) => {
    const asked = await ppadm(...words.split(' '), '--help');
    expect(asked).toMatchObject({ exitCode: 0, output: expect.stringContaining('Examples:\n  ') });
    expect((await ppadm('help', ...words.split(' '))).output).toBe(asked.output);
  });

  test('tells the version', async () => {
    expect(await ppadm('--version')).toEqual({ exitCode: 0, output: '1.2.3\n', errors: '' });
  });
});

test('the local instance is found from its folder', async () => {
  answer = () => page([host('here')]);
  const note = { url: server.url, tokenFile: join(folder.path, 'var', 'admin.token'), pid: 1 };
  await mkdir(join(folder.path, 'var'));
  await writeFile(note.tokenFile, 'of-instance\n');
  await writeFile(join(folder.path, 'var', 'instance.json'), JSON.stringify(note));
  expect((await ppadmWith({ environment: {} }, 'list', 'hosts', '-o', 'name')).output).toBe(
    'here\n',
  );
  expect(server.asked[0]?.token).toBe('of-instance');
});
