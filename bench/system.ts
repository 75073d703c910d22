/** A whole system under load, in one mode: its processes, its site, and what it achieves. */

import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../src/app/adapters.ts';
import type { Role } from '../src/app/app.ts';
import { loadConfig } from '../src/config/load.ts';
import { migrate } from '../src/database/migrations/migrate.ts';
import { changeConfiguration } from '../src/database/queries/configuration.ts';
import { hostQueries } from '../src/database/queries/hosts.ts';
import { pluginQueries } from '../src/database/queries/plugins.ts';
import { suiteQueries } from '../src/database/queries/suites.ts';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { DEFAULT_CONTROL } from '../src/model/check-control.ts';
import { DEFAULT_HOST_POLICY, DEFAULT_POLICY } from '../src/model/check-policy.ts';
import type { Plugin } from '../src/model/objects.ts';
import { treeCpuMs } from './tree-cpu.ts';

/** How a system is built. */
export interface SystemOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** The roles of each process. */
  readonly processes: readonly (readonly Role[])[];
}

/** What is run, how often, on how many hosts. */
export interface Load {
  readonly run: Plugin['run'];
  readonly params: string;
  readonly intervalS: number;
  readonly hostCount: number;
}

/** What was achieved in a span. */
export interface Achievement {
  readonly checksPerSecond: number;
  /** Busy time of the whole machine for one stored check, milliseconds. */
  readonly cpuMsPerCheck: number;
  /** CPU time of the processes of the system and the plugins alone, milliseconds. */
  readonly ownCpuMsPerCheck: number;
  /** From due time to stored state, seconds; upper bounds of histogram buckets. */
  readonly latencyMedianS: number;
  readonly latencyP99S: number;
  /** Resident memory of each process at the end, MB. */
  readonly memoryMb: readonly number[];
}

/**
 * Runs the load and measures for `measureS`, after `warmUpS` from when each check has had a result: the
 * first one makes its rows and its statistics file.
 */
export async function measureSystem(
  options: SystemOptions,
  load: Load,
  span: { readonly warmUpS: number; readonly measureS: number },
): Promise<Achievement> {
  await createSite(options.environment, load);
  const processes: ChildProcess[] = [];
  try {
    for (const roles of options.processes) {
      processes.push(await startProcess(roles, options.environment));
    }
    await allMeasured(processes);
    await sleep(systemClock, span.warmUpS * 1_000);
    const before = await readMetrics(processes);
    const cpuBefore = readBusyMs();
    const ownCpuBefore = readOwnCpuMs(processes);
    const startedAt = performance.now();
    await sleep(systemClock, span.measureS * 1_000);
    const after = await readMetrics(processes);
    const elapsedS = (performance.now() - startedAt) / 1_000;
    const busyMs = readBusyMs() - cpuBefore;
    const ownMs = readOwnCpuMs(processes) - ownCpuBefore;
    const stored = seriesValue(after, STORED) - seriesValue(before, STORED);
    return {
      checksPerSecond: stored / elapsedS,
      cpuMsPerCheck: busyMs / stored,
      ownCpuMsPerCheck: ownMs / stored,
      latencyMedianS: quantile(before, after, 0.5),
      latencyP99S: quantile(before, after, 0.99),
      memoryMb: processes.map((child) => readResidentMb(child.pid ?? 0)),
    };
  } finally {
    await Promise.all(processes.map(stopProcess));
  }
}

async function allMeasured(processes: readonly ChildProcess[]): Promise<void> {
  const endAt = performance.now() + MAX_FIRST_RESULTS_S * 1_000;
  while (performance.now() < endAt) {
    await sleep(systemClock, 1_000);
    const metrics = await readMetrics(processes);
    if (seriesValue(metrics, STORED) > 0 && seriesValue(metrics, PENDING) === 0) return;
  }
  process.stderr.write(`some checks had no result within ${MAX_FIRST_RESULTS_S} s\n`);
}

function readOwnCpuMs(processes: readonly ChildProcess[]): number {
  return processes.reduce((sum, { pid = 0 }) => sum + treeCpuMs(pid), 0);
}

/** How long checks may take to their first results, under more load than there is room for. */
const MAX_FIRST_RESULTS_S = 60;

const STORED = 'ppalette_grey_results_total';
const PENDING = 'ppalette_grey_checks{state="pending"}';
const LATENCY = 'ppalette_grey_store_latency_seconds_bucket';

async function createSite(
  environment: Readonly<Record<string, string>>,
  load: Load,
): Promise<void> {
  const { config } = await loadConfig({ environment });
  const { signal } = new AbortController();
  const context = { clock: systemClock, random: Math.random, log: silentLog(), signal };
  const database = await openDatabase(config, context);
  await migrate(database);
  await changeConfiguration(database, { at: Date.now(), actor: 'test' }, async (change) => {
    const suite = { name: 'bench', description: '', hosts: [], plugins: [], subnets: [] };
    await suiteQueries.insert(change, randomUUID(), suite);
    await pluginQueries.insert(change, randomUUID(), {
      name: 'bench',
      run: load.run,
      ssh: false,
      params: load.params,
      intervalMs: load.intervalS * 1_000,
      timeoutMs: 10_000,
      policy: DEFAULT_POLICY,
      ...DEFAULT_CONTROL,
      hostCheck: false,
      description: '',
      suites: ['bench'],
    });
    for (let index = 0; index < load.hostCount; index++) {
      await hostQueries.insert(change, randomUUID(), {
        name: `host-${index}`,
        address: `host-${index}.bench`,
        login: 'violet',
        sshPort: 22,
        maintenance: false,
        // As Nagios does not: every single result is kept.
        history: true,
        zone: 'default',
        subnet: null,
        suites: ['bench'],
        labels: {},
        vars: {},
        hostCheck: null,
        eventHandlerPeriod: null,
        parents: [],
        policy: DEFAULT_HOST_POLICY,
        overrides: {},
      });
    }
  });
  await database.close();
}

/** Starts a process with these roles; resolves when it is ready. */
export function startProcess(
  roles: readonly Role[],
  environment: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'role.js'), roles, {
    env: { PATH: process.env['PATH'], ...environment },
  });
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`${roles.join('+')} ended with ${code}`)));
  });
}

/** Ends it as a service manager does. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const timer = setTimeout(() => child.kill('SIGKILL'), 35_000);
  child.send('stop');
  await exited;
  clearTimeout(timer);
}

/** Sums of all processes by series (name and labels). */
async function readMetrics(processes: readonly ChildProcess[]): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for (const child of processes) {
    const text = await new Promise<string>((resolve) => {
      child.once('message', (message) => resolve(String(message)));
      child.send('metrics');
    });
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const space = line.lastIndexOf(' ');
      const series = line.slice(0, space);
      sums.set(series, (sums.get(series) ?? 0) + Number(line.slice(space + 1)));
    }
  }
  return sums;
}

function seriesValue(metrics: ReadonlyMap<string, number>, series: string): number {
  return metrics.get(series) ?? 0;
}

/** The upper bound of the bucket that the quantile of the span lies in. */
function quantile(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  share: number,
): number {
  const buckets = [...after]
    .filter(([series]) => series.startsWith(LATENCY))
    .map(([series, count]) => ({
      bound: /le="([^"]+)"/.exec(series)?.[1] ?? '',
      count: count - seriesValue(before, series),
    }))
    .map(({ bound, count }) => ({ bound: bound === '+Inf' ? Infinity : Number(bound), count }))
    .sort((a, b) => a.bound - b.bound);
  const total = buckets.at(-1)?.count ?? 0;
  return buckets.find(({ count }) => count >= total * share)?.bound ?? Number.NaN;
}

/** Busy time of all cores since the machine started, milliseconds; Linux. */
export function readBusyMs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const ticksPerSecond = 100;
  return ((user + nice + system + irq + softIrq) * 1_000) / ticksPerSecond;
}

function readResidentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
}
