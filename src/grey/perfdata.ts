/**
 * Performance data of stored results -> statistics files of their checks. It comes after the commit
 * and holds up nothing: what cannot be written in time is left out and counted.
 */

import type { Sql } from '../database/database.ts';
import {
  type CheckMetric,
  insertCheckMetrics,
  listCheckMetrics,
} from '../database/queries/check-metrics.ts';
import type { Log } from '../lib/log.ts';
import { Lru } from '../lib/lru.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { CheckResult } from '../messages/check-result.ts';
import type { ArchiveSpan } from '../model/archive-span.ts';
import type { Perfdatum } from '../model/check.ts';
import { Unavailable } from '../model/errors.ts';
import { checkDefinition, checkFileName } from '../rrd/check-series.ts';
import type { RrdDefinition, RrdStore } from '../rrd/rrd.ts';
import type { WriteFailures } from './write-failures.ts';

/** Results that may wait to be written. */
const MAX_WAITING = 20_000;
/** Checks whose metrics are remembered; about 400 bytes each. */
const MAX_CHECKS = 200_000;
/** Kinds of files that are remembered. */
const MAX_DEFINITIONS = 1_000;
/** Metrics of one check; more are left out. */
const MAX_METRICS = 100;
/** As long as the database's column. */
const MAX_LABEL_LENGTH = 255;
const DEFAULT_INTERVAL_MS = 60_000;

/** What the writer works with. */
export interface PerfdataOptions {
  readonly database: Sql;
  readonly rrd: RrdStore;
  readonly failures: WriteFailures;
  /** What new files keep. */
  readonly archives: readonly ArchiveSpan[];
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Takes results after they were stored. */
export interface PerfdataWriter {
  /** Never waits and never throws. */
  add(results: readonly CheckResult[]): void;
  /** Writes what waits. */
  stop(): Promise<void>;
}

/** A file of a check. */
interface CheckFile {
  readonly name: string;
  readonly definition: RrdDefinition;
  /** Whose values go where, in the order of the definition. */
  readonly labels: readonly string[];
}

/** What is known of a check. */
interface KnownCheck {
  readonly metrics: readonly CheckMetric[];
  /** Its files while it runs so often; null until they are asked for. */
  files: { readonly intervalS: number; readonly all: readonly CheckFile[] } | null;
}

/** The definition of a file of metrics with these units of a check that runs so often. */
type Define = (units: readonly string[], intervalS: number) => RrdDefinition;

/** Results that were not written, and the first reason. */
interface Failure {
  readonly count: number;
  readonly error: unknown;
}

/** Starts with nothing to write. */
export function startPerfdata(options: PerfdataOptions): PerfdataWriter {
  const { log } = options;
  const leftOut = options.metrics.counter(
    'ppalette_grey_perfdata_left_out_total',
    'Results whose performance data was not written, by reason.',
    ['reason'],
    ['overload', 'unavailable'],
  );
  const known = new Lru<number, KnownCheck>(MAX_CHECKS);
  const define = createDefinitions(options.archives);
  const waiting: CheckResult[] = [];
  options.metrics.gauge(
    'ppalette_grey_waiting_perfdata',
    'Results whose performance data waits to be written.',
    () => waiting.length,
  );
  let outage = false;
  let running: Promise<void> | undefined;

  /** Resolves to how many were not written, and why. */
  const write = async (results: readonly CheckResult[]): Promise<Failure> => {
    try {
      await learnMetrics(options.database, known, results);
    } catch (error) {
      // What was read of the metrics may not have been stored.
      known.clear();
      return { count: results.length, error };
    }
    const owners: CheckResult[] = [];
    const writes = results.flatMap((result) => {
      const check = known.get(result.checkId);
      if (check === undefined) return [];
      const own = writeResult(options.rrd, check, { result, define });
      for (let index = 0; index < own.length; index++) owners.push(result);
      return own;
    });
    const failed = new Set<CheckResult | undefined>();
    let reason: unknown = null;
    for (const [index, outcome] of (await Promise.allSettled(writes)).entries()) {
      if (outcome.status === 'fulfilled') continue;
      failed.add(owners[index]);
      reason ??= outcome.reason;
    }
    for (const result of failed) if (result !== undefined) known.delete(result.checkId);
    return { count: failed.size, error: reason };
  };

  const run = async () => {
    for (let part = waiting.splice(0, 1_000); part.length > 0; part = waiting.splice(0, 1_000)) {
      const { count, error } = await write(part);
      if (count === 0) {
        outage = false;
        options.failures.note('checks', null);
        continue;
      }
      if (error instanceof Error) options.failures.note('checks', error);
      leftOut.add(count, { reason: 'unavailable' });
      if (!outage) log.warn({ error }, 'performance data cannot be written');
      if (!(error instanceof Unavailable)) log.error({ error }, 'performance data failed');
      outage = true;
    }
    running = undefined;
  };

  return {
    add(results) {
      for (const result of results) {
        if (result.perfdata.length === 0) continue;
        if (waiting.length < MAX_WAITING) waiting.push(result);
        else leftOut.add(1, { reason: 'overload' });
      }
      if (waiting.length > 0) running ??= run();
    },
    async stop() {
      await running;
    },
  };
}

/** Makes sure that the metrics of all these results are known and have their places. */
async function learnMetrics(
  database: Sql,
  known: Lru<number, KnownCheck>,
  results: readonly CheckResult[],
): Promise<void> {
  // Also of those with metrics that seem new: another grey may have placed them meanwhile.
  const unread = new Set<number>();
  for (const { checkId, perfdata } of results) {
    const check = known.get(checkId);
    if (check === undefined || placeNewMetrics(checkId, check.metrics, perfdata).length > 0) {
      unread.add(checkId);
    }
  }
  for (const checkId of unread) known.set(checkId, { metrics: [], files: null });
  for (const metric of await listCheckMetrics(database, [...unread])) {
    const former = known.get(metric.checkId)?.metrics ?? [];
    known.set(metric.checkId, { metrics: [...former, metric], files: null });
  }
  const added: CheckMetric[] = [];
  for (const { checkId, perfdata } of results) {
    const former = known.get(checkId)?.metrics ?? [];
    const fresh = placeNewMetrics(checkId, former, perfdata);
    if (fresh.length === 0) continue;
    known.set(checkId, { metrics: [...former, ...fresh], files: null });
    added.push(...fresh);
  }
  await insertCheckMetrics(database, added);
}

/** Places for the metrics that are new: all in one further file. */
function placeNewMetrics(
  checkId: number,
  known: readonly CheckMetric[],
  perfdata: readonly Perfdatum[],
): CheckMetric[] {
  const labels = new Set(known.map(({ label }) => label));
  const fileNumber =
    known.reduce((highest, metric) => Math.max(highest, metric.fileNumber), -1) + 1;
  const fresh: CheckMetric[] = [];
  for (const { label, unit, value } of perfdata) {
    // Without a value it shows no unit, which decides what kind of source it is for good.
    if (value === null || labels.has(label) || label.length > MAX_LABEL_LENGTH) continue;
    if (known.length + fresh.length >= MAX_METRICS) break;
    labels.add(label);
    const sourceNumber = fresh.length;
    fresh.push({ checkId, label, unit: unit.slice(0, 50), fileNumber, sourceNumber });
  }
  return fresh;
}

/** One sample for each file of the check; what the result does not tell is unknown. */
function writeResult(
  rrd: RrdStore,
  check: KnownCheck,
  { result, define }: { readonly result: CheckResult; readonly define: Define },
): Promise<number>[] {
  const intervalS = (result.intervalMs ?? DEFAULT_INTERVAL_MS) / 1_000;
  if (check.files?.intervalS !== intervalS) {
    check.files = { intervalS, all: filesOf(check.metrics, (units) => define(units, intervalS)) };
  }
  const values = new Map(result.perfdata.map(({ label, value }) => [label, value]));
  const atS = Math.floor(result.finishedAt / 1_000);
  return check.files.all.map(({ name, definition, labels }) =>
    rrd.update(name, definition, [{ atS, values: labels.map((one) => values.get(one) ?? null) }]),
  );
}

/** The files of a check, by its metrics in the order of their places. */
function filesOf(
  metrics: readonly CheckMetric[],
  define: (units: readonly string[]) => RrdDefinition,
): CheckFile[] {
  const files = new Map<string, CheckMetric[]>();
  for (const metric of metrics) {
    const name = checkFileName(metric.checkId, metric.fileNumber);
    const file = files.get(name);
    if (file) file.push(metric);
    else files.set(name, [metric]);
  }
  return [...files].map(([name, sources]) => ({
    name,
    definition: define(sources.map(({ unit }) => unit)),
    labels: sources.map(({ label }) => label),
  }));
}

/** Definitions of files; those that are alike are one, so that adapters know it again. */
function createDefinitions(archives: readonly ArchiveSpan[]): Define {
  const made = new Lru<string, RrdDefinition>(MAX_DEFINITIONS);
  return (units, intervalS) => {
    const key = JSON.stringify([intervalS, units]);
    const known = made.get(key);
    if (known !== undefined) return known;
    const metrics = units.map((unit) => ({ unit }));
    const definition = checkDefinition(metrics, intervalS, archives);
    made.set(key, definition);
    return definition;
  };
}
