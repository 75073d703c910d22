/**
 * Section 10.3: the days that a date of a time period means, of one year or of all of them.
 */

import { type CivilDate, dayNumber, lastDayOfMonth, nthWeekday } from './civil-day.ts';

/** A day of a month. `month` null: of any month. */
export type DayPoint =
  /** Negative days count from the month's end. */
  | { readonly kind: 'day'; readonly month: number | null; readonly day: number }
  | {
      readonly kind: 'weekday';
      readonly month: number | null;
      /** 0..6 from Sunday on. */
      readonly weekday: number;
      /** Negative: from the month's end. */
      readonly nth: number;
    };

/** Some days. `step`: every so many days from the first one; 1: all. */
export type DaySpan =
  /** Of one calendar. `last` is Infinity when they have no end. */
  | {
      readonly kind: 'dates';
      readonly first: number;
      readonly last: number;
      readonly step: number;
    }
  /** Of each year or month. One whose end is before its start runs into the next. */
  | {
      readonly kind: 'yearly' | 'monthly';
      readonly start: DayPoint;
      /** Null: to the end of the year or month. */
      readonly end: DayPoint | null;
      readonly step: number;
    };

/** Whether a span has a day; `date` is that of `day`. */
export function isInSpan(span: DaySpan, day: number, date: CivilDate): boolean {
  if (span.kind === 'dates') return isInSteps(day, span.first, span);
  const { year, month } = date;
  const isYearly = span.kind === 'yearly';
  const anchors = isYearly
    ? [year - 1, year].map((one) => ({ year: one, month: 1 }))
    : [monthBefore(date), { year, month }];
  return anchors.some((anchor) => {
    const first = resolve(span.start, anchor);
    if (first === null) return false;
    return isInSteps(day, first, { last: lastOf(span, anchor, first), step: span.step });
  });
}

type Month = Pick<CivilDate, 'year' | 'month'>;

function isInSteps(
  day: number,
  first: number,
  { last, step }: { readonly last: number; readonly step: number },
): boolean {
  return first <= day && day <= last && (day - first) % step === 0;
}

function lastOf(
  { kind, end }: Extract<DaySpan, { readonly end: unknown }>,
  anchor: Month,
  first: number,
): number {
  if (end === null) {
    return kind === 'yearly'
      ? dayNumber(anchor.year, 12, 31)
      : lastDayOfMonth(anchor.year, anchor.month);
  }
  const last = resolveEnd(end, anchor);
  if (last >= first) return last;
  const { year, month } = anchor;
  return resolveEnd(end, kind === 'yearly' ? { year: year + 1, month } : monthAfter(anchor));
}

/** A fifth weekday that is not there is the end of its month. */
function resolveEnd(point: DayPoint, anchor: Month): number {
  return resolve(point, anchor) ?? lastDayOfMonth(anchor.year, point.month ?? anchor.month);
}

/** The day of the anchor's month or year; null for a weekday that the month has not. */
function resolve(point: DayPoint, anchor: Month): number | null {
  const { year } = anchor;
  const month = point.month ?? anchor.month;
  if (point.kind === 'weekday') return nthWeekday({ year, month }, point.weekday, point.nth);
  const first = dayNumber(year, month, 1);
  const last = lastDayOfMonth(year, month);
  const day = point.day > 0 ? first + point.day - 1 : last + point.day + 1;
  return Math.max(first, Math.min(day, last));
}

function monthBefore({ year, month }: Month): Month {
  return month === 1 ? { year: year - 1, month: 12 } : { year, month: month - 1 };
}

function monthAfter({ year, month }: Month): Month {
  return month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 };
}
