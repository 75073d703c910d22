/**
 * Section 10.3: time periods, the times at which something may happen. `parse-time-period.ts` makes
 * them from text. By the clocks on the wall of the period's zone, so that an hour that is skipped in
 * spring is nowhere inside, and one that is repeated in autumn is inside twice.
 */

import { civilDate, weekdayOf } from './civil-day.ts';
import { type DaySpan, isInSpan } from './day-span.ts';
import { instantsOf, shiftWithin, startOfDay, wallTimeAt, type Zone } from './zone.ts';

/** Seconds of a day from and to, both inside; `to` is at most 86400. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** Days that have ranges of their own. */
export interface DayException {
  readonly span: DaySpan;
  /** Empty: nothing of those days. */
  readonly ranges: readonly TimeRange[];
}

/** When something may happen. */
export interface TimePeriod {
  readonly zone: Zone;
  /** By weekday, from Sunday on. */
  readonly weekdays: readonly (readonly TimeRange[])[];
  /** The first one that has a day replaces its weekday. */
  readonly exceptions: readonly DayException[];
  /** What is inside any of these is outside. */
  readonly exclude: readonly TimePeriod[];
}

/** How far `nextInside` looks, in days. */
const HORIZON_DAYS = 300;
const SECOND_MS = 1_000;

/** Whether an instant lies inside. Ends are inside for the whole of their second. */
export function isInside(period: TimePeriod, at: number): boolean {
  const { day, second } = wallTimeAt(period.zone, at);
  if (!rangesOf(period, day).some(({ from, to }) => from <= second && second <= to)) return false;
  return !period.exclude.some((excluded) => isInside(excluded, at));
}

/** The first instant inside from `at` on; null when there is none in the next 300 days. */
export function nextInside(period: TimePeriod, at: number): number | null {
  if (isInside(period, at)) return at;
  const today = wallTimeAt(period.zone, at).day;
  for (let day = today; day <= today + HORIZON_DAYS; day++) {
    const found = firstInside(period, day, at);
    if (found !== null) return found;
  }
  return null;
}

/** When it next begins or ends to be inside after `at`; null when not in the next 300 days. */
export function nextTurn(period: TimePeriod, at: number): number | null {
  const before = isInside(period, at);
  const today = wallTimeAt(period.zone, at).day;
  for (let day = today; day <= today + HORIZON_DAYS; day++) {
    const from = startOfDay(period.zone, day);
    const to = startOfDay(period.zone, day + 1);
    const turns = turnsWithin(period, from, to).filter((turn) => turn > at);
    turns.sort((one, other) => one - other);
    const turn = turns.find((each) => isInside(period, each) !== before);
    if (turn !== undefined) return turn;
  }
  return null;
}

/** A stretch inside; `to` is the first instant after it. */
export interface Window {
  /** Minus infinity when it began more than 300 days ago. */
  readonly from: number;
  /** Infinity when it does not end in 300 days. */
  readonly to: number;
}

/** The last stretch inside that began at `at` or before; null when there is none in 300 days. */
export function lastWindow(period: TimePeriod, at: number): Window | null {
  const today = wallTimeAt(period.zone, at).day;
  for (let day = today; day >= today - HORIZON_DAYS; day--) {
    const from = startOfDay(period.zone, day);
    const to = startOfDay(period.zone, day + 1);
    const turns = turnsWithin(period, from, to).filter((turn) => turn <= at);
    turns.sort((one, other) => other - one);
    const opening = turns.find((turn) => isInside(period, turn) && !isInside(period, turn - 1));
    if (opening === undefined) continue;
    return { from: opening, to: nextTurn(period, opening) ?? Number.POSITIVE_INFINITY };
  }
  if (!isInside(period, at)) return null;
  const to = nextTurn(period, at) ?? Number.POSITIVE_INFINITY;
  return { from: Number.NEGATIVE_INFINITY, to };
}

/** Between two instants at which anything begins or ends, all is alike: so it is enough to try these. */
function firstInside(period: TimePeriod, day: number, at: number): number | null {
  if (rangesOf(period, day).length === 0) return null;
  const from = startOfDay(period.zone, day);
  const to = startOfDay(period.zone, day + 1);
  const candidates = [from, ...turnsWithin(period, from, to)].filter((turn) => turn >= at);
  candidates.sort((one, other) => one - other);
  return candidates.find((turn) => isInside(period, turn)) ?? null;
}

/** Instants at which a period or what it excludes may begin or end. */
function turnsWithin(period: TimePeriod, from: number, to: number): number[] {
  const { zone } = period;
  const turns: number[] = period.exclude.flatMap((excluded) => turnsWithin(excluded, from, to));
  const shift = shiftWithin(zone, from, to);
  if (shift !== null) turns.push(shift);
  const last = wallTimeAt(zone, to).day;
  for (let day = wallTimeAt(zone, from).day; day <= last; day++) {
    turns.push(startOfDay(zone, day));
    for (const range of rangesOf(period, day)) {
      turns.push(...instantsOf(zone, { day, second: range.from }));
      turns.push(...instantsOf(zone, { day, second: range.to }).map((end) => end + SECOND_MS));
    }
  }
  return turns.filter((turn) => from <= turn && turn < to);
}

function rangesOf({ exceptions, weekdays }: TimePeriod, day: number): readonly TimeRange[] {
  if (exceptions.length > 0) {
    const date = civilDate(day);
    const exception = exceptions.find(({ span }) => isInSpan(span, day, date));
    if (exception !== undefined) return exception.ranges;
  }
  return weekdays[weekdayOf(day)] ?? [];
}
