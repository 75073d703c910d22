/**
 * Section 10.3: time periods as Nagios writes them, a line for each weekday or exception: `monday
 * 09:00-17:00`, `day -1 00:00-24:00`. Used by red when a time period is written, and by whoever reads
 * one from the database.
 */

import type { FieldError } from '../../model/errors.ts';
import { type CivilDate, civilDate, dayNumber } from './civil-day.ts';
import type { DayPoint, DaySpan } from './day-span.ts';
import type { DayException, TimePeriod, TimeRange } from './time-period.ts';
import type { Zone } from './zone.ts';

/** A time period as written. */
export interface TimePeriodText {
  /** `DAYS HH:MM-HH:MM[,HH:MM-HH:MM]...`, in any case; days: see section 10.3. */
  readonly lines: readonly string[];
  readonly zone: Zone;
  readonly exclude: readonly TimePeriod[];
}

/** A time period, or every line that is wrong. */
export type ParsedTimePeriod =
  | { readonly kind: 'period'; readonly period: TimePeriod }
  | { readonly kind: 'faults'; readonly faults: readonly FieldError[] };

const MAX_LINE_LENGTH = 500;
/** From Sunday on, as time periods name them. */
export const WEEKDAYS: readonly string[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
];
const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june'],
  ...['july', 'august', 'september', 'october', 'november', 'december'],
];

/** Reads a time period. Never throws. Weekdays that are not named have no times. */
export function parseTimePeriod({ lines, zone, exclude }: TimePeriodText): ParsedTimePeriod {
  const weekdays = new Map<number, readonly TimeRange[]>();
  const exceptions: (DayException & { readonly rank: number })[] = [];
  const faults: FieldError[] = [];
  for (const [index, line] of lines.entries()) {
    const read = readLine(line.slice(0, MAX_LINE_LENGTH + 1));
    const path = `/lines/${index}`;
    if (typeof read === 'string') faults.push({ path, message: read });
    else if (read.kind === 'exception') exceptions.push(read);
    else if (!weekdays.has(read.weekday)) weekdays.set(read.weekday, read.ranges);
    else faults.push({ path, message: 'names a weekday for the second time' });
  }
  if (faults.length > 0) return { kind: 'faults', faults };
  // Sorting keeps the order of lines with the same precedence.
  exceptions.sort((one, other) => one.rank - other.rank);
  const byWeekday = WEEKDAYS.map((_name, weekday) => weekdays.get(weekday) ?? []);
  return { kind: 'period', period: { zone, weekdays: byWeekday, exceptions, exclude } };
}

type Line =
  | { readonly kind: 'weekday'; readonly weekday: number; readonly ranges: readonly TimeRange[] }
  | (DayException & { readonly kind: 'exception'; readonly rank: number });

/** What a line says, or what is wrong with it. */
function readLine(line: string): Line | string {
  if (line.length > MAX_LINE_LENGTH) return `has more than ${MAX_LINE_LENGTH} characters`;
  const words = line.trim().toLowerCase().split(/\s+/);
  const times = words.pop() ?? '';
  const ranges = readRanges(times);
  if (typeof ranges === 'string') return ranges;
  const weekday = words.length === 1 ? WEEKDAYS.indexOf(words[0] ?? '') : -1;
  if (weekday !== -1) return { kind: 'weekday', weekday, ranges };
  const span = readSpan(words.join(' '));
  if (span === null) return `"${words.join(' ')}" names no days`;
  return { kind: 'exception', span, ranges, rank: rankOf(span) };
}

/** The five precedences: dates, days of a month, days of any month, and weekdays likewise. */
function rankOf(span: DaySpan): number {
  if (span.kind === 'dates') return 1;
  const isOfOneMonth = span.kind === 'yearly';
  if (span.start.kind === 'day') return isOfOneMonth ? 2 : 3;
  return isOfOneMonth ? 4 : 5;
}

function readRanges(text: string): TimeRange[] | string {
  const ranges = text.split(',').map(readRange);
  const sound = ranges.filter((range) => range !== null);
  if (sound.length < ranges.length) return `"${text}" is no list of times like 09:00-17:00`;
  // Midnight to midnight is how Nagios says: not at all.
  return sound.filter(({ to }) => to > 0);
}

function readRange(text: string): TimeRange | null {
  const match = /^(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)$/.exec(text);
  if (match === null) return null;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  const from = (fromHour * 60 + fromMinute) * 60;
  const to = (toHour * 60 + toMinute) * 60;
  if (fromMinute > 59 || toMinute > 59 || from > to || to > 86_400) return null;
  return { from, to };
}

/** `START [- END] [/ STEP]`. */
function readSpan(text: string): DaySpan | null {
  const match = /^(?<days>[^/]+?)(?: ?\/ ?(?<step>\d{1,4}))?$/.exec(text);
  if (match === null) return null;
  const { days = '', step: stepText } = match.groups ?? {};
  const step = Number(stepText ?? 1);
  if (step < 1) return null;
  const [startText = '', endText, ...rest] = splitSpan(days);
  if (rest.length > 0) return null;
  const isOpen = endText === undefined && stepText !== undefined;
  return (
    readDates(startText, endText, { step, isOpen }) ??
    readDays(startText, endText, { step, isOpen })
  );
}

/** At hyphens that stand alone; those of dates and negative numbers do not. */
function splitSpan(text: string): string[] {
  return text.split(' - ');
}

interface SpanOptions {
  readonly step: number;
  /** No end is given, but a step, which would mean nothing on one day. */
  readonly isOpen: boolean;
}

function readDates(
  startText: string,
  endText: string | undefined,
  { step, isOpen }: SpanOptions,
): DaySpan | null {
  const first = readDate(startText);
  const end = endText === undefined ? first : readDate(endText);
  if (first === null || end === null || end < first) return null;
  return { kind: 'dates', first, last: isOpen ? Number.POSITIVE_INFINITY : end, step };
}

function readDate(text: string): number | null {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  if (year < 1_000) return null;
  const number = dayNumber(year, month, day);
  return isSameDate(civilDate(number), { year, month, day }) ? number : null;
}

function isSameDate(one: CivilDate, other: CivilDate): boolean {
  return one.year === other.year && one.month === other.month && one.day === other.day;
}

function readDays(
  startText: string,
  endText: string | undefined,
  { step, isOpen }: SpanOptions,
): DaySpan | null {
  const start = readPoint(startText);
  if (start === null) return null;
  const end = endText === undefined ? start : readEnd(endText, start);
  if (end === null || (end.month === null) !== (start.month === null)) return null;
  const kind = start.month === null ? 'monthly' : 'yearly';
  return { kind, start, end: isOpen ? null : end, step };
}

/** `day 3`, `july 4`, `monday 3`, `monday 3 september`. */
function readPoint(text: string): DayPoint | null {
  const match = /^([a-z]+) (-?\d{1,2})(?: ([a-z]+))?$/.exec(text);
  if (match === null) return null;
  const [, name = '', numberText = '', monthName] = match;
  const number = Number(numberText);
  const weekday = WEEKDAYS.indexOf(name);
  if (weekday !== -1) {
    if (number === 0 || Math.abs(number) > 5) return null;
    if (monthName === undefined) return { kind: 'weekday', month: null, weekday, nth: number };
    const month = MONTHS.indexOf(monthName) + 1;
    return month === 0 ? null : { kind: 'weekday', month, weekday, nth: number };
  }
  if (number === 0 || Math.abs(number) > 31 || monthName !== undefined) return null;
  if (name === 'day') return { kind: 'day', month: null, day: number };
  const month = MONTHS.indexOf(name) + 1;
  return month === 0 ? null : { kind: 'day', month, day: number };
}

/** As a point, or in short a number that takes the rest from the start. */
function readEnd(text: string, start: DayPoint): DayPoint | null {
  if (!/^-?\d{1,2}$/.test(text)) return readPoint(text);
  const number = Number(text);
  const limit = start.kind === 'weekday' ? 5 : 31;
  if (number === 0 || Math.abs(number) > limit) return null;
  return start.kind === 'weekday' ? { ...start, nth: number } : { ...start, day: number };
}
