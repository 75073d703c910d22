/**
 * One process that runs a plugin as fast as an executor can: told what by its first message, answers
 * once the code is compiled; then each further message is for how long, and is answered with a
 * `Measurement`. Its memory is as large as that of the violet that it stands for.
 */

import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { openChildProcessExecutor } from '../src/violet/executor/child-process.ts';
import type { Executor } from '../src/violet/executor/executor.ts';
import { openHelperExecutor } from '../src/violet/executor/helper.ts';
import { loadLibc } from '../src/violet/executor/libc.ts';
import { programLimits } from '../src/violet/executor/limits.ts';
import { openPosixSpawnExecutor } from '../src/violet/executor/posix-spawn.ts';
import { treeCpuMs } from './tree-cpu.ts';

/** What to run, and how. */
export interface LoadOrder {
  readonly executor: 'childProcess' | 'posixSpawn' | 'helper';
  readonly file: string;
  readonly args: readonly string[];
  readonly atOnce: number;
  readonly residentMb: number;
  readonly warmUpMs: number;
}

/** What came of it. */
export interface Measurement {
  readonly runsPerSecond: number;
  /** Of this process, its helper and the plugins. */
  readonly cpuMsPerRun: number;
  readonly loopDelayP99Ms: number;
}

const ENVIRONMENT = { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C' };
const RESOLUTION_MS = 5;
/** Before each measurement: whoever idled for a while has thrown away compiled code, unlike a violet. */
const LEAD_IN_MS = 500;
const LIMITS = {
  ...{ cpuS: 60, memoryBytes: 2 ** 32, openFiles: 1_024, fileBytes: 100 * 2 ** 20 },
  processes: null,
};

process.once('message', (order) => void serve(order as LoadOrder));

async function serve(order: LoadOrder): Promise<void> {
  const ballast = Array.from({ length: Math.max(0, order.residentMb - residentMb()) }, () =>
    Buffer.alloc(2 ** 20, 1),
  );
  const executor = await open(order.executor);
  const answer = async (spanMs: number) => {
    process.send?.({ ...(await measure(executor, order, spanMs)), ballastMb: ballast.length });
  };
  process.on('message', (spanMs) => void answer(Number(spanMs)));
  process.once('disconnect', () => void executor.close().then(() => process.exit(0)));
  await answer(order.warmUpMs);
}

async function open(kind: LoadOrder['executor']): Promise<Executor> {
  const context = { clock: systemClock, log: silentLog() };
  if (kind === 'childProcess') return openChildProcessExecutor(context);
  if (kind === 'helper') {
    return openHelperExecutor({
      ...context,
      file: join(import.meta.dirname, '../src/violet/executor/helper-process.js'),
      settings: {
        ...{ executor: 'spawn', limits: LIMITS, nice: 0, user: null },
        log: { level: 'error', format: 'json' },
      },
    });
  }
  const libc = await loadLibc();
  if (libc === null) throw new Error('there is no posix_spawn here');
  return openPosixSpawnExecutor({ ...context, libc, limits: programLimits(LIMITS) });
}

async function measure(executor: Executor, order: LoadOrder, spanMs: number): Promise<Measurement> {
  await runFor(executor, order, LEAD_IN_MS);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const cpuBefore = treeCpuMs(process.pid);
  const startedAt = performance.now();
  const count = await runFor(executor, order, spanMs);
  const elapsedS = (performance.now() - startedAt) / 1_000;
  return {
    runsPerSecond: count / elapsedS,
    cpuMsPerRun: (treeCpuMs(process.pid) - cpuBefore) / count,
    loopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
  };
}

/** Runs the plugin again and again; how often. */
async function runFor(
  executor: Executor,
  { file, args, atOnce }: LoadOrder,
  spanMs: number,
): Promise<number> {
  const command = {
    ...{ file, args, cwd: '/', timeoutMs: 10_000, maxOutputBytes: 65_536 },
    env: ENVIRONMENT,
  };
  const endAt = performance.now() + spanMs;
  let count = 0;
  const runOn = async () => {
    while (performance.now() < endAt) {
      const outcome = await executor.run(command);
      if (outcome.kind !== 'exited') throw new Error(JSON.stringify(outcome));
      count++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runOn));
  return count;
}

function residentMb(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}
