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
