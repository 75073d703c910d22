/**
 * Section 7: one downtime of one object, a time in which problems are expected. Part of an object's
 * state from when it is registered until it is over.
 *
 * | phase     | enters by                              | leaves by                                    |
 * | waiting   | registration                           | its start, its trigger; its end (expired)    |
 * | active    | start (fixed); a problem (flexible);   | its end; the end of its trigger; cancelling  |
 * |           | its trigger's start                    |                                              |
 *
 * A waiting flexible downtime is *armed* between its start and end.
 */

/** A planned downtime. Instants are milliseconds since the epoch. */
export interface Downtime {
  readonly id: string;
  readonly startAt: number;
  readonly endAt: number;
  /** True: in effect from start to end. False: from a problem between them, for `durationMs`. */
  readonly isFixed: boolean;
  /** Ignored when fixed. */
  readonly durationMs: number;
  /** The downtime, of any object, with which this one starts and ends; null when of its own. */
  readonly triggeredBy: string | null;
  readonly author: string;
  readonly comment: string;
  /** Which version of its plan this is; a newer one takes the place of an older. Default: 0. */
  readonly revision?: number;
}

/** A downtime as its object remembers it. */
export interface DowntimeEntry {
  readonly downtime: Downtime;
  /** Null while it waits. */
  readonly startedAt: number | null;
  /** When it ends of itself, once started; else when it expires. */
  readonly endsAt: number;
}

/** What time alone does to a downtime. */
export type DowntimeTurn = 'start' | 'end' | 'expire' | null;

/** What is wrong with a downtime that is to be registered; null when nothing is. */
export type DowntimeFault = 'over' | 'endBeforeStart' | 'noDuration' | null;

/** Why a downtime cannot be registered. */
export function faultOf(downtime: Downtime, at: number): DowntimeFault {
  const { startAt, endAt, isFixed, durationMs, triggeredBy } = downtime;
  if (endAt <= at) return 'over';
  if (triggeredBy === null && startAt >= endAt) return 'endBeforeStart';
  return isFixed || durationMs > 0 ? null : 'noDuration';
}

/** A downtime that waits. */
export function register(downtime: Downtime): DowntimeEntry {
  return { downtime, startedAt: null, endsAt: downtime.endAt };
}

/** The downtime in effect from `at`; a flexible one lasts its duration, even past its window. */
export function start({ downtime }: DowntimeEntry, at: number): DowntimeEntry {
  const endsAt = downtime.isFixed ? downtime.endAt : at + downtime.durationMs;
  return { downtime, startedAt: at, endsAt };
}

/** The downtime as its changed plan has it; null when it has that, or a newer one, already. */
export function replan(entry: DowntimeEntry, downtime: Downtime): DowntimeEntry | null {
  if ((downtime.revision ?? 0) <= (entry.downtime.revision ?? 0)) return null;
  if (entry.startedAt === null) return register(downtime);
  return start({ ...entry, downtime }, entry.startedAt);
}

/** What is due at `at`. */
export function turnAt(entry: DowntimeEntry, at: number): DowntimeTurn {
  if (entry.endsAt <= at) return isActive(entry) ? 'end' : 'expire';
  const { isFixed, triggeredBy, startAt } = entry.downtime;
  return isFixed && triggeredBy === null && !isActive(entry) && startAt <= at ? 'start' : null;
}

/** When time alone does something to it next, given that nothing is due now. */
export function nextTurnAt(entry: DowntimeEntry): number {
  const { isFixed, triggeredBy, startAt } = entry.downtime;
  const startsItself = isFixed && triggeredBy === null && !isActive(entry);
  return startsItself ? startAt : entry.endsAt;
}

/** Whether it is in effect. */
export function isActive({ startedAt }: DowntimeEntry): boolean {
  return startedAt !== null;
}

/** Whether a problem at `at` would start it. */
export function isArmed(entry: DowntimeEntry, at: number): boolean {
  const { isFixed, triggeredBy, startAt } = entry.downtime;
  if (isFixed || triggeredBy !== null || isActive(entry)) return false;
  return startAt <= at && at < entry.endsAt;
}
