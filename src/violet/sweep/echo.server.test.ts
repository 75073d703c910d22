import { setMaxListeners } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findSocketCalls, openTestIcmp } from '../../../test/icmp.ts';
import { needs } from '../../../test/servers/needs.ts';
import { type TempFolder, tempFolder } from '../../../test/servers/temp.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { createSlots } from '../../lib/slots.ts';
import { Unavailable } from '../../model/errors.ts';
import { openChildProcessExecutor } from '../executor/child-process.ts';
import { type Icmp, openIcmp } from '../icmp/icmp.ts';
import type { SocketCalls } from '../icmp/socket-calls.ts';
import { findEchoing } from './echo.ts';
import { createPace } from './pace.ts';

/** A folder with a program of this name that adds its arguments to a file and runs `script`. */
async function install(name: 'fping' | 'ping', script: string): Promise<TempFolder> {
  const folder = await tempFolder();
  const record = `printf '%s\\n' "$*" >> ${folder.path}/arguments`;
  await writeFile(join(folder.path, name), `#!/bin/sh\n${record}\n${script}\n`, { mode: 0o755 });
  return folder;
}

async function find(
  path: string,
  addresses: readonly string[],
  { signal, icmp }: { signal?: AbortSignal; icmp?: Icmp } = {},
) {
  const executor = openChildProcessExecutor({ clock: systemClock, log: silentLog() });
  const abortable = signal ?? new AbortController().signal;
  setMaxListeners(0, abortable);
  try {
    return await findEchoing(addresses, {
      executor,
      icmp: icmp ?? openTestIcmp(null),
      environment: { PATH: path },
      timeoutMs: 700,
      pace: createPace(systemClock, 400),
      slots: createSlots(4),
      signal: abortable,
    });
  } finally {
    await executor.close();
  }
}

const TARGETS = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];

describe('fping', () => {
  test('is asked for all addresses at once, behind all options', async () => {
    await using folder = await install('fping', 'echo 192.0.2.3; echo 192.0.2.9; exit 1');
    expect(await find(folder.path, TARGETS)).toEqual({
      kind: 'asked',
      answered: new Set(['192.0.2.3']),
    });
    const given = await readFile(join(folder.path, 'arguments'), 'utf8');
    expect(given).toBe(`-a -r 1 -B 1 -i 3 -t 700 -- ${TARGETS.join(' ')}\n`);
  });

  test.each([
    ['echo "fping: no | permission" >&2; exit 4', 'fping failed: fping: no | permission'],
    ['exit 3', 'fping failed: exited'],
    ['kill -9 $$', 'fping failed: signalled'],
  ])('that does not work is no evidence: %s', async (script, reason) => {
    await using folder = await install('fping', script);
    expect(await find(folder.path, TARGETS)).toEqual({ kind: 'unable', reason });
  });

  test('is killed when the worker stops', async () => {
    await using folder = await install('fping', '/bin/sleep 600');
    const stopping = new AbortController();
    const found = find(folder.path, TARGETS, { signal: stopping.signal });
    stopping.abort();
    await expect(found).rejects.toThrow(Unavailable);
  });

  test.skipIf(needs('fping'))('finds this machine', async () => {
    const found = await find('/usr/bin:/bin', ['127.0.0.1', '127.9.9.9']);
    expect(found).toEqual({ kind: 'asked', answered: new Set(['127.0.0.1', '127.9.9.9']) });
  });
});

describe('ping, where there is no fping,', () => {
  test('is asked for each address', async () => {
    await using folder = await install('ping', 'case "$8" in *.2) exit 0;; *) exit 1;; esac');
    expect(await find(folder.path, TARGETS)).toEqual({
      kind: 'asked',
      answered: new Set(['192.0.2.2']),
    });
    const given = (await readFile(join(folder.path, 'arguments'), 'utf8')).trim().split('\n');
    expect(given.sort()).toEqual(TARGETS.map((address) => `-n -q -c 1 -W 1 -- ${address}`));
  });

  test('that may not open a socket is no evidence', async () => {
    await using folder = await install('ping', 'echo "socket: not permitted" >&2; exit 2');
    const reason = 'ping failed: socket: not permitted';
    expect(await find(folder.path, TARGETS)).toEqual({ kind: 'unable', reason });
  });
});

test('without either there is no evidence', async () => {
  const reason =
    'neither fping nor ping is installed, and sockets of ICMP need Linux and the npm package koffi';
  expect(await find('/absent', TARGETS)).toEqual({ kind: 'unable', reason });
});

describe('through sockets', () => {
  const log = silentLog();
  let calls: SocketCalls | null;
  let icmp: Icmp;
  let sentCount = 0;

  beforeEach(async (context) => {
    calls = await findSocketCalls();
    if (calls === null) context.skip('no socket of ICMP is permitted here');
    sentCount = 0;
    const createToken = () => BigInt(++sentCount);
    icmp = openIcmp({ calls, createToken, clock: systemClock, log });
  });
  afterEach(() => icmp.close());

  test('this machine is found without a program, no faster than the rate allows', async () => {
    const addresses = Array.from({ length: 41 }, (_, index) => `127.0.3.${index}`);
    const startedAt = systemClock.monotonic();
    const found = await find('/absent', [...addresses, '::1'], { icmp });
    expect(found).toEqual({ kind: 'asked', answered: new Set([...addresses, '::1']) });
    expect(systemClock.monotonic() - startedAt).toBeGreaterThanOrEqual(41 * 2.5 - 1);
    expect(sentCount).toBe(42);
  });

  test('who is silent is asked twice', async () => {
    // Its answer comes from another address.
    const found = await find('/absent', ['0.0.0.0'], { icmp });
    expect(found).toEqual({ kind: 'asked', answered: new Set() });
    expect(sentCount).toBe(2);
  });

  test('nothing is left waiting when the worker stops', async () => {
    const stopping = new AbortController();
    const found = find('/absent', ['0.0.0.0', '127.0.0.1'], { icmp, signal: stopping.signal });
    stopping.abort();
    await expect(found).rejects.toThrow(Unavailable);
  });

  test('programs ask when a socket is gone', async () => {
    icmp.close();
    await using folder = await install('fping', 'echo 192.0.2.3; exit 1');
    const found = await find(folder.path, TARGETS, { icmp });
    expect(found).toEqual({ kind: 'asked', answered: new Set(['192.0.2.3']) });
  });
});
