/** What is kept of heartbeats and of the whole site: names, files, archives and samples. */

import { createHash } from 'node:crypto';
import { formatFileName } from './file-name.ts';
import type { Archive, Consolidation, RrdDefinition, Sample } from './rrd.ts';

/** The figures of a heartbeat that are kept; counts, per second, KiB. `sentAt`: ms since the epoch. */
export interface WorkerFigures {
  readonly sentAt: number;
  readonly workerCount: number;
  readonly workerAlive: number;
  readonly consumersCount: number;
  readonly consumersAlive: number;
  readonly publishersCount: number;
  readonly publishersAlive: number;
  readonly inputQueueSize: number;
  readonly throughput: number;
  readonly ramUsedKib: number;
}

/** The totals of the site that are kept; `active` leaves out hosts in maintenance. */
export interface CommonCounts {
  readonly checksOk: number;
  readonly checksWarn: number;
  readonly checksError: number;
  readonly checksIncorrect: number;
  readonly checksAll: number;
  readonly checksActive: number;
  readonly hostsAll: number;
  readonly hostsActive: number;
  readonly hostsActiveUp: number;
  readonly ramUsedKib: number;
}

/** A data source and the figure that goes into it. */
type Field<Figures> = readonly [name: string, read: (figures: Figures) => number];

const WORKER_FIELDS: readonly Field<WorkerFigures>[] = [
  ['worker_count', (heartbeat) => heartbeat.workerCount],
  ['worker_alive', (heartbeat) => heartbeat.workerAlive],
  ['consumers_count', (heartbeat) => heartbeat.consumersCount],
  ['consumers_alive', (heartbeat) => heartbeat.consumersAlive],
  ['publishers_count', (heartbeat) => heartbeat.publishersCount],
  ['publishers_alive', (heartbeat) => heartbeat.publishersAlive],
  ['input_queue_size', (heartbeat) => heartbeat.inputQueueSize],
  ['throughput', (heartbeat) => heartbeat.throughput],
  ['ram_used', (heartbeat) => heartbeat.ramUsedKib],
];

const COMMON_FIELDS: readonly Field<CommonCounts>[] = [
  ['checks_ok', (counts) => counts.checksOk],
  ['checks_warn', (counts) => counts.checksWarn],
  ['checks_error', (counts) => counts.checksError],
  ['checks_incorrect', (counts) => counts.checksIncorrect],
  ['checks_all', (counts) => counts.checksAll],
  ['checks_active', (counts) => counts.checksActive],
  ['hosts_all', (counts) => counts.hostsAll],
  ['hosts_active', (counts) => counts.hostsActive],
  ['hosts_active_up', (counts) => counts.hostsActiveUp],
  ['ram_used', (counts) => counts.ramUsedKib],
];

/** Names of what is kept of each worker, in file order. */
export const WORKER_SERIES: readonly string[] = WORKER_FIELDS.map(([name]) => name);
/** Names of what is kept of the site, in file order. */
export const COMMON_SERIES: readonly string[] = COMMON_FIELDS.map(([name]) => name);

/** The file of the site's totals; no worker's file has this name. */
export const COMMON_FILE_NAME = 'common';

const CONSOLIDATIONS: readonly Consolidation[] = ['AVERAGE', 'MIN', 'MAX'];
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
/** How long which resolution is kept, finest first. */
const SPANS: readonly { readonly resolutionS: number; readonly spanS: number }[] = [
  { resolutionS: MINUTE_S, spanS: 2 * DAY_S },
  { resolutionS: 5 * MINUTE_S, spanS: 14 * DAY_S },
  { resolutionS: HOUR_S, spanS: 730 * DAY_S },
];
/** How long the single values are kept when they come more often than once a minute. */
const NATIVE_SPAN_S = HOUR_S;
/** So many steps without a value are bridged: one lost heartbeat is no gap. */
const BRIDGED_STEPS = 3;
/** The longest safe form of a worker's id that becomes its file name as it is. */
const MAX_SAFE_ID_LENGTH = 200;

/** The file of a worker that sends a heartbeat every `stepS` seconds, a whole number from 1. */
export function workerDefinition(stepS: number): RrdDefinition {
  return define(WORKER_SERIES, stepS);
}

/** The file of totals that are counted every `stepS` seconds, a whole number from 1. */
export function commonDefinition(stepS: number): RrdDefinition {
  return define(COMMON_SERIES, stepS);
}

/** What a heartbeat says, for a file made by `workerDefinition`. */
export function workerSample(heartbeat: WorkerFigures): Sample {
  return {
    atS: Math.floor(heartbeat.sentAt / 1_000),
    values: WORKER_FIELDS.map(([, read]) => read(heartbeat)),
  };
}

/** The totals at `atS`, seconds since the epoch, for a file made by `commonDefinition`. */
export function commonSample(counts: CommonCounts, atS: number): Sample {
  return { atS, values: COMMON_FIELDS.map(([, read]) => read(counts)) };
}

/**
 * The file of a worker: `worker-` and its id in the safe alphabet. An id that gets too long in it is
 * replaced by its hash, with a prefix that keeps it apart. Throws an assertion for an empty id.
 */
export function workerFileName(id: string): string {
  const safeLength = Buffer.from(id, 'utf8')
    .toString('latin1')
    .replace(/[^a-z0-9_-]/g, '%XX').length;
  if (safeLength <= MAX_SAFE_ID_LENGTH) return `worker-${formatFileName(id)}`;
  return `longworker-${createHash('sha256').update(id).digest('hex')}`;
}

function define(names: readonly string[], stepS: number): RrdDefinition {
  const heartbeatS = BRIDGED_STEPS * stepS;
  return {
    stepS,
    dataSources: names.map((name) => ({ name, kind: 'GAUGE', heartbeatS, min: 0, max: null })),
    archives: defineArchives(stepS),
  };
}

/** The archives of a file. Resolutions finer than the step become the step; of two that fall together the longer stays. */
export function defineArchives(stepS: number): Archive[] {
  const rowCounts = new Map<number, number>();
  const native = stepS < MINUTE_S ? [{ resolutionS: stepS, spanS: NATIVE_SPAN_S }] : [];
  for (const { resolutionS, spanS } of [...native, ...SPANS]) {
    const stepCount = Math.max(1, Math.round(resolutionS / stepS));
    const rowCount = Math.ceil(spanS / (stepCount * stepS));
    rowCounts.set(stepCount, Math.max(rowCount, rowCounts.get(stepCount) ?? 0));
  }
  return [...rowCounts].flatMap(([stepCount, rowCount]) =>
    CONSOLIDATIONS.map((consolidation) => ({ consolidation, stepCount, rowCount })),
  );
}
