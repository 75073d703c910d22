/** Common statistics of the whole site, every N seconds, by one grey. */

import type { Database } from '../database/database.ts';
import { startLease } from '../database/lease.ts';
import { readTotals } from '../database/queries/totals.ts';
import { markLostWorkers } from '../database/queries/workers.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import { MISSING_HEARTBEATS } from '../model/worker.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import { COMMON_FILE_NAME, commonDefinition, commonSample } from '../rrd/series.ts';
import { alignToStep, createSeriesWriter } from './series.ts';

/** What the statistics work with. */
export interface StatisticsOptions {
  readonly database: Database;
  readonly rrd: RrdStore;
  readonly intervalMs: number;
  /** Unique among all greys. */
  readonly holder: string;
  /** Resident memory of this process in KiB. */
  readonly readRamUsedKib: () => number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts counting, at once and then at the interval, while this grey holds the lease. */
export async function startStatistics(
  options: StatisticsOptions,
): Promise<{ stop(): Promise<void> }> {
  const { database, clock, log } = options;
  const definition = commonDefinition(Math.max(1, Math.round(options.intervalMs / 1_000)));
  const writeSeries = createSeriesWriter(options);
  let outage = false;
  const lease = await startLease({
    database,
    name: 'statistics',
    holder: options.holder,
    clock,
    log,
  });

  const noteLostWorkers = async () => {
    const now = clock.now();
    const lost = await database.transaction((sql) => markLostWorkers(sql, now, MISSING_HEARTBEATS));
    if (lost.length > 0) log.warn({ workers: lost }, 'workers are lost: no heartbeats any more');
  };
  const count = async () => {
    if (!lease.isHeld()) return;
    await noteLostWorkers();
    const totals = await readTotals(database);
    outage = false;
    const counts = {
      checksOk: totals.states.ok,
      checksWarn: totals.states.warning,
      checksError: totals.states.critical,
      checksIncorrect: totals.states.unknown,
      checksAll: totals.checksAll,
      checksActive: totals.checksActive,
      hostsAll: totals.hosts.all,
      hostsActive: totals.hosts.active,
      hostsActiveUp: totals.hosts.up,
      ramUsedKib: options.readRamUsedKib(),
    };
    const sample = commonSample(counts, alignToStep(clock.now() / 1_000, definition.stepS));
    await writeSeries(COMMON_FILE_NAME, definition, sample);
  };
  const onError = (error: unknown) => {
    if (!outage) log.warn({ error }, 'common statistics cannot be counted');
    outage = true;
  };
  await count().catch(onError);
  const counting = repeat(clock, options.intervalMs, count, onError);
  return {
    async stop() {
      await counting.stop();
      await lease.stop();
    },
  };
}
