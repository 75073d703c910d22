/** Commands of ppadm as processes against a running `ppalette up`. */

import { spawn, spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { PPADM, type PpadmRun, runPpadm, startPpalette } from '../servers/program.ts';
import {
  freePort,
  type RunningProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../servers/temp.ts';

let folder: TempFolder;
let service: RunningProcess;
let url: string;
let environment: Record<string, string>;

beforeAll(async () => {
  folder = await tempFolder();
  url = `http://127.0.0.1:${await freePort()}`;
  const listen = url.slice('http://'.length);
  const args = ['up', '--data', join(folder.path, 'var'), '--listen', listen, '--no-starter'];
  service = await startPpalette(args, { cwd: folder.path });
  environment = { PPADM_URL: url, PPADM_TOKEN_FILE: join(folder.path, 'var', 'admin.token') };
  await waitFor('the API', async () => (await fetch(`${url}/readyz`)).ok);
  await ok('add', 'suite', 's');
  await ok('add', 'plugin', 'p', '--builtin', 'dummy', '--params', '1 half', '--suite', 's');
  await ok('add', 'host', 'h', '--address', '192.0.2.1', '--suite', 's', '--history', 'on');
});
afterAll(async () => {
  await service?.stop('SIGTERM', 10_000);
  await folder?.[Symbol.asyncDispose]();
});

const ppadm = (...args: string[]): Promise<PpadmRun> =>
  runPpadm(args, { cwd: folder.path, env: environment });

async function ok(...args: string[]): Promise<PpadmRun> {
  const run = await ppadm(...args);
  expect(run.code, `ppadm ${args.join(' ')}: ${run.stderr}`).toBe(0);
  return run;
}

describe('edit', () => {
  test('at once by several adds what each of them adds', async () => {
    const suites = ['e1', 'e2', 'e3', 'e4', 'e5'];
    for (const suite of suites) await ok('add', 'suite', suite);
    await ok('add', 'host', 'edited', '--address', '192.0.2.9');
    await Promise.all(suites.map((suite) => ok('edit', 'host', 'edited', '--add-suite', suite)));
    const { stdout } = await ok('get', 'host', 'edited', '-o', 'json');
    expect(JSON.parse(stdout).suites.toSorted()).toEqual(suites);
    await ok('delete', 'host', 'edited');
    for (const suite of suites) await ok('delete', 'suite', suite);
  });
});

describe('run check', () => {
  test('says what it requested, and with --wait shows the result', async () => {
    expect((await ok('run', 'check', 'h', 'p')).stderr).toContain('Requested h/p');
    expect((await ok('run', 'check', 'h/p', '--wait')).stdout).toMatch(/state +warning/);
  });

  test('with --exit-code is a plugin', async () => {
    const run = await ppadm('run', 'check', 'h', 'p', '--exit-code');
    expect([run.code, run.stdout]).toEqual([1, expect.stringContaining('half')]);
    const absent = await ppadm('run', 'check', 'h', 'absent', '--exit-code');
    expect([absent.code, absent.stdout]).toEqual([3, expect.stringMatching(/^UNKNOWN - /)]);
  });

  test('of a check that is not there names those that are near', async () => {
    const run = await ppadm('run', 'check', 'h', 'pp');
    expect([run.code, run.stderr]).toEqual([3, expect.stringContaining('h/p')]);
  });

  test('in maintenance is a conflict', async () => {
    await ok('add', 'host', 'm', '--address', '192.0.2.2', '--suite', 's', '--maintenance', 'on');
    const run = await ppadm('run', 'check', 'm', 'p');
    expect([run.code, run.stderr]).toEqual([5, expect.stringContaining('maintenance')]);
    const deleted = await ok('delete', 'host', 'm');
    expect(deleted.stderr).toContain('Deleted host "m" and its 1 check.');
  });
});

test('run discovery --wait shows what was found', async () => {
  await ok('add', 'subnet', 'loop', '--cidr', '127.0.9.0/30', '--suite', 's');
  const run = await ok('run', 'discovery', 'loop', '--wait');
  expect(run.stdout).toMatch(/state +done/);
  expect((await ok('list', 'discoveries', '--subnet', 'loop', '-o', 'json')).stdout).toContain(
    '"done"',
  );
  expect((await ppadm('run', 'discovery', 'lop')).stderr).toContain('loop');
});

describe('submit', () => {
  test('takes a result in the line, and any text as it is', async () => {
    const text = `it's "$(touch x)" \u00fc | a=1`;
    const run = await ok('submit', 'h', 'p', '2', text, '--wait');
    expect(run.stdout).toMatch(/state +critical/);
    expect(run.stdout).toContain(`it's "$(touch x)" \u00fc`);
  });

  test('takes a file of results, and says which lines were refused', async () => {
    const line = (plugin: string) =>
      JSON.stringify({ host: 'h', plugin, exitCode: 0, output: 'from a file' });
    const file = join(folder.path, 'results.ndjson');
    await writeFile(file, `${line('p')}\n${line('p')}\n`);
    expect((await ok('submit', '-f', file)).stderr).toContain('Submitted 2 results.');
    await writeFile(file, `${line('p')}\n${line('absent')}\n`);
    const refused = await ppadm('submit', '-f', file);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('Nothing of lines 1 to 2 was taken');
    expect(refused.stderr).toContain('/1: there is no check "h absent"');
  });

  test.each([
    [['submit', 'h', 'p', 'x', 'text'], 2],
    [['submit', 'h', 'p', '0'], 2],
    [['submit', 'h', 'nothing', '0', 'text'], 3],
    [['submit', '-f', '/nonexistent'], 2],
    [['submit', 'h', 'p', '0', 'text', '--at', 'soon'], 2],
  ])('%j ends with %i', async (args, code) => {
    expect((await ppadm(...args)).code).toBe(code);
  });
});

test('tokens are made, listed and revoked; the secret is alone on the output', async () => {
  const created = await ok('token', 'create', 'reader', '--role', 'viewer', '--expires', '1d');
  expect(created.stdout).toMatch(/^pp_\S+\n$/);
  const secret = created.stdout.trim();
  const asReader = (...args: string[]) =>
    runPpadm(args, { cwd: folder.path, env: { ...environment, PPADM_TOKEN: secret } });
  expect((await asReader('list', 'hosts')).code).toBe(0);
  expect((await asReader('delete', 'host', 'h')).code).toBe(4);
  expect((await ok('token', 'list')).stdout).toMatch(/reader +viewer/);
  await ok('token', 'revoke', 'reader');
  const refused = await asReader('list', 'hosts');
  expect([refused.code, refused.stderr.includes(secret)]).toEqual([4, false]);
});

test('the audit tells who changed what', async () => {
  await ok('edit', 'host', 'h', '--login', 'ops');
  const { stdout } = await ok('audit', '--name', 'h', '--limit', '1');
  expect(stdout).toMatch(/change host h\n +- login: "violet"\n +\+ login: "ops"/);
});

describe('export and apply', () => {
  const file = () => join(folder.path, 'site.yaml');

  test('what was exported is what is there', async () => {
    const exported = (await ok('export')).stdout;
    const titles = parseAllDocuments(exported).map((document) => document.toJS().kind);
    expect(new Set(titles)).toEqual(new Set(['Suite', 'Plugin', 'Subnet', 'Host']));
    await writeFile(file(), exported);
    const run = await ok('apply', '-f', file(), '--dry-run', '--exit-code');
    expect(run.stderr).toContain('Nothing to change.');
  });

  test('a change is shown, made once, and only then', async () => {
    const text = `
kind: Suite
metadata: { name: applied }
---
kind: Plugin
metadata: { name: applied }
spec: { builtin: dummy, params: '0', suites: [applied] }
---
kind: Host
metadata: { name: applied }
spec: { address: 192.0.2.50, suites: [applied], labels: { team: ops } }
`;
    await writeFile(file(), text);
    const dry = await ppadm('apply', '-f', file(), '--dry-run', '--exit-code');
    expect([dry.code, dry.stdout]).toEqual([1, expect.stringContaining('+ host applied')]);
    expect((await ppadm('get', 'host', 'applied')).code).toBe(3);
    expect((await ok('apply', '-f', file())).stderr).toContain('3 created, 0 changed, 0 deleted.');
    expect((await ok('get', 'check', 'applied', 'applied')).code).toBe(0);
    expect((await ok('apply', '-f', file())).stderr).toContain('Nothing to change.');
    await writeFile(file(), text.replace('team: ops', 'team: dev'));
    const changed = await ok('apply', '-f', file());
    expect(changed.stdout).toContain('~ host applied');
    expect(changed.stdout).toContain('- labels: {"team":"ops"}');
    expect(changed.stdout).toContain('+ labels: {"team":"dev"}');
  });

  test('one bad document and nothing changes; every fault is told by file and line', async () => {
    const text = `kind: Suite
metadata: { name: never }
---
kind: Host
metadata: { name: never }
spec:
  address: 192.0.2.60
  colour: red
---
kind: Hots
metadata: { name: x }
`;
    await writeFile(file(), text);
    const run = await ppadm('apply', '-f', file());
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('site.yaml:8: colour is not a field of a host');
    expect(run.stderr).toContain(
      'site.yaml:10: kind must be one of Timeperiod, Suite, Plugin, Subnet, Host, Dependency',
    );
    await writeFile(
      file(),
      text.split('---').slice(0, 2).join('---').replace('colour: red', 'suites: [absent]'),
    );
    const refused = await ppadm('apply', '-f', file());
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/site\.yaml:8: host "never": there is no suite "absent"/);
    expect(refused.stderr).toContain('Nothing was changed.');
    expect((await ppadm('get', 'suite', 'never')).code).toBe(3);
  });

  test('documents that contradict each other are refused, naming both', async () => {
    await writeFile(
      file(),
      `kind: Suite
metadata: { name: s }
spec: { hosts: [] }
---
kind: Host
metadata: { name: h }
spec: { address: 192.0.2.1, suites: [s] }
`,
    );
    const run = await ppadm('apply', '-f', file());
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/site\.yaml:7: .*:3 leaves/)]);
  });

  test('--prune deletes what is no longer named, and only when it is said', async () => {
    const documents = JSON.parse((await ok('export', '--kind', 'host', '-o', 'json')).stdout);
    const kept = documents.filter(
      ({ metadata }: { metadata: { name: string } }) => metadata.name !== 'applied',
    );
    await writeFile(file(), kept.map((one: object) => JSON.stringify(one)).join('\n---\n'));
    const asked = await ppadm('apply', '-f', file(), '--prune');
    expect([asked.code, asked.stdout]).toEqual([2, expect.stringContaining('- host applied')]);
    expect((await ok('get', 'host', 'applied')).code).toBe(0);
    await ok('apply', '-f', file(), '--prune', '--yes');
    expect((await ppadm('get', 'host', 'applied')).code).toBe(3);
    expect(parse((await ok('get', 'plugin', 'applied', '-o', 'yaml')).stdout).name).toBe('applied');
  });
});

test('watch prints a line for each event where there is no terminal', async () => {
  const child = spawn(process.execPath, [PPADM, 'watch', '--type', 'stateChange'], {
    cwd: folder.path,
    env: { ...process.env, HOME: folder.path, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (part) => {
    output += part;
  });
  try {
    let code = 0;
    await waitFor('a line', async () => {
      code = 2 - code;
      await ok('submit', 'h', 'p', String(code), 'watched', '--wait');
      return /h\/p {2}\w+ -> \w+ {2}watched\n/.test(output);
    });
  } finally {
    child.kill('SIGTERM');
  }
});

describe('completion', () => {
  const complete = async (...words: string[]) =>
    (await ok('complete', '--', ...words)).stdout.split('\n').filter((line) => line !== '');
  /** Names of the server are left out when it is slow to answer, as on a busy machine. */
  const named = (...words: string[]) => expect.poll(() => complete(...words), { timeout: 20_000 });

  test('knows verbs, kinds, options, their values, and names of the server', async () => {
    expect(await complete('li')).toEqual(['list']);
    expect(await complete('list', 'ho')).toEqual(['hosts']);
    expect(await complete('list', 'checks', '--pro')).toEqual(['--problem']);
    expect(await complete('edit', 'host', 'h', '--maintenance', '')).toEqual(['on', 'off']);
    expect(await complete('token', 'create', 'x', '--role', 'v')).toEqual(['viewer']);
    await named('get', 'suite', '').toContain('applied');
    await named('run', 'discovery', 'lo').toEqual(['loop']);
    await named('run', 'check', '').toContain('h');
    await named('list', 'checks', '--suite', 's').toEqual(['s']);
    expect(await complete('add', 'plugin', 'p', '--builtin', 't')).toEqual(['tcp', 'tls']);
    expect(await complete('list', 'plugins', '--builtin', 'p')).toEqual(['ping']);
    expect(await complete('')).not.toContain('complete');
  });

  test('is silent and quick when there is no server', async () => {
    const env = { PPADM_URL: 'http://127.0.0.1:9', PPADM_TOKEN: 'x' };
    const run = await runPpadm(['complete', '--', 'get', 'host', ''], { cwd: folder.path, env });
    expect(run).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('works in bash', async () => {
    const bin = join(folder.path, 'bin');
    await mkdir(bin, { recursive: true });
    await symlink(PPADM, join(bin, 'ppadm'));
    const script = (await ok('completion', 'bash')).stdout;
    const ask = `${script}
COMP_WORDS=(ppadm get plugin ap); COMP_CWORD=3; _ppadm; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const complete = () =>
      spawnSync('bash', ['-c', ask], {
        cwd: folder.path,
        env: { HOME: folder.path, PATH: `${bin}:${process.env['PATH']}`, ...environment },
        encoding: 'utf8',
      }).stdout.trim();
    await expect.poll(complete, { timeout: 20_000 }).toBe('applied');
  });

  test.each(['zsh', 'fish'])('is written for %s', async (shell) => {
    expect((await ok('completion', shell)).stdout).toContain('ppadm complete --');
    expect((await ppadm('completion', 'tcsh')).code).toBe(2);
  });
});
