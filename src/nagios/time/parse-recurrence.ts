/**
 * Section 7, recurring downtimes: recurrence rules as written, `FREQ=WEEKLY;BYDAY=SU;BYHOUR=2`, as
 * RFC 5545 (3.3.10) has them. Rules by the hour or less are refused: BYHOUR and BYMINUTE say the same.
 */

import { dayNumber } from './civil-day.ts';

/** A recurrence rule; empty lists are parts that are not given. */
export interface Recurrence {
  readonly frequency: 'daily' | 'weekly' | 'monthly' | 'yearly';
  /** 1 and up. */
  readonly interval: number;
  /** Occurrences in all; null: no such limit. */
  readonly count: number | null;
  /** The last instant at which there may be one; null: no such limit. */
  readonly untilAt: number | null;
  readonly months: readonly number[];
  /** Negative: from the month's end. */
  readonly monthDays: readonly number[];
  /** Negative: from the year's end. */
  readonly yearDays: readonly number[];
  /** Negative: from the year's end. */
  readonly weeks: readonly number[];
  readonly weekdays: readonly RuleWeekday[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  /** Which of the occurrences of a period count; negative: from its end. */
  readonly positions: readonly number[];
  /** 0..6 from Sunday on. */
  readonly weekStart: number;
}

/** A weekday, or only the nth one of the month or year. */
export interface RuleWeekday {
  /** 0..6 from Sunday on. */
  readonly weekday: number;
  /** Negative: from the end; null: all. */
  readonly nth: number | null;
}

/** A rule, or what is wrong with it. */
export type ParsedRecurrence =
  | { readonly kind: 'recurrence'; readonly recurrence: Recurrence }
  | { readonly kind: 'fault'; readonly message: string };

type Parts = { -readonly [Part in keyof Recurrence]?: Recurrence[Part] };

const MAX_LENGTH = 1_000;
const MAX_INTERVAL = 1_000;
const MAX_COUNT = 100_000;
const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const FREQUENCIES: Readonly<Record<string, Recurrence['frequency']>> = {
  DAILY: 'daily',
  WEEKLY: 'weekly',
  MONTHLY: 'monthly',
  YEARLY: 'yearly',
};

/** How each part is read; undefined: it is wrong. */
const PARTS: Readonly<Record<string, (text: string) => Parts | undefined>> = {
  FREQ: (text) => wrap('frequency', FREQUENCIES[text]),
  INTERVAL: (text) => wrap('interval', readNumber(text, 1, MAX_INTERVAL)),
  COUNT: (text) => wrap('count', readNumber(text, 1, MAX_COUNT)),
  UNTIL: (text) => wrap('untilAt', readUntil(text)),
  BYMONTH: (text) => wrap('months', readNumbers(text, 1, 12)),
  BYMONTHDAY: (text) => wrap('monthDays', readSigned(text, 31)),
  BYYEARDAY: (text) => wrap('yearDays', readSigned(text, 366)),
  BYWEEKNO: (text) => wrap('weeks', readSigned(text, 53)),
  BYDAY: (text) => wrap('weekdays', readAll(text, readWeekday)),
  BYHOUR: (text) => wrap('hours', readNumbers(text, 0, 23)),
  BYMINUTE: (text) => wrap('minutes', readNumbers(text, 0, 59)),
  BYSECOND: (text) => wrap('seconds', readNumbers(text, 0, 59)),
  BYSETPOS: (text) => wrap('positions', readSigned(text, 366)),
  WKST: (text) => wrap('weekStart', DAYS.includes(text) ? DAYS.indexOf(text) : undefined),
};

/** Reads a rule, with or without `RRULE:` before it. Never throws. */
export function parseRecurrence(text: string): ParsedRecurrence {
  if (text.length > MAX_LENGTH) return fault(`It has more than ${MAX_LENGTH} characters.`);
  const parts: Parts = {};
  const seen = new Set<string>();
  for (const part of text
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, '')
    .split(';')) {
    const [name = '', value = '', ...rest] = part.split('=');
    const read = rest.length === 0 && Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
    if (read === undefined) return fault(`"${part}" is no part of a recurrence rule.`);
    if (seen.has(name)) return fault(`${name} is given twice.`);
    seen.add(name);
    const found = read(value);
    if (found === undefined) return fault(`${name} cannot be "${value}".`);
    Object.assign(parts, found);
  }
  return complete(parts);
}

function complete(parts: Parts): ParsedRecurrence {
  const { frequency } = parts;
  if (frequency === undefined) return fault('FREQ is missing: how often it happens.');
  const recurrence: Recurrence = {
    interval: 1,
    count: null,
    untilAt: null,
    months: [],
    monthDays: [],
    yearDays: [],
    weeks: [],
    weekdays: [],
    hours: [],
    minutes: [],
    seconds: [],
    positions: [],
    weekStart: 1,
    ...parts,
    frequency,
  };
  const message = findConflict(recurrence);
  return message === null ? { kind: 'recurrence', recurrence } : fault(message);
}

/** Parts that RFC 5545 does not let stand together; null when there are none. */
function findConflict(rule: Recurrence): string | null {
  const { frequency } = rule;
  const hasNth = rule.weekdays.some(({ nth }) => nth !== null);
  const isYearly = frequency === 'yearly';
  if (rule.count !== null && rule.untilAt !== null) return 'COUNT and UNTIL exclude each other.';
  if (rule.weeks.length > 0 && !isYearly) return 'BYWEEKNO needs FREQ=YEARLY.';
  if (rule.yearDays.length > 0 && !isYearly) return 'BYYEARDAY needs FREQ=YEARLY.';
  if (rule.monthDays.length > 0 && frequency === 'weekly') {
    return 'BYMONTHDAY does not go with FREQ=WEEKLY.';
  }
  if (hasNth && !isYearly && frequency !== 'monthly') {
    return 'A number before a weekday needs FREQ=MONTHLY or FREQ=YEARLY.';
  }
  return hasNth && rule.weeks.length > 0
    ? 'A number before a weekday does not go with BYWEEKNO.'
    : null;
}

function fault(message: string): ParsedRecurrence {
  return { kind: 'fault', message };
}

function wrap<Part extends keyof Recurrence>(
  part: Part,
  value: Recurrence[Part] | undefined,
): Parts | undefined {
  return value === undefined ? undefined : { [part]: value };
}

function readNumber(text: string, least: number, most: number): number | undefined {
  if (!/^[+-]?\d{1,6}$/.test(text)) return undefined;
  const value = Number(text);
  return least <= value && value <= most ? value : undefined;
}

function readNumbers(text: string, least: number, most: number): number[] | undefined {
  return readAll(text, (one) => readNumber(one, least, most));
}

/** Of a size from 1 to `most`, with either sign. */
function readSigned(text: string, most: number): number[] | undefined {
  return readAll(text, (one) => readNumber(one, -most, most) || undefined);
}

function readAll<Value>(
  text: string,
  read: (one: string) => Value | undefined,
): Value[] | undefined {
  const values = text.split(',').map(read);
  const sound = values.filter((value) => value !== undefined);
  return sound.length === values.length ? sound : undefined;
}

/** `MO`, `1MO`, `-1SU`. */
function readWeekday(text: string): RuleWeekday | undefined {
  const match = /^([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/.exec(text);
  if (match === null) return undefined;
  const [, number, name = ''] = match;
  const nth = number === undefined ? null : readNumber(number, -53, 53);
  return nth === undefined || nth === 0 ? undefined : { weekday: DAYS.indexOf(name), nth };
}

/** `20261224T180000Z`, or a day, which is meant whole. */
function readUntil(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z)?$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  if (year < 1_000 || month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const [hour = 23, minute = 59, second = 59] =
    match[4] === undefined ? [] : match.slice(4).map(Number);
  return dayNumber(year, month, day) * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1_000;
}
