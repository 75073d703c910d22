import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTestIcmp } from '../../../test/icmp.ts';
import { needs } from '../../../test/servers/needs.ts';
import { type TempFolder, tempFolder } from '../../../test/servers/temp.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { createSlots } from '../../lib/slots.ts';
import { Unavailable } from '../../model/errors.ts';
import { openChildProcessExecutor } from '../executor/child-process.ts';
import { findEchoing } from './echo.ts';
import { createPace } from './pace.ts';

/** A folder with a program of this name that adds its arguments to a file and runs `script`. */
async function install(name: 'fping' | 'ping', script: string): Promise<TempFolder> {
  const folder = await tempFolder();
  const record = `printf '%s\\n' "$*" >> ${folder.path}/arguments`;
  await writeFile(join(folder.path, name), `#!/bin/sh\n${record}\n${script}\n`, { mode: 0o755 });
  return folder;
}

async function find(path: string, addresses: readonly string[], signal?: AbortSignal) {
  const executor = openChildProcessExecutor({ clock: systemClock, log: silentLog() });
  try {
    return await findEchoing(addresses, {
      executor,
      icmp: openTestIcmp(null),
      environment: { PATH: path },
      timeoutMs: 700,
      pace: createPace(systemClock, 400),
      slots: createSlots(4),
      signal: signal ?? new AbortController().signal,
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
    const found = find(folder.path, TARGETS, stopping.signal);
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
