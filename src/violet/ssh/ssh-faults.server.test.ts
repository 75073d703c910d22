/** Hosts that are dead, slow or strange: each ends in time, with a text that names the phase. */

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Server, type ServerChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestSsh, type SshTestSettings } from '../../../test/remote.ts';
import { startFaultProxy } from '../../../test/servers/fault-proxy.ts';
import { needs } from '../../../test/servers/needs.ts';
import { type Sshd, startSshd } from '../../../test/servers/sshd.ts';
import { freePort, waitFor } from '../../../test/servers/temp.ts';
import { systemClock } from '../../lib/clock.ts';
import { readOutcome } from '../../nagios/plugin-output.ts';
import { openKnownHosts } from './known-hosts-file.ts';
import { runRemote } from './run-remote.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/plugins');

/** Where a server of ours falls silent. */
type Stall = 'greeting' | 'key exchange' | 'authentication' | 'session' | 'command' | 'none';

describe.skipIf(needs('sshd'))('a host that', () => {
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await startSshd();
  });

  afterAll(() => sshd[Symbol.asyncDispose]());

  const countSessions = () => sshd.log().match(/Starting session/g)?.length ?? 0;

  /** Checks over connections of their own, to the port given first, with the key of `sshd`. */
  async function openChecks(port: number, settings: SshTestSettings = {}) {
    const knownHosts = join(sshd.folder, `known_hosts_${port}`);
    const line = await sshd.knownHostsLine();
    await writeFile(knownHosts, line.replace(`:${sshd.port} `, `:${port} `));
    const ssh = openTestSsh({
      keys: [sshd.userKey],
      knownHostsPaths: [knownHosts],
      pluginPaths: [FIXTURES],
      connectTimeoutMs: 700,
      ...settings,
    });
    return {
      async check(script = 'check_silent', timeoutMs = 3_000, address = '127.0.0.1') {
        const target = { login: sshd.login, address, port };
        const startedAt = performance.now();
        const run = { target, script, args: [], timeoutMs, signal: undefined };
        const outcome = await runRemote(run, { ssh, maxOutputBytes: 1_000, clock: systemClock });
        const { output, longOutput } = readOutcome(outcome, {
          serviceCheckTimeoutState: 'critical',
        });
        return { output, longOutput, tookMs: performance.now() - startedAt };
      },
      [Symbol.dispose]: () => ssh.connections.close(),
    };
  }

  /** A server with the host key of `sshd` that lets everybody in, up to where it falls silent. */
  async function startStrange(stall: Stall) {
    const sockets = new Set<Socket>();
    const hostKeys = [await readFile(join(sshd.folder, 'host_ed25519'))];
    const server = new Server({ hostKeys }, (client) => {
      client.on('error', () => undefined);
      client.on('authentication', (context) => stall !== 'authentication' && context.accept());
      client.on('session', (accept) => {
        if (stall === 'session') return;
        accept().on('exec', (acceptCommand) => {
          if (stall === 'command') return;
          const channel: ServerChannel = acceptCommand();
          channel.write('not what was asked for\n');
          channel.exit(0);
          channel.end();
        });
      });
    });
    const front = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      if (stall === 'greeting') return;
      if (stall === 'key exchange') socket.write('SSH-2.0-strange\r\n');
      else server.injectSocket(socket);
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    return {
      port: (front.address() as AddressInfo).port,
      connectionCount: () => sockets.size,
      [Symbol.dispose]() {
        front.close();
        for (const socket of sockets) socket.destroy();
      },
    };
  }

  test.each<[Stall, RegExp]>([
    ['greeting', /^\(ssh failed: connect\) .*no answer in time/],
    ['key exchange', /^\(ssh failed: connect\) .*no answer in time/],
    ['authentication', /^\(ssh failed: authentication\) .*no answer in time/],
  ])('is silent instead of its %s is given up after the connect time-out', async (stall, text) => {
    using strange = await startStrange(stall);
    using checks = await openChecks(strange.port);
    const { output, tookMs } = await checks.check();
    expect(output).toMatch(text);
    expect(tookMs).toBeGreaterThan(650);
    expect(tookMs).toBeLessThan(2_500);
  });

  test('is silent when it is asked for its certificate is given up as well', async () => {
    using strange = await startStrange('greeting');
    const knownHosts = openKnownHosts([join(sshd.folder, 'authorities')]);
    const key = await readFile(join(sshd.folder, 'host_ed25519.pub'), 'utf8');
    await writeFile(join(sshd.folder, 'authorities'), `@cert-authority * ${key}`);
    using checks = await openChecks(strange.port, { knownHosts });
    expect((await checks.check()).output).toMatch(/^\(ssh failed: connect\) .*no answer in time/);
  });

  test.each<Stall>(['session', 'command'])(
    'opens no %s is given up when the time is up',
    async (stall) => {
      using strange = await startStrange(stall);
      using checks = await openChecks(strange.port);
      const { output, tookMs } = await checks.check('check_silent', 600);
      expect(output).toMatch(/^\(ssh failed: channel\) .*no answer in time/);
      expect(tookMs).toBeLessThan(2_600);
      await checks.check('check_silent', 100);
      expect(strange.connectionCount()).toBe(2); // the first one is not asked again
    },
  );

  test('runs something else is not believed', async () => {
    using strange = await startStrange('none');
    using checks = await openChecks(strange.port);
    expect((await checks.check()).output).toMatch(
      /^\(ssh failed: channel\) .*login shell did not run the command: exit code 0, it said "not what/,
    );
  });

  test('does not answer in the time of the check ends it in the phase where it is', async () => {
    using strange = await startStrange('authentication');
    using checks = await openChecks(strange.port, { connectTimeoutMs: 5_000 });
    const { output, tookMs } = await checks.check('check_silent', 400);
    expect(output).toMatch(/^\(ssh failed: authentication\) .*no answer in time/);
    expect(tookMs).toBeLessThan(2_400);
  });

  test('is not there is told as such', async () => {
    using checks = await openChecks(await freePort());
    expect((await checks.check()).output).toMatch(
      /^\(ssh failed: connect\) .*nobody listens there/,
    );
    const { output } = await checks.check('check_silent', 8_000, 'host.invalid');
    expect(output).toMatch(/^\(ssh failed: resolve\)/);
  });

  test('hangs up at once is told as such', async () => {
    const proxy = await startFaultProxy(sshd.port);
    proxy.setMode('cut');
    using checks = await openChecks(proxy.port);
    expect((await checks.check()).output).toMatch(/^\(ssh failed: connect\)/);
    await proxy[Symbol.asyncDispose]();
  });

  test('cannot be reached is left alone for a while, and its checks do not wait', async () => {
    using strange = await startStrange('greeting');
    using checks = await openChecks(strange.port);
    const first = await Promise.all(Array.from({ length: 20 }, () => checks.check()));
    for (const { output, tookMs } of first) {
      expect(output).toMatch(/no answer in time/);
      expect(tookMs).toBeLessThan(2_000);
    }
    const next = await checks.check();
    expect(next.output).toMatch(/^\(ssh failed: connect\) .*\(not tried again for [1-5] s\)/);
    expect(next.tookMs).toBeLessThan(700);
    expect(strange.connectionCount()).toBe(1);
  });

  test('falls silent while a script runs ends with the time of the check', async () => {
    const proxy = await startFaultProxy(sshd.port);
    using checks = await openChecks(proxy.port, { connectTimeoutMs: 5_000 });
    const before = countSessions();
    const running = checks.check('check_hang', 2_500);
    await waitFor('the script', () => countSessions() > before);
    await checks.check(); // so that the host's answer to the first one is surely through
    proxy.setMode('stall');
    const { output, tookMs } = await running;
    expect(output).toMatch(/^\(ssh failed: time-out\) .*timed out after 2.50 seconds/);
    expect(tookMs).toBeLessThan(4_500);
    await proxy[Symbol.asyncDispose]();
  });

  test('is cut off while a script runs is told, with what it had printed', async () => {
    const proxy = await startFaultProxy(sshd.port);
    using checks = await openChecks(proxy.port, { connectTimeoutMs: 5_000 });
    const before = countSessions();
    const running = checks.check('check_hang', 3_000);
    await waitFor('the script', () => countSessions() > before);
    proxy.setMode('delay', 50); // so that what it prints is surely through before the cut
    await checks.check();
    proxy.setMode('cut');
    const { output, longOutput } = await running;
    expect(output).toMatch(
      /^\(ssh failed: channel\) .*the connection was lost while the plugin ran/,
    );
    expect(longOutput).toMatch(/^\d+$/);
    await proxy[Symbol.asyncDispose]();
  });
});
