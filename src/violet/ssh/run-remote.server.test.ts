/** Checks over ssh against OpenSSH's own server, each as violet runs them. */

import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../../../scripts/programs.mjs';
import { openTestIcmp } from '../../../test/icmp.ts';
import { processesOfGroup } from '../../../test/process-group.ts';
import { openTestSsh, type SshTestSettings } from '../../../test/remote.ts';
import { needs } from '../../../test/servers/needs.ts';
import { type Sshd, startSshd } from '../../../test/servers/sshd.ts';
import { waitFor } from '../../../test/servers/temp.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Outcome } from '../../model/check.ts';
import { Unavailable } from '../../model/errors.ts';
import { readOutcome } from '../../nagios/plugin-output.ts';
import { createExecute } from '../execute.ts';
import { openChildProcessExecutor } from '../executor/child-process.ts';
import { openPluginFolders } from '../plugins/plugin-folder.ts';
import { openKnownHosts } from './known-hosts-file.ts';
import { type RemoteRun, runRemote, type SshContext } from './run-remote.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/plugins');
const SETTINGS = { serviceCheckTimeoutState: 'critical' } as const;

/** Runs scripts on a server, over connections of their own. */
interface Runner extends Disposable {
  run(script: string, args?: readonly string[], changes?: Partial<RemoteRun>): Promise<Outcome>;
  readonly ssh: SshContext;
}

function openRunner(sshd: Sshd, settings: SshTestSettings = {}): Runner {
  const ssh = openTestSsh({
    keys: [sshd.userKey],
    knownHostsPaths: [join(sshd.folder, 'known_hosts')],
    pluginPaths: [FIXTURES],
    ...settings,
  });
  const target = { login: sshd.login, address: '127.0.0.1', port: sshd.port };
  const context = { ssh, maxOutputBytes: 100_000, clock: systemClock };
  return {
    ssh,
    run: (script, args = [], changes = {}) =>
      runRemote({ target, script, args, timeoutMs: 5_000, signal: undefined, ...changes }, context),
    [Symbol.dispose]: () => ssh.connections.close(),
  };
}

/** A server that is known. */
async function startKnownSshd(...given: Parameters<typeof startSshd>): Promise<Sshd> {
  const sshd = await startSshd(...given);
  await writeFile(join(sshd.folder, 'known_hosts'), await sshd.knownHostsLine());
  return sshd;
}

async function writePlugin(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

function textOf(outcome: Outcome): string {
  return readOutcome(outcome, SETTINGS).output;
}

describe.skipIf(needs('sshd'))('a script on another host', () => {
  let sshd: Sshd;
  let runner: Runner;

  beforeAll(async () => {
    sshd = await startKnownSshd();
    runner = openRunner(sshd);
  });

  afterAll(async () => {
    runner[Symbol.dispose]();
    await sshd[Symbol.asyncDispose]();
  });

  test('runs with its arguments, and its streams and exit code come back', async () => {
    expect(await runner.run('check_argv', ["it's", '', '-w', '$HOME;`id`'])).toEqual({
      ...{ kind: 'exited', exitCode: 0, stderr: '', truncated: false },
      stdout: ["it's", '', '-w', '$HOME;`id`']
        .map((text) => `${Buffer.from(text).toString('hex')}\n`)
        .join(''),
    });
  });

  test('gets 10,000 random arguments character by character', async () => {
    const word = fc
      .string({
        unit: fc.oneof(
          fc.constantFrom(...`'"\\$\`!*~ \t\n\r;|&<>()#`),
          fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        ),
        maxLength: 12,
      })
      .map((text) => text.replace(/[\0\u001e\p{Surrogate}]/gu, ''));
    for (let round = 0; round < 50; round++) {
      const words = fc.sample(word, { numRuns: 200, seed: round });
      const outcome = await runner.run('check_words', words);
      if (outcome.kind !== 'exited') expect.fail(textOf(outcome));
      expect(outcome.stdout.split('\u001e').slice(0, -1)).toEqual(words);
    }
  }, 60_000);

  test('that dies of a signal says which', async () => {
    expect(await runner.run('check_dies', ['SEGV'])).toMatchObject({
      ...{ kind: 'signalled', signal: 'SIGSEGV', stdout: 'OK - all is well\n' },
    });
  });

  test('has stdout and stderr apart, and either is cut at the limit', async () => {
    const outcome = await runner.run('check_floods', [], { timeoutMs: 25_000 });
    expect(outcome).toMatchObject({ kind: 'exited', truncated: true });
    expect('stdout' in outcome && outcome.stdout.length).toBe(100_000);
  });

  test('that is nowhere, or not executable, is not started', async () => {
    const absent = await runner.run('check_absent');
    expect(absent).toMatchObject({ kind: 'notStarted', why: 'missing' });
    expect(textOf(absent)).toContain(FIXTURES);
    expect(await runner.run('check_not_executable')).toMatchObject({
      ...{ kind: 'notStarted', why: 'notExecutable' },
    });
  });

  test.each(['../plugins/check_silent', '/bin/sh', '-c', ''])('%j is no name', async (script) => {
    expect(await runner.run(script)).toMatchObject({ kind: 'notStarted', why: 'refused' });
  });

  test('is refused what no argument can carry', async () => {
    for (const arg of ['a\0b', 'x'.repeat(140_000)]) {
      expect(await runner.run('check_argv', [arg])).toMatchObject({
        ...{ kind: 'notStarted', why: 'refused' },
      });
    }
    const long = 'x'.repeat(100_000);
    expect(await runner.run('check_words', [long])).toMatchObject({ kind: 'exited', exitCode: 0 });
  });

  test('of a later folder wins', async () => {
    await mkdir(join(sshd.folder, 'own'));
    await writePlugin(join(sshd.folder, 'own', 'check_silent'), 'echo own\nexit 2');
    using own2 = openRunner(sshd, { pluginPaths: [FIXTURES, join(sshd.folder, 'own')] });
    expect(await own2.run('check_silent')).toMatchObject({ exitCode: 2, stdout: 'own\n' });
    using other = openRunner(sshd, { pluginPaths: [join(sshd.folder, 'own'), FIXTURES] });
    expect(await other.run('check_silent')).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('does not see what shells print before it', async () => {
    await writeFile(
      join(sshd.folder, '.bashrc'),
      'echo "OK - noise | x=1"; echo more noise >&2; set -x\n',
    );
    using noisy = openRunner(sshd);
    expect(await noisy.run('check_argv', ['a'])).toMatchObject({ stdout: '61\n', stderr: '' });
    await writeFile(join(sshd.folder, '.bashrc'), 'echo go away; exit 7\n');
    expect(textOf(await noisy.run('check_silent'))).toMatch(
      /^\(ssh failed: channel\) .*login shell did not run the command: exit code 7, it said "go away"/,
    );
    await writeFile(join(sshd.folder, '.bashrc'), '');
  });

  test('that is out of time is ended on its host, its children too', async () => {
    const startedAt = performance.now();
    const outcome = await runner.run('check_ignores_term', [], { timeoutMs: 1_000 });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(outcome).toMatchObject({ kind: 'sshFailed', phase: 'time-out', state: 'unknown' });
    expect(textOf(outcome)).toMatch(/^\(ssh failed: time-out\) .*timed out after 1.00 seconds/);
    const group = Number('stdout' in outcome ? outcome.stdout : Number.NaN);
    expect(group).toBeGreaterThan(1);
    await waitFor('the plugin to be gone', async () => {
      const stat = await readFile(`/proc/${group}/stat`, 'utf8').catch(() => '');
      const pgrp = Number(/^\d+ \(.*\) \S \d+ (\d+)/s.exec(stat)?.[1] ?? group);
      return (await processesOfGroup(pgrp)).length === 0 && stat === '';
    });
  });

  test('leaves nobody waiting for the output of its daemon', async () => {
    const plugins = join(sshd.folder, 'daemons');
    await mkdir(plugins);
    await writePlugin(join(plugins, 'check_daemon'), 'sleep 60 &\necho $!\nexit 1');
    using daemons = openRunner(sshd, { pluginPaths: [plugins] });
    const startedAt = performance.now();
    const outcome = await daemons.run('check_daemon');
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(outcome).toMatchObject({ kind: 'exited', exitCode: 1 });
    process.kill(Number('stdout' in outcome ? outcome.stdout : Number.NaN), 'SIGKILL');
  });

  test('gets the values of $USERn$, which nothing else shows', async () => {
    const secret = 'marker-of-a-secret';
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
    const knownHosts = openKnownHosts([join(sshd.folder, 'recorded')]);
    using logging = openRunner(sshd, { log, knownHosts, hostKeyPolicy: 'accept-new' });
    const executor = openChildProcessExecutor({ clock: systemClock, log });
    const execute = createExecute({
      executor,
      ssh: logging.ssh,
      pluginFolders: await openPluginFolders([], { clock: systemClock, log }),
      userMacros: { USER5: secret },
      environment: {},
      maxOutputBytes: 1_000,
      icmp: openTestIcmp(null),
      clock: systemClock,
      log,
    });
    const ask = (script: string, port: number, params: string) =>
      execute({
        ...{ id: 'request', checkId: 1, scheduledAt: 0, expiresAt: 0, shard: 0 },
        ...{ keepHistory: false, timeoutMs: 1_000, run: { script }, params },
        host: { name: 'web1', address: '127.0.0.1', vars: {} },
        plugin: { name: 'p' },
        ssh: { login: sshd.login, port },
      });
    const given = await ask('check_argv', sshd.port, '$USER5$');
    expect(given).toMatchObject({ stdout: `${Buffer.from(secret).toString('hex')}\n` });
    const failed = [
      await ask('check_absent', sshd.port, '$USER5$'),
      await ask('check_hang', sshd.port, '"" $USER5$'),
      await ask('check_argv', 1, '$USER5$'),
      await ask('check_argv', sshd.port, `$USER5$${'x'.repeat(131_000)}`),
    ];
    for (const { kind } of failed) expect(kind).toMatch(/^(sshFailed|notStarted)$/);
    expect(JSON.stringify(failed)).not.toContain(secret);
    expect(lines.join('')).toContain('the key of a new host was accepted');
    expect(lines.join('')).not.toContain(secret);
    await executor.close();
  });

  test('is given up when nobody wants the result any more', async () => {
    const abort = new AbortController();
    const running = runner.run('check_hang', [], { signal: abort.signal });
    const refused = expect(running).rejects.toThrow(Unavailable);
    setImmediate(() => abort.abort());
    await refused;
  });
});

describe.skipIf(needs('sshd'))('connections', () => {
  test('are shared by the checks of a host, and closed when idle', async () => {
    await using sshd = await startKnownSshd();
    using runner = openRunner(sshd, { idleTimeoutMs: 200 });
    await Promise.all(Array.from({ length: 12 }, () => runner.run('check_silent')));
    await runner.run('check_silent');
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(1);
    await waitFor('the end of the connection', () => sshd.log().includes('Disconnected from'));
    expect(await runner.run('check_silent')).toMatchObject({ kind: 'exited' });
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(2);
  });

  test('take no new checks when they are old: the name may lead elsewhere by then', async () => {
    await using sshd = await startKnownSshd();
    const tenMinutes = { pass: () => {} };
    const clock: Clock = {
      ...systemClock,
      setTimer(delayMs, run) {
        if (delayMs !== 600_000) return systemClock.setTimer(delayMs, run);
        tenMinutes.pass = run;
        return () => undefined;
      },
    };
    using runner = openRunner(sshd, { clock });
    const running = runner.run('check_hang', [], { timeoutMs: 1_000 });
    await waitFor('the session', () => sshd.log().includes('Starting session'));
    tenMinutes.pass();
    expect(await runner.run('check_silent')).toMatchObject({ kind: 'exited' });
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(2);
    // What ran over the old one was not cut off by that.
    expect(await running).toMatchObject({ kind: 'sshFailed', phase: 'time-out' });
    await waitFor('the end of the old one', () => sshd.log().includes('Disconnected from'));
    expect(await runner.run('check_silent')).toMatchObject({ kind: 'exited' });
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(2);
  });

  test('beyond the number to be kept are closed, the one idle for longest first', async () => {
    await using sshd = await startKnownSshd();
    const line = await sshd.knownHostsLine();
    const knownHosts = join(sshd.folder, 'known_hosts');
    await writeFile(knownHosts, `${line}${line.replace('127.0.0.1', 'localhost')}`);
    using runner = openRunner(sshd, { maxIdleConnections: 1 });
    const target = { login: sshd.login, address: 'localhost', port: sshd.port };
    expect(await runner.run('check_silent')).toMatchObject({ kind: 'exited' });
    expect(await runner.run('check_silent', [], { target })).toMatchObject({ kind: 'exited' });
    await waitFor('the end of the first', () => sshd.log().includes('Disconnected from'));
    expect(await runner.run('check_silent', [], { target })).toMatchObject({ kind: 'exited' });
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(2);
  });

  test('keep to what the server grants', async () => {
    await using sshd = await startKnownSshd({ config: ['MaxSessions 2'] });
    using runner = openRunner(sshd);
    const outcomes = await Promise.all(
      // So many that some end in the same moment: the server counts a session longer than we do.
      Array.from({ length: 60 }, () => runner.run('check_silent', [], { timeoutMs: 30_000 })),
    );
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'exited', exitCode: 0 });
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(1);
  });

  test('that wait for a session in vain say so', async () => {
    await using sshd = await startKnownSshd();
    using runner = openRunner(sshd, { maxSessionsPerHost: 1 });
    const first = runner.run('check_hang', [], { timeoutMs: 1_500 });
    await waitFor('the first session', () => sshd.log().includes('Starting session'));
    const second = await runner.run('check_silent', [], { timeoutMs: 400 });
    expect(textOf(second)).toMatch(/^\(ssh failed: channel\) .*all 1 sessions .* are in use/);
    await first;
  });

  test('are made anew when the server was started again', async () => {
    await using sshd = await startKnownSshd();
    using runner = openRunner(sshd);
    expect(await runner.run('check_silent')).toMatchObject({ kind: 'exited' });
    const running = runner.run('check_hang');
    await waitFor('the session', () => sshd.log().match(/Starting session/g)?.length === 2);
    await sshd.stop();
    expect(textOf(await running)).toMatch(/^\(ssh failed: channel\) .*connection was lost while/);
    await sshd.start();
    expect(await runner.run('check_silent')).toMatchObject({ kind: 'exited' });
  });

  test('go through a jump host, which is verified as well', async () => {
    await using sshd = await startKnownSshd();
    await using jump = await startKnownSshd();
    const jumpHost = { login: jump.login, address: '127.0.0.1', port: jump.port };
    const knownHostsPaths = [join(sshd.folder, 'known_hosts'), join(jump.folder, 'known_hosts')];
    const keys = [sshd.userKey, jump.userKey];
    using runner = openRunner(sshd, { jumpHost, keys, knownHostsPaths });
    expect(await runner.run('check_silent')).toMatchObject({ kind: 'exited' });
    expect(jump.log()).toContain('Accepted publickey');
    using careful = openRunner(sshd, { jumpHost, keys });
    expect(textOf(await careful.run('check_silent'))).toMatch(
      /^\(ssh failed: host key\) .*through the jump host .*: the key is unknown/,
    );
    await sshd.stop();
    using late = openRunner(sshd, { jumpHost, keys, knownHostsPaths });
    expect(textOf(await late.run('check_silent'))).toMatch(
      /^\(ssh failed: connect\) .*through the jump host .*Connection refused/,
    );
  });
});

describe.skipIf(needs('sshd', 'postgres'))('a host without the program timeout', () => {
  test('ends a script by the signals that come over the channel', async () => {
    // sshd does not signal for root, so it runs as a user that has a shell.
    const isRoot = process.getuid?.() === 0;
    await using sshd = await startKnownSshd(isRoot ? { runAs: 'postgres' } : {});
    await mkdir(join(sshd.folder, 'bin'));
    await symlink(findProgram('sleep') ?? '', join(sshd.folder, 'bin', 'sleep'));
    await writeFile(join(sshd.folder, '.bashrc'), 'PATH=$HOME/bin\n');
    using runner = openRunner(sshd);
    const outcome = await runner.run('check_ignores_term', [], { timeoutMs: 1_000 });
    expect(outcome).toMatchObject({ kind: 'sshFailed', phase: 'time-out' });
    const pid = Number('stdout' in outcome ? outcome.stdout : Number.NaN);
    expect(pid).toBeGreaterThan(1);
    // There it leads its group, since nothing stands between sshd and it.
    await waitFor('the plugin to be gone', async () => (await processesOfGroup(pid)).length === 0);
  });
});
