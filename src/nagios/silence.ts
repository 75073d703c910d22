/**
 * Section 2.1, the use of history: from when on nothing is known of a check that has results by the
 * schedule, and why: the one rule by which red tells that results stay out, and by which grey finds it
 * out when the next one comes. So history is the same whoever was first. Pure.
 *
 * | after the newest result | from when | reason |
 * | the check period closes before the next one is due | when it would be overdue | outsidePeriod |
 * | the schedule stood still | when it is overdue | schedulerStopped |
 * | neither, or the time of a first run has passed since | when it is overdue | noResult |
 */

import { type Asking, patienceMs, SILENCE_GRACE_MS } from '../model/patience.ts';
import type { Span } from './planned.ts';
import type { PeriodCalendar } from './time/period-calendar.ts';

/** What silence is judged by. */
export interface SilenceScene {
  readonly asking: Asking;
  /** Due time of the newest result. */
  readonly newestAt: number;
  /** Now, or when the next result was taken. */
  readonly until: number;
  /** Of the check period; null: always. */
  readonly calendar: PeriodCalendar | null;
  /** When the schedule stood still, in order. */
  readonly stops: readonly Span[];
}

/** A stretch of silence; it lasts until the next, or until there is a result. */
export interface Silence {
  readonly fromAt: number;
  readonly reason: 'outsidePeriod' | 'schedulerStopped' | 'noResult';
}

const NEVER = Number.POSITIVE_INFINITY;
const NONE: readonly Silence[] = [];

/**
 * The silence between the newest result and `until`, in order; empty when there is none. What it is at
 * some time it stays: found later, with what stopped since, it begins with the same stretches.
 */
export function findSilence(scene: SilenceScene): readonly Silence[] {
  const { asking, newestAt, until, stops } = scene;
  if (until <= newestAt + patienceMs(asking)) return NONE;
  const overdueAt = findOverdueAt(scene);
  if (until <= overdueAt) return NONE;
  const { opensAt, faultAt } = lookAtPeriod(scene, overdueAt);
  const found: Silence[] = [];
  if (opensAt !== null) found.push({ fromAt: overdueAt, reason: 'outsidePeriod' });
  let missedAt = faultAt;
  for (const { from, to } of stops) {
    // Who starts again gives every check the time of a first run.
    if (to > (opensAt ?? newestAt) && from <= missedAt) {
      missedAt = Math.max(missedAt, Math.max(to, asking.since) + patienceMs(asking));
    }
  }
  if (missedAt > faultAt) found.push({ fromAt: faultAt, reason: 'schedulerStopped' });
  found.push({ fromAt: missedAt, reason: 'noResult' });
  return found.filter(({ fromAt }) => fromAt < until);
}

/**
 * The manner of asking may have changed since the newest result, and the former one is not known: then
 * silence counts from the change, or from a stop before it that is longer than patience.
 */
function findOverdueAt({ asking, newestAt, stops }: SilenceScene): number {
  const lastsMs = patienceMs(asking);
  if (asking.since <= newestAt) return newestAt + lastsMs;
  const stop = stops.find(
    ({ from, to }) => to > newestAt && from < asking.since && to - from > lastsMs,
  );
  return stop === undefined ? asking.since + lastsMs : Math.max(stop.from, newestAt + lastsMs);
}

/**
 * When silence that begins at `overdueAt` is a fault, and when the window opens that it waits for; null:
 * it waits for none.
 */
function lookAtPeriod(
  { asking, calendar, newestAt }: SilenceScene,
  overdueAt: number,
): { readonly opensAt: number | null; readonly faultAt: number } {
  if (calendar === null) return { opensAt: null, faultAt: overdueAt };
  const window = calendar.lastWindowAt(overdueAt);
  const stretch = calendar.stretchAt(overdueAt);
  if (window !== null && (stretch.isInside || newestAt < window.from)) {
    return { opensAt: null, faultAt: Math.max(overdueAt, firstMissedAt(asking, window)) };
  }
  const next = stretch.isEndless ? null : calendar.lastWindowAt(stretch.to);
  if (next === null) return { opensAt: NEVER, faultAt: NEVER };
  return { opensAt: next.from, faultAt: firstMissedAt(asking, next) };
}

/** When a window should have had a result: its first run is due within an interval, or within it. */
function firstMissedAt({ intervalMs, timeoutMs }: Asking, { from, to }: Span): number {
  return from + Math.min(intervalMs, to - from) + timeoutMs + SILENCE_GRACE_MS;
}
