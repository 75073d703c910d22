/** Common statistics of the whole site, every N seconds, by one grey. */

import type { Database } from '../database/database.ts';
import { type Lease, startLease } from '../database/lease.ts';
import {
  deleteServiceFigures,
  listServiceFigures,
  reportAgeMs,
  type ServiceFigures,
} from '../database/queries/service-figures.ts';
import { foldTallies, repairTallies } from '../database/queries/tallies.ts';
import { readTotals, type Totals } from '../database/queries/totals.ts';
import { markLostWorkers } from '../database/queries/workers.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { ArchiveSpan } from '../model/archive-span.ts';
import { MISSING_HEARTBEATS } from '../model/worker.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import { type CommonCounts, commonWrites } from '../rrd/series.ts';
import { alignToStep, createSeriesWriter } from './series.ts';
import type { WriteFailures } from './write-failures.ts';
import { createZoneWatch } from './zones.ts';

/** Changes are counted in so often: what is not yet, each list counts again for itself. */
const FOLD_INTERVAL_MS = 1_000;
/** How often everything is counted, in case the counts were ever wrong. */
const REPAIR_INTERVAL_MS = 3_600_000;
const FIGURES_KEPT_MS = 86_400_000;

/** What the statistics work with. */
export interface StatisticsOptions {
  readonly database: Database;
  readonly rrd: RrdStore;
  readonly failures: WriteFailures;
  /** What new files keep. */
  readonly archives: readonly ArchiveSpan[];
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
  const { database, clock, log, intervalMs } = options;
  const stepS = Math.max(1, Math.round(intervalMs / 1_000));
  const writeSeries = createSeriesWriter({ ...options, kind: 'common' });
  const wrongCount = options.metrics.counter(
    'ppalette_grey_wrong_totals_total',
    'Hosts and sums whose counts were found to be wrong, and put right.',
  );
  let outage = false;
  let latest: Totals | null = null;
  const lease = await startLease({
    ...{ database, clock, log },
    ...{ name: 'statistics', holder: options.holder },
  });

  addSiteMetrics(options.metrics, { totals: () => (lease.isHeld() ? latest : null), lease });

  const noteLostWorkers = async () => {
    const now = clock.now();
    const lost = await database.transaction((sql) => markLostWorkers(sql, now, MISSING_HEARTBEATS));
    if (lost.length > 0) log.warn({ workers: lost }, 'workers are lost: no heartbeats any more');
  };
  const watchZones = createZoneWatch(options);
  let folding: Promise<unknown> = Promise.resolve();
  const foldInTurn = () => {
    const turn = folding.catch(() => undefined).then(() => foldTallies(database));
    folding = turn;
    return turn;
  };
  const count = async () => {
    if (!lease.isHeld()) return;
    await noteLostWorkers();
    await watchZones();
    await foldInTurn();
    const totals = await readTotals(database);
    latest = totals;
    const services = await listServiceFigures(database, clock.now() - reportAgeMs(intervalMs));
    outage = false;
    const counts = countCommon(totals, services, options.readRamUsedKib());
    const atS = alignToStep(clock.now() / 1_000, stepS);
    for (const write of commonWrites(counts, { atS, stepS, spans: options.archives })) {
      await writeSeries(write.name, write.definition, write.sample);
    }
  };
  const fold = async () => {
    if (lease.isHeld()) await foldInTurn();
  };
  const repair = async () => {
    if (!lease.isHeld()) return;
    const wrong = await repairTallies(database);
    wrongCount.add(wrong);
    if (wrong > 0) log.warn({ wrong }, 'totals were wrong and are put right');
    await deleteServiceFigures(database, clock.now() - FIGURES_KEPT_MS);
  };
  const onError = (error: unknown) => {
    if (!outage) log.warn({ error }, 'common statistics cannot be counted');
    outage = true;
  };
  await count().catch(onError);
  const tasks = [
    repeat(clock, intervalMs, count, onError),
    repeat(clock, REPAIR_INTERVAL_MS, repair, onError),
    ...(intervalMs > FOLD_INTERVAL_MS ? [repeat(clock, FOLD_INTERVAL_MS, fold, onError)] : []),
  ];
  return {
    async stop() {
      await Promise.all(tasks.map((task) => task.stop()));
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
    'Hosts: all, those not in maintenance (active), and of these those in each state.',
    () => {
      const totals = site.totals();
      if (totals === null) return [];
      return Object.entries(totals.hosts).map(([kind, value]) => ({
        labels: { kind },
        value,
      }));
    },
    ['kind'],
  );
}

/** What is kept of the totals and of what the services tell. */
export function countCommon(
  totals: Totals,
  services: readonly ServiceFigures[],
  ramUsedKib: number,
): CommonCounts {
  const known = (name: string) =>
    services.flatMap(({ figures }) => (figures[name] === undefined ? [] : [figures[name]]));
  const sum = (name: string) => known(name).reduce((total, value) => total + value, 0);
  // One red schedules at a time; right after a takeover two may say that they do.
  const worstS = (name: string) => {
    const values = known(name);
    return values.length === 0 ? null : Math.max(...values) / 1_000;
  };
  return {
    checksOk: totals.states.ok,
    checksWarn: totals.states.warning,
    checksError: totals.states.critical,
    checksIncorrect: totals.states.unknown,
    checksAll: totals.checksAll,
    checksActive: totals.checksActive,
    hostsAll: totals.hosts.all,
    hostsActive: totals.hosts.active,
    hostsActiveUp: totals.hosts.up,
    ramUsedKib,
    hostsDown: totals.hosts.down,
    hostsUnreachable: totals.hosts.unreachable,
    problemsSoft: totals.softProblems,
    problemsUnhandled: totals.unhandledProblems,
    latenessMedianS: worstS('latenessMedianMs'),
    latenessP99S: worstS('latenessP99Ms'),
    checksMissed: sum('missedPerSecond'),
    resultsStored: sum('resultsPerSecond'),
  };
}
