import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { describeExecutor } from './executor.contract.ts';
import { loadLibc } from './libc.ts';
import { openPosixSpawnExecutor } from './posix-spawn.ts';

const libc = await loadLibc();
if (libc === null) throw new Error('no libc');
const open = () =>
  openPosixSpawnExecutor({ clock: systemClock, log: silentLog(), libc, limits: [] });

describeExecutor('posix_spawn', open);
