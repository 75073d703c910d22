import { symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestIcmp } from '../../test/icmp.ts';
import { openTestSsh } from '../../test/remote.ts';
import { freePort, type TempFolder, tempFolder } from '../../test/servers/temp.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import type { CheckRequest } from '../messages/check-request.ts';
import { BUILTIN_NAMES } from '../model/builtins.ts';
import { Unavailable } from '../model/errors.ts';
import { createExecute, type Execute } from './execute.ts';
import { openChildProcessExecutor } from './executor/child-process.ts';
import type { Executor } from './executor/executor.ts';
import { openPluginFolders } from './plugins/plugin-folder.ts';

const FIXTURES = join(import.meta.dirname, '../../test/fixtures/plugins');
const CONTEXT = { clock: systemClock, log: silentLog() };

let temp: TempFolder;
let executor: Executor;
let execute: Execute;

beforeAll(async () => {
  temp = await tempFolder();
  await symlink('/bin/sh', join(temp.path, 'check_shell'));
  executor = openChildProcessExecutor(CONTEXT);
  execute = createExecute({
    executor,
    ssh: openTestSsh(),
    pluginFolders: await openPluginFolders([FIXTURES, temp.path], CONTEXT),
    userMacros: { USER1: '/plugins', USER2: 'my secret' },
    environment: { PATH: '/usr/bin:/bin', LANG: 'C' },
    maxOutputBytes: 4_000_000,
    icmp: openTestIcmp(null),
    ...CONTEXT,
  });
});

afterAll(async () => {
  await executor.close();
  await temp[Symbol.asyncDispose]();
});

test('probes that need a program start a bounded number of them at a time', async () => {
  const bound = 32;
  let running = 0;
  let peak = 0;
  let open = () => {};
  const isFull = new Promise<void>((resolve) => {
    open = resolve;
  });
  const counting: Executor = {
    ...executor,
    async run(command) {
      running++;
      peak = Math.max(peak, running);
      if (running === bound) open();
      await isFull;
      try {
        return await executor.run(command);
      } finally {
        running--;
      }
    },
  };
  // Without sockets for ICMP every echo is a program's.
  await symlink('/bin/true', join(temp.path, 'fping'));
  const own = createExecute({
    ...{ executor: counting, ssh: openTestSsh(), icmp: openTestIcmp(null), ...CONTEXT },
    ...{ userMacros: {}, environment: { PATH: temp.path }, maxOutputBytes: 1_024 },
    pluginFolders: await openPluginFolders([FIXTURES], CONTEXT),
  });
  const ping = requestFor({ builtin: 'ping' }, '-w 1,1% -c 1,1% -p 1');
  const outcomes = await Promise.all(Array.from({ length: bound + 8 }, () => own(ping)));
  expect(outcomes).toHaveLength(bound + 8);
  expect(peak).toBe(bound);
});

test('a fault of a probe is its outcome, and logged', async () => {
  const lines: string[] = [];
  const own = createExecute({
    ...{ executor, ssh: openTestSsh(), icmp: openTestIcmp(null), clock: systemClock },
    ...{ userMacros: { USER2: 'my secret' }, environment: {}, maxOutputBytes: 1_024 },
    pluginFolders: await openPluginFolders([], CONTEXT),
    startServiceProbe: ({ args }) => ({
      outcome: Promise.reject(new Error(`cannot read ${args}`)),
      stop: () => undefined,
    }),
    log: pino({}, { write: (line: string) => lines.push(line) }),
  });
  expect(await own(requestFor({ builtin: 'tcp' }, '-s $USER2$'))).toEqual({
    ...{ kind: 'notStarted', why: 'refused' },
    detail: 'Probe tcp has a fault, please report it: cannot read -s,******.',
  });
  expect(lines).toEqual([expect.stringMatching(/"fault":"Error: cannot read -s,\*{6}\\n +at /)]);
});

function requestFor(
  run: CheckRequest['run'],
  params = '',
  changes: Partial<CheckRequest> = {},
): CheckRequest {
  return {
    ...{ id: 'request', checkId: 1, scheduledAt: 0, expiresAt: 0, shard: 0, keepHistory: false },
    ...{ timeoutMs: 5_000, run, params, plugin: { name: 'my plugin' } },
    host: { name: 'web1', address: '192.0.2.1', vars: { port: '8080', 'x y': 'both' } },
    ...changes,
  };
}

/** The arguments that a plugin received, byte by byte. */
async function receive(params: string, vars: Readonly<Record<string, string>> = {}) {
  const host = { name: 'web1', address: '192.0.2.1', vars };
  const outcome = await execute(requestFor({ script: 'check_argv' }, params, { host }));
  if (outcome.kind !== 'exited') throw new Error(JSON.stringify(outcome));
  return outcome.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line, 'hex').toString());
}

describe('a script', () => {
  test('gets its params split, with macros replaced', async () => {
    const params = `-H $HOSTADDRESS$ '-n $HOSTNAME$' $_HOSTPORT$ "$USER1$/$USER2$" $NONE$ $$5`;
    expect(await receive(params, { port: '8080' })).toEqual([
      ...['-H', '192.0.2.1', '-n web1', '8080', '/plugins/my secret', '$NONE$', '$5'],
    ]);
  });

  test.each([
    ...[';id>C', '$(id)', '`id`', 'a\nb', 'a\r\nb', '|', '&', '>', "'", '"', '\\', '\\"', "a'b"],
    ...[
      '$' + '{IFS}',
      '\u2028',
      '--',
      '-w',
      '-oProxyCommand=touch C',
      '',
      ' ',
      '\t',
      '*',
      '~',
      '#',
    ],
    ...['!', '$', '$$', '$HOSTNAME$', '$USER2$', '%s', '😀', '\u202e', '\x1b[2J', '\ufeff', '{}'],
    'x'.repeat(100_000),
  ])('gets the value %j as one argument, as it is', async (value) => {
    expect(await receive('-a $_HOSTX$ "$_HOSTX$ y" -z', { x: value })).toEqual([
      ...['-a', value, `${value} y`, '-z'],
    ]);
  });

  test('is refused a value with NUL, which no argument can carry', async () => {
    const host = { name: 'web1', address: '192.0.2.1', vars: { x: 'a\0b' } };
    const request = requestFor({ script: 'check_argv' }, '$_HOSTX$', { host });
    expect(await execute(request)).toMatchObject({
      ...{ kind: 'notStarted', why: 'refused', detail: expect.stringContaining('NUL') },
    });
  });

  test('sees the given environment only', async () => {
    const outcome = await execute(requestFor({ script: 'check_surroundings' }));
    const [path, lang, folder] = 'stdout' in outcome ? outcome.stdout.split('\n') : [];
    expect([path, lang, folder].sort()).toEqual(['LANG=C', 'PATH=/usr/bin:/bin', 'folder: /']);
  });

  test('that is nowhere, or not to be run, is not started', async () => {
    for (const [script, why] of [
      ['check_absent', 'missing'],
      ['check_not_executable', 'notExecutable'],
      ['check_shell', 'refused'],
      ['../plugins/check_silent', 'refused'],
      ['/bin/sh', 'refused'],
    ] as const) {
      expect(await execute(requestFor({ script }))).toMatchObject({ kind: 'notStarted', why });
    }
  });

  test('with a quote that is not closed is refused, and the text does not show the params', async () => {
    const outcome = await execute(requestFor({ script: 'check_argv' }, "-p 'secret"));
    expect(outcome).toEqual({
      ...{ kind: 'notStarted', why: 'refused' },
      detail:
        "The params of plugin my plugin cannot be split: the quote ' at character 4 is not closed.",
    });
  });

  test('times out', async () => {
    const request = requestFor({ script: 'check_hang' }, '', { timeoutMs: 300 });
    expect(await execute(request)).toMatchObject({ kind: 'timedOut', timeoutMs: 300 });
  });

  test('is killed when nobody wants the result any more', async () => {
    const abort = new AbortController();
    const running = execute(requestFor({ script: 'check_hang' }), abort.signal);
    const refused = expect(running).rejects.toThrow(Unavailable);
    abort.abort();
    await refused;
  });
});

describe('a built-in probe', () => {
  test('gets its params split, with macros replaced', async () => {
    const request = requestFor({ builtin: 'dummy' }, `1 "$HOSTNAME$ $USER2$"`);
    expect(await execute(request)).toEqual({
      ...{ kind: 'exited', exitCode: 1, stdout: 'WARNING: web1 ******\n' },
      ...{ stderr: '', truncated: false },
    });
  });

  test('probes the address of the host', async () => {
    const port = await freePort();
    const host = { name: 'web1', address: '127.0.0.1', vars: {} };
    const outcome = await execute(requestFor({ builtin: 'tcp' }, `-p ${port}`, { host }));
    expect(outcome).toMatchObject({
      ...{ exitCode: 2, stdout: expect.stringContaining(`127.0.0.1 and port ${port}`) },
    });
  });

  test.each(['htpp', 'constructor', '__proto__', ''])(
    '%j is refused with those there are',
    async (builtin) => {
      expect(await execute(requestFor({ builtin }))).toEqual({
        ...{ kind: 'notStarted', why: 'refused' },
        detail: `There is no built-in probe "${builtin}": this violet has ${BUILTIN_NAMES.join(', ')}.`,
      });
    },
  );

  test('times out, or ends when nobody wants the result any more', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const host = { name: 'web1', address: '127.0.0.1', vars: {} };
    const changes = { host, timeoutMs: 200 };
    const request = requestFor({ builtin: 'tcp' }, `-p ${port} -e never`, changes);
    expect(await execute(request)).toEqual({ kind: 'timedOut', timeoutMs: 200, stdout: '' });
    const running = execute({ ...request, timeoutMs: 5_000 }, AbortSignal.timeout(50));
    await expect(running).rejects.toThrow(Unavailable);
    server.close();
  });
});
