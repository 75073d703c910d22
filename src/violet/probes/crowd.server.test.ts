/** Thousands of probes at once on one event loop, and a machine that has nothing left for them. */

import { execFile } from 'node:child_process';
import { createServer as createWeb } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findSocketCalls, openTestIcmp } from '../../../test/icmp.ts';
import { openProbeTargets, say } from '../../../test/probe-targets.ts';
import { type ProbeSettings, runProbe } from '../../../test/probing.ts';
import { waitFor } from '../../../test/servers/temp.ts';

const COUNT = 2_000;

const targets = openProbeTargets();
const web = createWeb((_request, response) => response.end('hello'));
let webPort = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    web.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve);
  });
  webPort = String((web.address() as AddressInfo).port);
});

afterAll(async () => {
  web.close();
  await targets[Symbol.asyncDispose]();
});

/** How many of so many runs had which state. */
async function countStates(
  name: string,
  args: readonly string[],
  settingsOf: (index: number) => ProbeSettings = () => ({}),
) {
  const runs = await Promise.all(
    Array.from({ length: COUNT }, (_, index) =>
      runProbe(name, args, { timeoutMs: 25_000, ...settingsOf(index) }),
    ),
  );
  const states: Record<string, number> = {};
  for (const { state } of runs) states[state] = (states[state] ?? 0) + 1;
  return states;
}

describe(`${COUNT} at once`, () => {
  test('all reach a port and its answer', async () => {
    const port = await targets.listen(say('220 ready\r\n'));
    expect(await countStates('tcp', ['-p', port, '-e', '220'])).toEqual({ ok: COUNT });
    await waitFor('the connections to be closed', () => targets.sockets.size === 0);
  });

  test('all get their page', async () => {
    expect(await countStates('http', ['-p', webPort, '-s', 'hello'])).toEqual({ ok: COUNT });
  });

  test('all echoes come back through one socket, from as many addresses', async (context) => {
    const calls = await findSocketCalls();
    if (calls === null) context.skip('no socket of ICMP is permitted here');
    const icmp = openTestIcmp(calls);
    try {
      const args = ['-w', '20000,1%', '-c', '20000,100%'];
      const states = await countStates('ping', args, (index) => ({
        ...{ icmp, path: '/absent' },
        address: `127.1.${index >> 8}.${index & 255}`,
      }));
      expect(states).toEqual({ ok: COUNT });
    } finally {
      icmp.close();
    }
  });

  test('all give up a silent port in time, together', async () => {
    const port = await targets.listen(say(''));
    const states = await countStates('tcp', ['-p', port, '-e', '220', '-t', '3']);
    expect(states).toEqual({ critical: COUNT });
    await waitFor('the connections to be closed', () => targets.sockets.size === 0);
  });
});

describe('without a file left for a connection', () => {
  /** Runs probes in a process that may open few files, each with what the target is blameless of. */
  const run = async (name: string, args: readonly string[]) => {
    const folder = join(import.meta.dirname, '../../../dist/violet/probes');
    const script = `
      const { findProbe } = await import('${join(folder, 'probes.js')}');
      const { systemClock } = await import('${join(folder, '../../lib/clock.js')}');
      const { openSync } = await import('node:fs');
      const context = {
        host: { name: 'target', address: '127.0.0.1' }, timeoutMs: 5000,
        clock: systemClock, signal: new AbortController().signal,
      };
      const probe = findProbe('${name}');
      const args = ${JSON.stringify(args)};
      await probe(args, context);
      try { for (;;) openSync('/dev/null'); } catch {}
      const report = await probe(args, context);
      process.stdout.write(JSON.stringify(report));
    `;
    const { stdout } = await promisify(execFile)('sh', [
      ...['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath],
      ...['--input-type=module', '-e', script],
    ]);
    return JSON.parse(stdout) as { exitCode: number; stdout: string };
  };

  test.each(['tcp', 'http', 'ssh', 'smtp', 'tls'])('%s is unknown and says why', async (name) => {
    const port = await targets.listen(say('220 ready\r\n', true));
    const { exitCode, stdout } = await run(name, ['-p', port]);
    expect(exitCode).toBe(3);
    expect(stdout).toBe(
      `${name.toUpperCase()} UNKNOWN - this violet cannot open a connection: Too many open files: raise the limit of open files\n`,
    );
  });
});
