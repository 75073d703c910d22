import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../test/servers/temp.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { describeExecutor, describeShortage } from './executor.contract.ts';
import { loadLibc } from './libc.ts';
import { openPosixSpawnExecutor } from './posix-spawn.ts';

const libc = await loadLibc();
if (libc === null) throw new Error('posix_spawn is not to be had: npm ci on Linux');
const context = { clock: systemClock, log: silentLog(), libc, limits: [] };
const commandOf = (file: string, args: readonly string[] = []) => ({
  ...{ file, args, cwd: '/', env: {}, timeoutMs: 10_000, maxOutputBytes: 1_024 },
});
const open = (isLocal = true) => openPosixSpawnExecutor({ ...context, areLocal: () => isLocal });

describe.each([
  ['posix_spawn, waited for', true],
  ['posix_spawn, waited for by threads', false],
])('%s', (name, isLocal) => {
  describeExecutor(name, () => open(isLocal));
  describeShortage(name, () => open(isLocal));
});

test('posix_spawn: a program whose file is held back by another machine holds up no other one', async () => {
  await using folder = await tempFolder();
  const remote = join(folder.path, 'check_remote');
  await writeFile(remote, '#!/bin/sh\necho remote\n', { mode: 0o755 });
  const holder = await holdBack(remote);
  const executor = openPosixSpawnExecutor({ ...context, areLocal: ([file]) => file !== remote });
  try {
    const held = executor.run(commandOf(remote));
    for (let count = 0; count < 10; count++) {
      expect(await executor.run(commandOf('/bin/true'))).toMatchObject({ exitCode: 0 });
    }
    holder.kill('SIGKILL');
    expect(await held).toMatchObject({ exitCode: 0, stdout: 'remote\n' });
  } finally {
    holder.kill('SIGKILL');
    await executor.close();
  }
});

/** Opening the file waits until the process has ended, as the lease of a file server would have it. */
async function holdBack(file: string) {
  const [setLease, forWriting] = [1_024, 1];
  const script = `$SIG{IO} = "IGNORE"; open(F, "+<", $ARGV[0]) or die; fcntl(F, ${setLease}, ${forWriting}) or die; $| = 1; print "held"; sleep(30);`;
  const holder = spawn('perl', ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return holder;
}

test('posix_spawn: programs lead groups of their own and stay in our session, whose share of the processors they have', async () => {
  const executor = open();
  const outcome = await executor.run(commandOf('/bin/cat', ['/proc/self/stat']));
  await executor.close();
  const stat = 'stdout' in outcome ? outcome.stdout : '';
  expect(groupOf(stat)).toBe(Number.parseInt(stat, 10));
  expect(sessionOf(stat)).toBe(sessionOf(readFileSync('/proc/self/stat', 'latin1')));
});

/** The fields after the name, which may have spaces: state, parent, group, session. */
const fieldsOf = (stat: string) => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
const groupOf = (stat: string) => Number(fieldsOf(stat)[2]);
const sessionOf = (stat: string) => Number(fieldsOf(stat)[3]);
