/**
 * One process that runs a built-in probe as fast as it can: told which by its first message, answers
 * with a `ProbeMeasurement`. The targets are in its parent, so that their work is not counted.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { openChildProcessExecutor } from '../src/violet/executor/child-process.ts';
import { loadSocketCalls } from '../src/violet/icmp/socket-calls.ts';
import { openFileSystems } from '../src/violet/probes/file-systems.ts';
import { findProbe } from '../src/violet/probes/probes.ts';
import { openTestIcmp } from '../test/icmp.ts';
import { treeCpuMs } from './tree-cpu.ts';

/** What to run, and how. */
export interface ProbeOrder {
  readonly name: string;
  readonly args: readonly string[];
  readonly atOnce: number;
  readonly spanMs: number;
  /** Where programs are found. */
  readonly path: string;
  /** Whether echoes go through sockets of this process; else through programs. */
  readonly isBySocket: boolean;
}

/** What came of it. */
export interface ProbeMeasurement {
  readonly runsPerSecond: number;
  /** Of this process and the programs that it started. */
  readonly cpuMsPerRun: number;
  readonly loopDelayP99Ms: number;
}

const RESOLUTION_MS = 5;

process.once('message', (order) => void answer(order as ProbeOrder));

async function answer(order: ProbeOrder): Promise<void> {
  const { name, args, atOnce, spanMs, path, isBySocket } = order;
  const probe = findProbe(name);
  if (probe === undefined) throw new Error(`there is no probe ${name}`);
  const executor = openChildProcessExecutor({ clock: systemClock, log: silentLog() });
  const context = {
    host: { name: 'target', address: '127.0.0.1' },
    ...{ timeoutMs: 10_000, clock: systemClock, executor, fileSystems: openFileSystems() },
    icmp: openTestIcmp(isBySocket ? await loadSocketCalls() : null),
    environment: { PATH: path, LANG: 'C' },
  };
  const run = async () => {
    const { signal } = new AbortController();
    const { exitCode, stdout } = await probe(args, { ...context, signal });
    if (exitCode !== 0) throw new Error(stdout);
  };
  await run();
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const cpuBefore = treeCpuMs(process.pid);
  const startedAt = performance.now();
  let count = 0;
  const runOn = async () => {
    while (performance.now() - startedAt < spanMs) {
      await run();
      count++;
      // A probe that never waits would let nobody else have a turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, runOn));
  const measurement: ProbeMeasurement = {
    runsPerSecond: count / ((performance.now() - startedAt) / 1_000),
    cpuMsPerRun: (treeCpuMs(process.pid) - cpuBefore) / count,
    loopDelayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
  };
  await executor.close();
  process.send?.(measurement, () => process.exit(0));
}
