/**
 * Section 7, recurring downtimes: recurrence rules of RFC 5545 (3.3.10), which Nagios has not, from a
 * day on and rarer. By the clocks on the wall of a zone, so that a downtime at 02:00 stays at 02:00
 * over the shifts of spring and autumn. Red makes one downtime of each occurrence.
 */

import {
  type CivilDate,
  civilDate,
  dayNumber,
  lastDayOfMonth,
  nthWeekday,
  weekdayOf,
} from './civil-day.ts';
import type { Recurrence } from './parse-recurrence.ts';
import { instantOf, wallTimeAt, type Zone } from './zone.ts';

/** When the first occurrence is, and by which clocks the others follow. */
export interface Series {
  readonly recurrence: Recurrence;
  /** The first occurrence, whether the rule has it or not. */
  readonly startAt: number;
  readonly zone: Zone;
}

/** Days after the start that are looked through: a century; a rule that never comes true ends there. */
const HORIZON_DAYS = 36_525;

/**
 * Occurrences from `from` on, in order, at most `limit`; fewer when there are no more. Those of a rule
 * with a count are counted from the first one.
 */
export function nextOccurrences(series: Series, from: number, limit: number): number[] {
  const found: number[] = [];
  for (const at of occurrencesOf(series)) {
    if (found.length >= limit) break;
    if (at >= from) found.push(at);
  }
  return found;
}

/** The start counts as the first, whether the rule has it or not, as in calendars. */
function* occurrencesOf({ recurrence, startAt, zone }: Series): Generator<number> {
  const { count, untilAt } = recurrence;
  const start = wallTimeAt(zone, startAt);
  const seconds = secondsOf(recurrence, start.second);
  const rule = withDefaults(recurrence, start.day);
  let given = 1;
  yield startAt;
  for (let index = 0; ; index++) {
    const period = periodAt(rule, start.day, index);
    if (period.first > start.day + HORIZON_DAYS) return;
    for (const occasion of occasionsIn(rule, period, seconds)) {
      const at = instantOf(zone, occasion);
      if (at <= startAt) continue;
      if ((untilAt !== null && at > untilAt) || (count !== null && given >= count)) return;
      given++;
      yield at;
    }
  }
}

interface Occasion {
  readonly day: number;
  readonly second: number;
}

/** Days from and to, both in the period. */
interface Period {
  readonly first: number;
  readonly last: number;
}

/** All times of a period that the rule has, or of these those that BYSETPOS picks. */
function occasionsIn(
  rule: Recurrence,
  { first, last }: Period,
  seconds: readonly number[],
): Occasion[] {
  const occasions: Occasion[] = [];
  for (let day = first; day <= last; day++) {
    if (!hasDay(rule, day)) continue;
    for (const second of seconds) occasions.push({ day, second });
  }
  const { positions } = rule;
  if (positions.length === 0) return occasions;
  return occasions.filter(
    (_occasion, index) =>
      positions.includes(index + 1) || positions.includes(index - occasions.length),
  );
}

/** The `index`th period from the one of the start. */
function periodAt(
  { frequency, interval, weekStart }: Recurrence,
  start: number,
  index: number,
): Period {
  const { year, month } = civilDate(start);
  const steps = index * interval;
  switch (frequency) {
    case 'yearly':
      return { first: dayNumber(year + steps, 1, 1), last: dayNumber(year + steps, 12, 31) };
    case 'monthly':
      return {
        first: dayNumber(year, month + steps, 1),
        last: lastDayOfMonth(year, month + steps),
      };
    case 'weekly': {
      const first = start - ((weekdayOf(start) - weekStart + 7) % 7) + steps * 7;
      return { first, last: first + 6 };
    }
    case 'daily':
      return { first: start + steps, last: start + steps };
  }
}

/** What the rule leaves open is as at the start. */
function withDefaults(rule: Recurrence, start: number): Recurrence {
  const { frequency, months, monthDays, weekdays, yearDays, weeks } = rule;
  const { month, day } = civilDate(start);
  if (frequency === 'daily') return rule;
  const hasDays = monthDays.length + weekdays.length + yearDays.length > 0;
  if (hasDays) return rule;
  const sameWeekday = [{ weekday: weekdayOf(start), nth: null }];
  if (frequency === 'weekly' || weeks.length > 0) return { ...rule, weekdays: sameWeekday };
  const isAnyMonth = frequency === 'monthly' || months.length > 0;
  return { ...rule, months: isAnyMonth ? months : [month], monthDays: [day] };
}

/** Seconds of the day at which it happens, in order. */
function secondsOf({ hours, minutes, seconds }: Recurrence, start: number): number[] {
  const orSame = (given: readonly number[], same: number) => (given.length > 0 ? given : [same]);
  const times = orSame(hours, Math.floor(start / 3_600)).flatMap((hour) =>
    orSame(minutes, Math.floor(start / 60) % 60).flatMap((minute) =>
      orSame(seconds, start % 60).map((second) => (hour * 60 + minute) * 60 + second),
    ),
  );
  return [...new Set(times)].sort((one, other) => one - other);
}

/** Whether every part of the rule that is given has the day. */
function hasDay(rule: Recurrence, number: number): boolean {
  const date = civilDate(number);
  const { months, monthDays, yearDays, weekdays, weeks, weekStart } = rule;
  if (months.length > 0 && !months.includes(date.month)) return false;
  if (monthDays.length > 0) {
    const fromEnd = number - lastDayOfMonth(date.year, date.month) - 1;
    if (!monthDays.includes(date.day) && !monthDays.includes(fromEnd)) return false;
  }
  if (yearDays.length > 0) {
    const fromStart = number - dayNumber(date.year, 1, 1) + 1;
    const fromEnd = number - dayNumber(date.year, 12, 31) - 1;
    if (!yearDays.includes(fromStart) && !yearDays.includes(fromEnd)) return false;
  }
  if (weeks.length > 0 && !isInWeeks(weeks, number, weekStart)) return false;
  return weekdays.length === 0 || hasWeekday(rule, number, date);
}

/** An `nth` weekday is one of the month, or of the year when the rule names no months. */
function hasWeekday(rule: Recurrence, number: number, date: CivilDate): boolean {
  const isOfYear = rule.frequency === 'yearly' && rule.months.length === 0;
  return rule.weekdays.some(({ weekday, nth }) => {
    if (weekdayOf(number) !== weekday) return false;
    if (nth === null) return true;
    if (!isOfYear) return nthWeekday(date, weekday, nth) === number;
    const day =
      nth > 0 ? number - dayNumber(date.year, 1, 1) : dayNumber(date.year, 12, 31) - number;
    return Math.floor(day / 7) === Math.abs(nth) - 1;
  });
}

/** Week 1 is the first with at least four days of the year; -1 is its last. */
function isInWeeks(weeks: readonly number[], number: number, weekStart: number): boolean {
  const weekFirst = number - ((weekdayOf(number) - weekStart + 7) % 7);
  const { year } = civilDate(weekFirst + 3);
  const firstOf = (one: number) => {
    const fourth = dayNumber(one, 1, 4);
    return fourth - ((weekdayOf(fourth) - weekStart + 7) % 7);
  };
  // A day of this year may lie in a week of the next or last one, which the rule does not mean.
  if (civilDate(number).year !== year) return false;
  const week = (weekFirst - firstOf(year)) / 7 + 1;
  const count = (firstOf(year + 1) - firstOf(year)) / 7;
  return weeks.includes(week) || weeks.includes(week - count - 1);
}
