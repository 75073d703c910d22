/** Common statistics of the whole site, every N seconds, by one grey. */

import type { Database } from '../database/database.ts';
import { type Lease, startLease } from '../database/lease.ts';
import { readTotals, type Totals } from '../database/queries/totals.ts';
import { markLostWorkers } from '../database/queries/workers.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import { MISSING_HEARTBEATS } from '../model/worker.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import { COMMON_FILE_NAME, commonDefinition, commonSample } from '../rrd/series.ts';
import { alignToStep, createSeriesWriter } from './series.ts';
import { createZoneWatch } from './zones.ts';

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
  let latest: Totals | null = null;
  const lease = await startLease({
    database,
    name: 'statistics',
    holder: options.holder,
    clock,
    log,
  });

  addSiteMetrics(options.metrics, { totals: () => (lease.isHeld() ? latest : null), lease });

  const noteLostWorkers = async () => {
    const now = clock.now();
    const lost = await database.transaction((sql) => markLostWorkers(sql, now, MISSING_HEARTBEATS));
    if (lost.length > 0) log.warn({ workers: lost }, 'workers are lost: no heartbeats any more');
  };
  const watchZones = createZoneWatch(options);
  const count = async () => {
    if (!lease.isHeld()) return;
    await noteLostWorkers();
    await watchZones();
    const totals = await readTotals(database);
    latest = totals;
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

/** The site in figures, told by the one grey that counts. */
function addSiteMetrics(
  metrics: Metrics,
  site: { readonly totals: () => Totals | null; readonly lease: Lease },
): void {
  const held = () => Number(site.lease.isHeld());
  metrics.gauge('ppalette_grey_statistics_lease', 'Whether this grey counts for all.', held);
  metrics.gauge(
    'ppalette_grey_checks',
    'Checks of hosts that are not in maintenance, by state.',
    () => {
      const totals = site.totals();
      const states = Object.entries(totals?.states ?? {});
      return states.map(([state, value]) => ({ labels: { state }, value }));
    },
    ['state'],
  );
  metrics.gauge(
    'ppalette_grey_hosts',
    'Hosts: all, those not in maintenance (active), and these by state.',
    () => {
      const totals = site.totals();
      if (totals === null) return [];
      return Object.entries(totals.hosts).map(([kind, value]) => ({ labels: { kind }, value }));
    },
    ['kind'],
  );
}
