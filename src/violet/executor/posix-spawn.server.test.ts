import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { describeExecutor, describeShortage } from './executor.contract.ts';
import { loadLibc } from './libc.ts';
import { openPosixSpawnExecutor } from './posix-spawn.ts';

const libc = await loadLibc();
if (libc === null) throw new Error('posix_spawn is not to be had: npm ci on Linux');
const context = { clock: systemClock, log: silentLog(), libc, limits: [] };
const open = () => openPosixSpawnExecutor(context);

describeExecutor('posix_spawn', open);
describeShortage('posix_spawn', open);

test('posix_spawn: programs lead groups of their own and stay in our session, whose share of the processors they have', async () => {
  const executor = open();
  const command = { file: '/bin/cat', args: ['/proc/self/stat'], cwd: '/', env: {} };
  const limits = { timeoutMs: 10_000, maxOutputBytes: 1_024 };
  const outcome = await executor.run({ ...command, ...limits });
  await executor.close();
  const stat = 'stdout' in outcome ? outcome.stdout : '';
  expect(groupOf(stat)).toBe(Number.parseInt(stat, 10));
  expect(sessionOf(stat)).toBe(sessionOf(readFileSync('/proc/self/stat', 'latin1')));
});

/** The fields after the name, which may have spaces: state, parent, group, session. */
const fieldsOf = (stat: string) => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
const groupOf = (stat: string) => Number(fieldsOf(stat)[2]);
const sessionOf = (stat: string) => Number(fieldsOf(stat)[3]);
