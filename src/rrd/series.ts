/** What is kept of heartbeats and of the whole site: names, files, archives and samples. */

import { createHash } from 'node:crypto';
import type { ArchiveSpan } from '../model/archive-span.ts';
import { DEFAULT_SPANS, defineArchives } from './archives.ts';
import { formatFileName } from './file-name.ts';
import type { RrdDefinition, Sample } from './rrd.ts';

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
  readonly hostsDown: number;
  readonly hostsUnreachable: number;
  readonly problemsSoft: number;
  readonly problemsUnhandled: number;
  /** Sent minus due, seconds; null while nothing is sent. */
  readonly latenessMedianS: number | null;
  readonly latenessP99S: number | null;
  /** Per second. */
  readonly checksMissed: number;
  readonly resultsStored: number;
}

/** A data source and the figure that goes into it. */
type Field<Figures> = readonly [name: string, read: (figures: Figures) => number | null];

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

/** What the original kept. */
const FIRST_COMMON_FIELDS: readonly Field<CommonCounts>[] = [
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

/** In a file of their own: one that is there cannot gain fields. */
const FURTHER_COMMON_FIELDS: readonly Field<CommonCounts>[] = [
  ['hosts_down', (counts) => counts.hostsDown],
  ['hosts_unreachable', (counts) => counts.hostsUnreachable],
  ['problems_soft', (counts) => counts.problemsSoft],
  ['problems_unhandled', (counts) => counts.problemsUnhandled],
  ['lateness_median', (counts) => counts.latenessMedianS],
  ['lateness_p99', (counts) => counts.latenessP99S],
  ['missed_per_second', (counts) => counts.checksMissed],
  ['results_per_second', (counts) => counts.resultsStored],
];

/** Names of what is kept of each worker, in file order. */
export const WORKER_SERIES: readonly string[] = WORKER_FIELDS.map(([name]) => name);
/** The files of the site's totals and what is in each; no worker's file has such a name. */
const COMMON_FILES = [
  { name: 'common', fields: FIRST_COMMON_FIELDS },
  { name: 'common-more', fields: FURTHER_COMMON_FIELDS },
] as const;

/** The names of these files. */
export const COMMON_FILE_NAMES: readonly string[] = COMMON_FILES.map(({ name }) => name);

/** So many steps without a value are bridged: one lost heartbeat is no gap. */
const BRIDGED_STEPS = 3;
/** The longest safe form of a worker's id that becomes its file name as it is. */
const MAX_SAFE_ID_LENGTH = 200;

/** The file of a worker that sends a heartbeat every `stepS` seconds, a whole number from 1. */
export function workerDefinition(stepS: number, spans?: readonly ArchiveSpan[]): RrdDefinition {
  return define(WORKER_SERIES, stepS, spans);
}

/** What a heartbeat says, for a file made by `workerDefinition`. */
export function workerSample(heartbeat: WorkerFigures): Sample {
  return {
    atS: Math.floor(heartbeat.sentAt / 1_000),
    values: WORKER_FIELDS.map(([, read]) => read(heartbeat)),
  };
}

/**
 * What goes into which file for the totals at `atS`, seconds since the epoch, that are counted every
 * `stepS` seconds, a whole number from 1.
 */
export function commonWrites(
  counts: CommonCounts,
  {
    atS,
    stepS,
    spans,
  }: { readonly atS: number; readonly stepS: number; readonly spans?: readonly ArchiveSpan[] },
): readonly {
  readonly name: string;
  readonly definition: RrdDefinition;
  readonly sample: Sample;
}[] {
  return COMMON_FILES.map(({ name, fields }) => ({
    name,
    definition: define(
      fields.map(([source]) => source),
      stepS,
      spans,
    ),
    sample: { atS, values: fields.map(([, read]) => read(counts)) },
  }));
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

function define(
  names: readonly string[],
  stepS: number,
  spans: readonly ArchiveSpan[] = DEFAULT_SPANS,
): RrdDefinition {
  const heartbeatS = BRIDGED_STEPS * stepS;
  return {
    stepS,
    dataSources: names.map((name) => ({ name, kind: 'GAUGE', heartbeatS, min: 0, max: null })),
    archives: defineArchives(stepS, spans),
  };
}
