/**
 * Forgets history that is older than wanted, kind by kind, in small parts with pauses, so that nobody who
 * stores or reads waits for it. Done by the grey that holds the lease.
 */

import type { Database } from '../database/database.ts';
import { startLease } from '../database/lease.ts';
import { deleteOldDiscoveries } from '../database/queries/discoveries.ts';
import {
  deleteOldDowntimeStretches,
  deleteOrphanedDowntimeStretches,
} from '../database/queries/downtime-stretches.ts';
import { deleteOldEvents } from '../database/queries/events.ts';
import {
  addResultPartitions,
  deleteOldRest,
  dropResultPartitions,
} from '../database/queries/result-partitions.ts';
import {
  deleteOldAudit,
  deleteOldDowntimes,
  deleteOldNames,
  deleteOldResults,
  deleteOldStretches,
  getNewestCheckId,
  listChecksWithOldHistory,
} from '../database/queries/retention.ts';
import { type Clock, repeat, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import { GONE_KINDS, type GoneKind, removeGoneFiles } from './gone-files.ts';

const DAY_MS = 86_400_000;
/** Between looks. */
const INTERVAL_MS = 600_000;
/** Rows of one statement, so that nobody waits for it. */
const PART = 2_000;
/** Numbers of checks whose history is looked at in one go. */
const CHECKS = 500;
/** After each part: who waits for a lock, or for the one connection of SQLite, comes first. */
const PAUSE_MS = 20;
/** On PostgreSQL, days that have a partition before they begin. */
const DAYS_AHEAD = 3;

/** For how many days each kind is kept; 0: for ever. */
export interface RetentionDays {
  readonly results: number;
  readonly states: number;
  readonly events: number;
  readonly downtimes: number;
  readonly discoveries: number;
  readonly audit: number;
  /** Since their last heartbeat. */
  readonly workers: number;
}

/** What this works with. */
export interface RetentionOptions {
  readonly database: Database;
  readonly rrd: RrdStore;
  readonly days: RetentionDays;
  /** Unique among all greys. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts forgetting. */
export async function startRetention(
  options: RetentionOptions,
): Promise<{ stop(): Promise<void> }> {
  const { database, rrd, holder, clock, log, metrics } = options;
  const stopping = new AbortController();
  const lease = await startLease({ database, name: 'retention', holder, clock, log });
  const isWanted = () => lease.isHeld() && !stopping.signal.aborted;
  const rounds = metrics.counter(
    'ppalette_grey_retention_rounds_total',
    'Rounds in which old history was deleted.',
  );
  const removed = metrics.counter(
    'ppalette_grey_removed_files_total',
    'Statistics files removed, because the check or the worker is gone.',
    ['kind'],
    GONE_KINDS,
  );
  const look = async () => {
    if (!isWanted()) return;
    const pause = () => sleep(clock, PAUSE_MS, stopping.signal);
    const round = { database, days: options.days, now: clock.now(), isWanted, pause };
    await forgetOld(round);
    const onRemoved = (kind: GoneKind) => removed.add(1, { kind });
    const failure = await removeGoneFiles({ ...round, rrd, onRemoved });
    if (failure) log.warn({ error: failure }, 'statistics files of what is gone stay');
    rounds.add();
  };
  const onError = (error: unknown) => log.warn({ error }, 'old history cannot be deleted');
  const first = look().catch(onError);
  const looks = repeat(clock, INTERVAL_MS, look, onError);
  return {
    async stop() {
      stopping.abort();
      await Promise.all([first, looks.stop()]);
      await lease.stop();
    },
  };
}

/** What one round works with. */
export interface Round {
  readonly database: Database;
  readonly days: RetentionDays;
  readonly now: number;
  /** Whether to go on. */
  readonly isWanted: () => boolean;
  /** Lets others come first. */
  readonly pause: () => Promise<void>;
}

/** One round: everything that is too old at `now`. */
export async function forgetOld(round: Round): Promise<void> {
  const { database, days, now } = round;
  const before = (kept: number) => (kept === 0 ? null : now - kept * DAY_MS);
  const [results, states] = [before(days.results), before(days.states)];
  if (database.traits.kind === 'postgres') {
    await addResultPartitions(database, now, DAYS_AHEAD);
    if (results !== null) await dropResultPartitions(database, results);
    await forgetRows(round, deleteOldRest, results);
  } else {
    await forgetHistory(round, 'result', results);
  }
  await forgetHistory(round, 'state_interval', states);
  await forgetRows(round, deleteOldDowntimeStretches, states);
  await forgetRows(round, deleteOrphanedDowntimeStretches, states);
  if (results !== null && states !== null) {
    await forgetRows(round, deleteOldNames, Math.min(results, states));
  }
  await forgetRows(round, deleteOldEvents, before(days.events));
  await forgetRows(round, deleteOldDowntimes, before(days.downtimes));
  await forgetRows(round, deleteOldDiscoveries, before(days.discoveries));
  await forgetRows(round, deleteOldAudit, before(days.audit));
}

async function forgetRows(
  { database, isWanted, pause }: Round,
  deletePart: (database: Database, before: number, limit: number) => Promise<number>,
  before: number | null,
): Promise<void> {
  if (before === null) return;
  while (isWanted()) {
    if ((await deletePart(database, before, PART)) < PART) return;
    await pause();
  }
}

async function forgetHistory(
  { database, isWanted, pause }: Round,
  table: 'result' | 'state_interval',
  before: number | null,
): Promise<void> {
  if (before === null) return;
  const deletePart = table === 'result' ? deleteOldResults : deleteOldStretches;
  const newest = await getNewestCheckId(database);
  for (let from = 1; from <= newest; from += CHECKS) {
    const span = { from, to: from + CHECKS, before };
    for (const checkId of await listChecksWithOldHistory(database, table, span)) {
      while (isWanted() && (await deletePart(database, checkId, { before, limit: PART }))) {
        await pause();
      }
    }
    if (!isWanted()) return;
    await pause();
  }
}
