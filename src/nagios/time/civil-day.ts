/**
 * Section 10.3: days of the calendar as numbers, so that spans of days are arithmetic. Day 0 is
 * 1 January 1970; a day has no zone and no hours. Gregorian, right for years 1 to 9999.
 */

/** A day by its names. */
export interface CivilDate {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  /** 1..31 */
  readonly day: number;
}

const DAY_MS = 86_400_000;

/** The number of a day. Months and days beyond their ends run on into the next ones. */
export function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

/** The names of a day. Counts from a first of March, so that a leap day ends its year. */
export function civilDate(number: number): CivilDate {
  const fromEra = number + 719_468;
  const era = Math.floor(fromEra / 146_097);
  const dayOfEra = fromEra - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** 0..6 from Sunday on. */
export function weekdayOf(number: number): number {
  return (((number + 4) % 7) + 7) % 7;
}

/** The number of the last day of a month; months beyond 12 run on. */
export function lastDayOfMonth(year: number, month: number): number {
  return dayNumber(year, month + 1, 0);
}

/** The `n`th such weekday of a month, from its end when negative; null when there is none. */
export function nthWeekday(
  { year, month }: Pick<CivilDate, 'year' | 'month'>,
  weekday: number,
  n: number,
): number | null {
  const first = dayNumber(year, month, 1);
  const last = lastDayOfMonth(year, month);
  const found =
    n > 0
      ? first + ((weekday - weekdayOf(first) + 7) % 7) + (n - 1) * 7
      : last - ((weekdayOf(last) - weekday + 7) % 7) + (n + 1) * 7;
  return n !== 0 && first <= found && found <= last ? found : null;
}
