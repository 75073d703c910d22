import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { openChildProcessExecutor } from './child-process.ts';
import { describeExecutor, describeShortage } from './executor.contract.ts';

const open = () => openChildProcessExecutor({ clock: systemClock, log: silentLog() });

describeExecutor('child_process', open);
describeShortage('child_process', open);
