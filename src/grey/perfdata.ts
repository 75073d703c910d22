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
import type { Perfdatum } from '../model/check.ts';
import { Unavailable } from '../model/errors.ts';
import { checkDefinition, checkFileName } from '../rrd/check-series.ts';
import type { RrdStore } from '../rrd/rrd.ts';

/** Results that may wait to be written. */
const MAX_WAITING = 20_000;
/** Checks whose metrics are remembered; about 200 bytes each. */
const MAX_CHECKS = 200_000;
/** Metrics of one check; more are left out. */
const MAX_METRICS = 100;
/** As long as the database's column. */
const MAX_LABEL_LENGTH = 255;
const DEFAULT_INTERVAL_MS = 60_000;

/** What the writer works with. */
export interface PerfdataOptions {
  readonly database: Sql;
  readonly rrd: RrdStore;
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

/** Starts with nothing to write. */
export function startPerfdata(options: PerfdataOptions): PerfdataWriter {
  const { log } = options;
  const leftOut = options.metrics.counter(
    'ppalette_grey_perfdata_left_out_total',
    'Results whose performance data was not written, by reason.',
    ['reason'],
    ['overload', 'unavailable'],
  );
  const known = new Lru<number, readonly CheckMetric[]>(MAX_CHECKS);
  const waiting: CheckResult[] = [];
  options.metrics.gauge(
    'ppalette_grey_waiting_perfdata',
    'Results whose performance data waits to be written.',
    () => waiting.length,
  );
  let outage = false;
  let running: Promise<void> | undefined;

  const write = async (results: readonly CheckResult[]) => {
    await learnMetrics(options.database, known, results);
    const writes = results.flatMap((result) =>
      writesOf(known.get(result.checkId) ?? [], result).map(({ name, definition, sample }) =>
        options.rrd.update(name, definition, [sample]),
      ),
    );
    const failed = (await Promise.allSettled(writes)).find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
  };

  const run = async () => {
    for (let part = waiting.splice(0, 1_000); part.length > 0; part = waiting.splice(0, 1_000)) {
      try {
        await write(part);
        outage = false;
      } catch (error) {
        leftOut.add(part.length, { reason: 'unavailable' });
        // What was read of the metrics may not have been stored.
        known.clear();
        if (!outage) log.warn({ error }, 'performance data cannot be written');
        if (!(error instanceof Unavailable)) log.error({ error }, 'performance data failed');
        outage = true;
      }
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
  known: Lru<number, readonly CheckMetric[]>,
  results: readonly CheckResult[],
): Promise<void> {
  const unknown = [...new Set(results.map(({ checkId }) => checkId))].filter(
    (checkId) => known.get(checkId) === undefined,
  );
  for (const checkId of unknown) known.set(checkId, []);
  for (const metric of await listCheckMetrics(database, unknown)) {
    known.set(metric.checkId, [...(known.get(metric.checkId) ?? []), metric]);
  }
  const added: CheckMetric[] = [];
  for (const { checkId, perfdata } of results) {
    const former = known.get(checkId) ?? [];
    const fresh = placeNewMetrics(checkId, former, perfdata);
    if (fresh.length === 0) continue;
    known.set(checkId, [...former, ...fresh]);
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
  for (const { label, unit } of perfdata) {
    if (labels.has(label) || label.length > MAX_LABEL_LENGTH) continue;
    if (known.length + fresh.length >= MAX_METRICS) break;
    labels.add(label);
    const sourceNumber = fresh.length;
    fresh.push({ checkId, label, unit: unit.slice(0, 50), fileNumber, sourceNumber });
  }
  return fresh;
}

/** One sample for each file of the check; what the result does not tell is unknown. */
function writesOf(metrics: readonly CheckMetric[], result: CheckResult) {
  const values = new Map(result.perfdata.map(({ label, value }) => [label, value]));
  const files = new Map<number, CheckMetric[]>();
  for (const metric of metrics) {
    const file = files.get(metric.fileNumber);
    if (file) file.push(metric);
    else files.set(metric.fileNumber, [metric]);
  }
  const intervalS = (result.intervalMs ?? DEFAULT_INTERVAL_MS) / 1_000;
  return [...files].map(([fileNumber, sources]) => ({
    name: checkFileName(result.checkId, fileNumber),
    definition: checkDefinition(sources, intervalS),
    sample: {
      atS: Math.floor(result.finishedAt / 1_000),
      values: sources.map(({ label }) => values.get(label) ?? null),
    },
  }));
}
