import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { NOW } from '../../test/cli/ppadm-surroundings.ts';
import { page, problem, useScriptedPpadm } from '../../test/cli/scripted-ppadm.ts';
import { formatInstant } from '../lib/instant.ts';

const cli = useScriptedPpadm();

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

describe('a list', () => {
  test('is a plain table where there is no terminal', async () => {
    cli.answer = () =>
      page([check(), check({ plugin: 'a-long-plugin', state: 'ok', output: 'x'.repeat(99) })]);
    expect(await cli.ppadm('list', 'checks')).toEqual({
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
    cli.answer = () => page([check()]);
    const { output } = await cli.onTerminal(52, {}, 'list', 'checks');
    expect(output).toContain('\x1b[31mcritical\x1b[39m');
    expect(output.split('\n')[1]).toMatch(/PING CRI…$/);
    const plain = await cli.onTerminal(52, { NO_COLOR: '1' }, 'list', 'checks');
    expect(plain.output).not.toContain('\x1b');
    for (const line of plain.output.split('\n')) expect(line.length).toBeLessThanOrEqual(52);
  });

  test('follows the pages, up to the limit', async () => {
    cli.answer = ({ query }) => {
      const start = Number(query['cursor'] ?? 0);
      const end = Math.min(start + Number(query['limit']), 5);
      const items = ['a', 'b', 'c', 'd', 'e'].slice(start, end).map(host);
      return page(items, { total: 5, nextCursor: end < 5 ? String(end) : null });
    };
    expect((await cli.ppadm('list', 'hosts', '-o', 'name', '--page-size', '2')).output).toBe(
      'a\nb\nc\nd\ne\n',
    );
    expect(cli.server.asked.map(({ query }) => query)).toEqual([
      { limit: '2' },
      { limit: '2', cursor: '2' },
      { limit: '2', cursor: '4' },
    ]);
    const cut = await cli.ppadm('list', 'hosts', '-o', 'name', '--page-size', '2', '--limit', '3');
    expect(cut).toEqual({
      exitCode: 0,
      output: 'a\nb\nc\n',
      errors: 'These are 3 of 5; --limit shows more.\n',
    });
  });

  test('goes on after a page that happens to be empty, and ends with a server that turns in circles', async () => {
    cli.answer = ({ query }) =>
      query['cursor'] === undefined
        ? page([], { total: 1, nextCursor: 'x' })
        : page([host('a')], { total: 9, nextCursor: 'x' });
    expect((await cli.ppadm('list', 'hosts', '-o', 'name')).output).toBe('a\n');
  });

  test('is the array of objects in JSON and YAML, whatever is in them', async () => {
    const items = [check({ output: 'a\x1b[2J\u202e' })];
    cli.answer = () => page(items);
    const json = await cli.ppadm('list', 'checks', '-o', 'json');
    expect(JSON.parse(json.output)).toEqual(items);
    const yaml = await cli.ppadm('-o', 'yaml', 'list', 'checks');
    expect(parse(yaml.output)).toEqual(items);
    for (const { output } of [json, yaml]) expect(output).not.toMatch(/[\x1b\u202e]/);
  });

  test('never writes what a terminal would do', async () => {
    const hostile = '\x1b]0;x\x07\x1b[2J\u202e\x9b31m\r';
    cli.answer = () => page([check({ host: hostile, output: hostile })]);
    for (const format of ['table', 'wide', 'name']) {
      const { output } = await cli.ppadm('list', 'checks', '-o', format);
      expect(output).toContain('\\x1b]0;x\\x07\\x1b[2J\\u202e\\x9b31m\\x0d');
      expect(output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    }
  });

  test('that is empty says so in words, and is no table', async () => {
    cli.answer = () => page([]);
    expect(await cli.ppadm('list', 'hosts')).toEqual({
      exitCode: 0,
      output: '',
      errors: 'There are no such hosts.\n',
    });
    expect((await cli.ppadm('list', 'hosts', '-o', 'json')).output).toBe('[]\n');
  });

  test('that is empty for a name that is not there says which are near', async () => {
    cli.answer = ({ path }) => {
      if (path.endsWith('/checks')) return page([]);
      return path.endsWith('/hosts') ? page([host('web1')]) : problem(404, 'none');
    };
    expect(await cli.ppadm('list', 'checks', '--host', 'wbe1')).toEqual({
      exitCode: 0,
      output: '',
      errors: 'There are no such checks.\nThere is no host "wbe1". Did you mean "web1"?\n',
    });
  });

  test('of workers takes no page, and asks as whom it was told', async () => {
    cli.answer = () => page([{ id: 'violet-1', status: 'lost', zones: ['a', 'b'] }]);
    expect((await cli.ppadm('list', 'workers')).output).toContain('violet-1');
    expect(cli.server.asked[0]).toMatchObject({
      path: '/api/v1/workers',
      query: {},
      token: 'secret-token',
    });
  });
});

describe('an object', () => {
  test('is shown field by field', async () => {
    cli.answer = () => ({ body: check({ output: 'a\x1bb', scheduledAt: ago(15) }) });
    const { output } = await cli.ppadm('get', 'check', 'web1', 'ping');
    expect(output).toMatch(/^state +critical$/m);
    expect(output).toMatch(/^output +a\\x1bb$/m);
    expect(output).toMatch(/^perfdata +rta=5ms;1;3;0$/m);
    expect(output).toMatch(/^scheduledAt +2026-11-23T09:59:45.000Z \(15 s ago\)$/m);
    expect(output).toMatch(/^nextDue +2026-11-23T10:00:18.000Z \(in 18 s\)$/m);
    expect(cli.server.asked[0]?.path).toBe('/api/v1/checks/web1/ping');
  });

  test('is found by any name, even one that looks like a path', async () => {
    cli.answer = () => ({ body: host('a') });
    await cli.ppadm('get', 'host', '../a?b=c');
    expect(cli.server.asked[0]?.path).toBe('/api/v1/hosts/..%2Fa%3Fb%3Dc');
    await cli.ppadm('get', 'check', 'web1/ping');
    expect(cli.server.asked[1]?.path).toBe('/api/v1/checks/web1/ping');
    await cli.ppadm('get', 'host', '--ipaddress', '10.0.0.1');
    expect(cli.server.asked[2]?.path).toBe('/api/v1/hosts/10.0.0.1');
  });

  test('that is not there: near names', async () => {
    cli.answer = ({ path }) =>
      path === '/api/v1/hosts'
        ? page(['web1', 'db1'].map(host))
        : problem(404, 'There is no host.');
    expect(await cli.ppadm('get', 'host', 'wbe1')).toEqual({
      exitCode: 3,
      output: '',
      errors: 'ppadm: There is no host "wbe1". Did you mean "web1"?\n',
    });
    expect((await cli.ppadm('get', 'host', 'other')).errors).toContain(
      '"ppadm list hosts" shows all.',
    );
  });

  test('that is there, while something of it is missing: the reason', async () => {
    cli.answer = ({ path }) =>
      path === '/api/v1/workers'
        ? page([{ id: 'violet-1' }])
        : problem(404, 'There is no statistics file "violet-1".');
    expect(await cli.ppadm('show', 'stats', 'violet-1')).toMatchObject({
      exitCode: 3,
      errors: 'ppadm: There is no statistics file "violet-1".\n',
    });
  });

  test('is added with the fields that were given', async () => {
    cli.answer = ({ body }) => ({ status: 201, body });
    expect(
      await cli.ppadm('add', 'host', 'web1', '--address', '10.0.0.1', '--suite', 'a,b'),
    ).toEqual({
      exitCode: 0,
      output: '',
      errors: 'Added host "web1".\n',
    });
    expect(cli.server.asked[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/hosts',
      body: { name: 'web1', address: '10.0.0.1', suites: ['a', 'b'] },
    });
    expect((await cli.ppadm('add', 'suite', 's', '-o', 'json')).output).toBe(
      '{\n  "name": "s"\n}\n',
    );
    expect((await cli.ppadm('add', 'suite', '--name', 's', '-o', 'name')).output).toBe('s\n');
  });

  test('is changed in the fields that were given', async () => {
    cli.answer = () => ({ body: host('web1') });
    await cli.ppadm('edit', 'host', 'web1', '--maintenance', 'on', '--label', 'a-');
    expect(cli.server.asked).toMatchObject([
      {
        method: 'PATCH',
        path: '/api/v1/hosts/web1',
        body: { maintenance: true, labels: { a: null } },
      },
    ]);
    await cli.ppadm('edit', 'host', 'web1', '--add-suite', 'web', '--name', 'web2');
    expect(cli.server.asked.slice(1)).toMatchObject([
      { method: 'GET' },
      { method: 'PATCH', body: { suites: ['base', 'web'], name: 'web2' } },
    ]);
  });

  test('is told by its option where no name is given, which does not change it', async () => {
    cli.answer = () => ({ body: host('web1') });
    await cli.ppadm('edit', 'host', '--ipaddress', '10.0.0.1', '--history', 'on');
    expect(cli.server.asked[0]).toMatchObject({
      path: '/api/v1/hosts/10.0.0.1',
      body: { history: true },
    });
    const none = await cli.ppadm('edit', 'host', '--history', 'on');
    expect(none).toMatchObject({ exitCode: 2, errors: expect.stringContaining('Which host?') });
  });

  test('is deleted, each of several for itself', async () => {
    cli.answer = ({ method, path }) => {
      if (method === 'GET') return page([host('b')]);
      return path.endsWith('/gone') ? problem(404, 'There is no host "gone".') : { status: 204 };
    };
    const { exitCode, errors } = await cli.ppadm('delete', 'host', 'a', 'gone', 'b');
    expect(exitCode).toBe(3);
    expect(errors).toMatch(
      /^Deleted host "a".\nppadm: There is no host "gone".*\nDeleted host "b".\n$/,
    );
  });

  test('several are not tried any further without the right to', async () => {
    cli.answer = () => problem(403, 'This needs the role admin.');
    expect(await cli.ppadm('delete', 'host', 'a', 'b')).toMatchObject({ exitCode: 4 });
    expect(cli.server.asked).toHaveLength(1);
  });
});

describe('what fails', () => {
  test('in several fields tells each by its option', async () => {
    cli.answer = () =>
      problem(422, 'wrong', [
        { path: '/address', message: 'is required' },
        { path: '/suites/0', message: 'there is no suite "\x1b[2J"' },
      ]);
    expect(await cli.ppadm('add', 'host', 'x', '--suite', 'y')).toEqual({
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
    cli.answer = () => problem(status, 'Why.');
    const { errors, ...rest } = await cli.ppadm('list', 'hosts');
    expect(rest).toEqual({ exitCode, output: '' });
    expect(errors).toContain(words);
    expect(errors).not.toContain('secret-token');
    expect(errors.trimEnd()).not.toContain('\n');
  });

  test.each([
    ['an answer that is no JSON', { body: '<html>' } as const, /is not ppalette/],
    ['an answer from elsewhere', { status: 302 } as const, /it answers at another address/],
    ['a connection that is cut', 'cut' as const, /Cannot reach .*: the connection was cut/],
  ])('%s', async (_what, scripted, words) => {
    cli.answer = () => scripted;
    expect(await cli.ppadm('list', 'hosts')).toMatchObject({
      exitCode: 6,
      errors: expect.stringMatching(words),
    });
  });

  test('a server that is away', async () => {
    const { url } = cli.server;
    await cli.server[Symbol.asyncDispose]();
    const { exitCode, errors } = await cli.ppadm('list', 'hosts', '--url', url);
    expect(exitCode).toBe(6);
    expect(errors).toBe(
      `ppadm: Cannot reach ${url}: connection refused. Is ppalette running there?\n`,
    );
  });

  test('a server that nobody names', async () => {
    const result = await cli.ppadmWith({ environment: {} }, 'list', 'hosts');
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
    const { exitCode, output, errors } = await cli.ppadm(...args);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    expect(errors).toContain(words);
    expect(cli.server.asked).toEqual([]);
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
    cli.answer = () => ({ body: check({ state }) });
    expect((await cli.ppadm('get', 'check', 'web1', 'ping', '--exit-code')).exitCode).toBe(
      exitCode,
    );
  });

  test('writes what the plugin wrote', async () => {
    cli.answer = () => ({ body: check() });
    const { output } = await cli.ppadm('get', 'check', 'web1', 'ping', '--exit-code');
    expect(output).toBe('PING CRITICAL - no answer | rta=5ms;1;3;0\nmore\n');
  });

  test('is unknown when it cannot be asked for', async () => {
    cli.answer = () => problem(403, 'No.');
    expect(await cli.ppadm('get', 'check', 'web1', 'ping', '--exit-code')).toMatchObject({
      exitCode: 3,
      output: expect.stringMatching(/^UNKNOWN - No\./),
    });
  });
});

describe('a login', () => {
  const input = (text: string) => ({ stream: Readable.from([text]), isTerminal: false });

  test('is tried, kept for the user alone, and used from then on', async () => {
    cli.answer = () => ({ body: { version: '9.9' } });
    const changes = { environment: {}, input: input(' the-token \n') };
    const { exitCode, errors } = await cli.ppadmWith(changes, 'login', `${cli.server.url}/api/v1`);
    const file = join(cli.folder.path, '.config', 'ppadm', 'config.json');
    expect({ exitCode, errors }).toEqual({
      exitCode: 0,
      errors: `Logged in to ppalette 9.9 at ${cli.server.url}; kept in ${file}.\n`,
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      url: cli.server.url,
      token: 'the-token',
    });

    cli.answer = () => page([]);
    await cli.ppadmWith({ environment: {} }, 'list', 'hosts');
    expect(cli.server.asked.at(-1)?.token).toBe('the-token');
  });

  test('takes the token from the first line of the input too', async () => {
    cli.answer = () => ({ body: { version: '9.9' } });
    const changes = { environment: {}, input: input('of-input\nand what else a safe prints\n') };
    await cli.ppadmWith(changes, 'login', cli.server.url, '--token', '-');
    expect(cli.server.asked.at(-1)?.token).toBe('of-input');
  });

  test('takes the token from a file too', async () => {
    cli.answer = () => ({ body: { version: '9.9' } });
    await writeFile(join(cli.folder.path, 'a.token'), 'of-file\n');
    await cli.ppadmWith({ environment: {} }, 'login', cli.server.url, '--token-file', 'a.token');
    expect(cli.server.asked.at(-1)?.token).toBe('of-file');
  });

  test('that the server refuses is not kept', async () => {
    cli.answer = () => problem(401, 'No.');
    const changes = { environment: {}, input: input('wrong') };
    expect(await cli.ppadmWith(changes, 'login', cli.server.url)).toMatchObject({ exitCode: 4 });
    expect(await cli.ppadmWith({ environment: {} }, 'list', 'hosts')).toMatchObject({
      exitCode: 6,
    });
  });
});

describe('help', () => {
  test('names every command, on the output', async () => {
    const { exitCode, output, errors } = await cli.ppadm('--help');
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
    const asked = await cli.ppadm(...words.split(' '), '--help');
    expect(asked).toMatchObject({ exitCode: 0, output: expect.stringContaining('Examples:\n  ') });
    expect((await cli.ppadm('help', ...words.split(' '))).output).toBe(asked.output);
  });

  test('tells the version', async () => {
    expect(await cli.ppadm('--version')).toEqual({ exitCode: 0, output: '1.2.3\n', errors: '' });
  });
});

test('the local instance is found from its folder', async () => {
  cli.answer = () => page([host('here')]);
  const note = {
    url: cli.server.url,
    tokenFile: join(cli.folder.path, 'var', 'admin.token'),
    pid: 1,
  };
  await mkdir(join(cli.folder.path, 'var'));
  await writeFile(note.tokenFile, 'of-instance\n');
  await writeFile(join(cli.folder.path, 'var', 'instance.json'), JSON.stringify(note));
  expect((await cli.ppadmWith({ environment: {} }, 'list', 'hosts', '-o', 'name')).output).toBe(
    'here\n',
  );
  expect(cli.server.asked[0]?.token).toBe('of-instance');
});
