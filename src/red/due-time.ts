/**
 * When a check is due: `k * interval + phase`, the phase being a hash of host and plugin. So load is
 * spread evenly, a restart causes no burst, and every red computes the same instants (ARCHITECTURE.md, decision 1).
 */

import { hash32 } from '../lib/hash.ts';

/** A check that never ran is due within this time, so that a new site shows states at once. */
const FIRST_RUN_SPREAD_MS = 10_000;

/** The due time of a check that the schedule does not run. */
export const NEVER = Number.POSITIVE_INFINITY;

/** What of a check decides its due times. */
export interface Rhythm {
  readonly intervalMs: number;
  /** Spread over 0..2^32-1 among checks. */
  readonly hash: number;
}

/** The rhythm of one plugin on one host. */
export function rhythmOf(hostId: string, pluginId: string, intervalMs: number): Rhythm {
  return { intervalMs, hash: hash32(`${hostId}/${pluginId}`) };
}

/** The first regular due time after `now`. */
export function nextDueAt(rhythm: Rhythm, now: number): number {
  return lastDueAt(rhythm, now) + rhythm.intervalMs;
}

/** The last regular due time at or before `now`. */
export function lastDueAt({ intervalMs, hash }: Rhythm, now: number): number {
  const phaseMs = hash % intervalMs;
  return Math.floor((now - phaseMs) / intervalMs) * intervalMs + phaseMs;
}

/**
 * The due time that follows `dueAt`, never in the past of `now`. Regular times come one after the
 * other; one less than half an interval after a first or made-up run is left out.
 */
export function followingDueAt(rhythm: Rhythm, dueAt: number, now: number): number {
  return nextDueAt(rhythm, Math.max(now, dueAt + Math.ceil(rhythm.intervalMs / 2) - 1));
}

/** The longest head start of a queue's expiry over that of the request. */
const MAX_HEAD_START_MS = 2_000;

/**
 * Until when a request may wait in its queue: a little shorter than it may be begun. A queue that
 * cannot be emptied always gives out what is about to expire, so without this a worker would get
 * nothing but requests that expire on their way to it, and under overload do no work at all.
 */
export function queueLimitAt(dueAt: number, expiresAt: number): number {
  return expiresAt - Math.min(Math.ceil((expiresAt - dueAt) / 10), MAX_HEAD_START_MS);
}

/**
 * When a check is due that this scheduler begins to care for. `lastScheduledAt`: due time of its last
 * result, null when it never had one.
 *
 * A due time that was missed while no scheduler ran is made up for: what was missed `d` ago is due
 * `d` from now, or at its next regular time if that comes first. Thus the missed checks run at the
 * rate at which they were missed, never as a burst, and long intervals do not wait a whole round.
 */
export function resumeDueAt(rhythm: Rhythm, lastScheduledAt: number | null, now: number): number {
  if (lastScheduledAt === null) {
    return now + (rhythm.hash % Math.min(FIRST_RUN_SPREAD_MS, rhythm.intervalMs));
  }
  const next = nextDueAt(rhythm, now);
  const last = lastDueAt(rhythm, now);
  if (lastScheduledAt >= last) return next;
  return Math.min(next, now + (now - last));
}
