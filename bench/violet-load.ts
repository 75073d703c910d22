/**
 * One process that runs programs as fast as an executor can. Its first message says how, and is answered
 * when the code is compiled; each further one says what to run, and is answered with a `Measurement`.
 * Its memory is as large as that of the violet that it stands for.
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

/** What to run again and again. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** How to run it. */
export interface LoadOrder {
  readonly executor: 'childProcess' | 'posixSpawn' | 'helper';
  readonly residentMb: number;
  /** What is run until the code is compiled. */
  readonly warmUp: Program;
}

/** What to measure. */
export interface LoadTask extends Program {
  readonly atOnce: number;
  readonly spanMs: number;
}

/** What came of it. */
export interface Measurement {
  readonly runsPerSecond: number;
  /** Of this process, its helper and the plugins. */
  readonly cpuMsPerRun: number;
  readonly loopDelayP99Ms: number;
}

const ENVIRONMENT = { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C' };
/** Often enough for what is looked for, and rare enough to disturb nobody. */
const RESOLUTION_MS = 20;
/** Before each measurement: whoever idled for a while has thrown away compiled code, unlike a violet. */
const LEAD_IN_MS = 500;
/** Until the compiler has found out what is worth its time. */
const WARM_UP = { runs: 10_000, atOnce: 100, spanMs: 20_000 };
const LIMITS = {
  ...{ cpuS: 60, memoryBytes: 2 ** 32, openFiles: 1_024, fileBytes: 100 * 2 ** 20 },
  processes: null,
};

process.once('message', (order) => void serve(order as LoadOrder));

async function serve({ executor: kind, residentMb, warmUp }: LoadOrder): Promise<void> {
  const ballast = Array.from({ length: Math.max(0, residentMb - ownMb()) }, () =>
    Buffer.alloc(2 ** 20, 1),
  );
  const executor = await open(kind);
  const answer = async (task: LoadTask) => {
    process.send?.({ ...(await measure(executor, task)), ballastMb: ballast.length });
  };
  process.on('message', (task) => void answer(task as LoadTask));
  process.once('disconnect', () => void executor.close().then(() => process.exit(0)));
  await runFor(executor, { ...warmUp, ...WARM_UP });
  process.send?.('ready');
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
  const limits = programLimits(LIMITS);
  return openPosixSpawnExecutor({ ...context, libc, limits, areLocal: () => true });
}

async function measure(executor: Executor, task: LoadTask): Promise<Measurement> {
  await runFor(executor, { ...task, spanMs: LEAD_IN_MS });
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const cpuBefore = treeCpuMs(process.pid);
  const startedAt = performance.now();
  const count = await runFor(executor, task);
  const elapsedS = (performance.now() - startedAt) / 1_000;
  return {
    runsPerSecond: count / elapsedS,
    cpuMsPerRun: (treeCpuMs(process.pid) - cpuBefore) / count,
    loopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
  };
}

/** Runs a program again and again, `runs` times at most; how often. */
async function runFor(
  executor: Executor,
  { file, args, atOnce, spanMs, runs = Number.POSITIVE_INFINITY }: LoadTask & { runs?: number },
): Promise<number> {
  const command = {
    ...{ file, args, cwd: '/', timeoutMs: 10_000, maxOutputBytes: 65_536 },
    env: ENVIRONMENT,
  };
  const endAt = performance.now() + spanMs;
  let count = 0;
  const runOn = async () => {
    while (performance.now() < endAt && count < runs) {
      const outcome = await executor.run(command);
      if (outcome.kind !== 'exited') throw new Error(JSON.stringify(outcome));
      count++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runOn));
  return count;
}

function ownMb(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}
