import { join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { describeExecutor } from './executor.contract.ts';
import { openHelperExecutor } from './helper.ts';
import type { ExecutorChoice } from './helper-channel.ts';

const FILE = join(import.meta.dirname, '../../../dist/violet/executor/helper-process.js');
const NO_LIMITS = {
  ...{ cpuS: null, memoryBytes: null, openFiles: null, fileBytes: null, processes: null },
};

const open = (executor: ExecutorChoice) =>
  openHelperExecutor({
    ...{ clock: systemClock, log: silentLog(), file: FILE },
    settings: {
      ...{ executor, limits: NO_LIMITS, nice: 0, user: null },
      log: { level: 'error', format: 'json' },
    },
  });

describeExecutor('helper with posix_spawn', () => open('spawn'));
describeExecutor('helper with child_process', () => open('childProcess'));
