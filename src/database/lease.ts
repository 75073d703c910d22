/**
 * A lease: one of many processes acts, the others stand by (the scheduler among reds, the keeper of
 * common statistics among greys).
 *
 * | state   | every beat                                  | goes on to                              |
 * | standby | reads the row; takes it when it is free, or | held, with a new fence                  |
 * |         | has not changed for the time to live        |                                         |
 * | held    | renews the row by compare-and-set           | standby, when somebody else changed it  |
 *
 * No clock but each process's own monotonic one is used, so clock skew between machines cannot break it.
 * A holder that cannot renew (database away, process stopped and continued) knows by its own clock
 * that the lease has lapsed, before anybody else can have taken it.
 */

import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Database } from './database.ts';
import { type LeaseRow, readLease, replaceLease } from './queries/lease.ts';

/** Without renewal for this long, a lease may be taken. */
const TIME_TO_LIVE_MS = 3_000;
/** The holder stops relying on it a little earlier. */
const SAFETY_MS = 500;
const BEAT_MS = 500;

/** A running claim on the lease. */
export interface Lease {
  /** Whether this holder may act at this very moment. */
  isHeld(): boolean;
  /** Gives it back, so that another takes over at once, and stops claiming. */
  stop(): Promise<void>;
}

/** Claims the lease `name` for `holder`, once before it resolves and then for ever. */
export async function startLease(options: {
  database: Database;
  name: string;
  holder: string;
  clock: Clock;
  log: Log;
  /** Called each time that the lease was gained. */
  onGained?: () => void;
}): Promise<Lease> {
  const { database, name, holder, clock, log } = options;
  let held: { row: LeaseRow; renewedAt: number } | undefined;
  let observed: { row: LeaseRow; since: number } | undefined;
  let outage = false;

  const isHeld = () =>
    held !== undefined && clock.monotonic() - held.renewedAt < TIME_TO_LIVE_MS - SAFETY_MS;

  const renew = async (row: LeaseRow) => {
    const startedAt = clock.monotonic();
    const next = { ...row, beat: row.beat + 1 };
    if (await replaceLease(database, name, row, next)) {
      held = { row: next, renewedAt: startedAt };
      return;
    }
    held = undefined;
    observed = undefined;
    log.warn({ lease: name }, 'another process took the lease over');
  };

  const claim = async () => {
    const startedAt = clock.monotonic();
    const row = await readLease(database, name);
    const unchanged =
      observed !== undefined && observed.row.fence === row.fence && observed.row.beat === row.beat;
    if (!unchanged) observed = { row, since: startedAt };
    const isFree =
      row.holder === null || startedAt - (observed?.since ?? startedAt) >= TIME_TO_LIVE_MS;
    if (!isFree) return;
    const next = { holder, fence: row.fence + 1, beat: row.beat + 1 };
    if (!(await replaceLease(database, name, row, next))) return;
    held = { row: next, renewedAt: startedAt };
    observed = undefined;
    log.info({ lease: name, fence: next.fence }, 'lease gained');
    options.onGained?.();
  };

  const beat = async () => {
    await (held ? renew(held.row) : claim());
    outage = false;
  };
  const onError = (error: unknown) => {
    if (!outage) log.warn({ error, lease: name }, 'cannot reach the lease, trying on');
    outage = true;
  };

  await beat().catch(onError);
  const beats = repeat(clock, BEAT_MS, beat, onError);
  return {
    isHeld,
    async stop() {
      await beats.stop();
      if (!held) return;
      const { row } = held;
      held = undefined;
      await replaceLease(database, name, row, { ...row, holder: null, beat: row.beat + 1 });
    },
  };
}
