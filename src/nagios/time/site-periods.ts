/**
 * Section 10.3: the time periods of a site, from what administrators wrote to what can be asked. They
 * take one another out of themselves, so they are made together.
 */

import type { FieldError } from '../../model/errors.ts';
import { type ParsedTimePeriod, parseTimePeriod, WEEKDAYS } from './parse-time-period.ts';
import type { TimePeriod } from './time-period.ts';
import { findZone, type Zone } from './zone.ts';

/** A time period as written: times such as `09:00-12:00,13:00-17:00` by the days that they are of. */
export interface WrittenPeriod {
  /** IANA name. */
  readonly timeZone: string;
  /** By weekday, `monday`. */
  readonly weekdays: Readonly<Record<string, string>>;
  /** By days, `december 24 - 26`. */
  readonly exceptions: Readonly<Record<string, string>>;
}

/** One with the keys of those that it excludes. */
export interface LinkedPeriod extends WrittenPeriod {
  readonly exclude: readonly string[];
}

/** How many periods one may exclude, those that are excluded by them counted again and again. */
export const MAX_EXCLUDED = 100;

/** Every line that is wrong, by its place: `/weekdays/monday`. Empty when there is none. */
export function findPeriodFaults(written: WrittenPeriod): readonly FieldError[] {
  const zone = findZone(written.timeZone);
  const faults: FieldError[] = [];
  if (zone === null) {
    const message = 'must be the name of a time zone, as Europe/Berlin';
    faults.push({ path: '/timeZone', message });
  }
  for (const days of Object.keys(written.exceptions)) {
    if (!WEEKDAYS.includes(days.trim().toLowerCase())) continue;
    const message = 'is a weekday: it belongs to weekdays';
    faults.push({ path: `/exceptions/${days}`, message });
  }
  const parsed = parse(written, { zone: zone ?? UTC, exclude: [] });
  return parsed.kind === 'faults' ? [...faults, ...parsed.faults] : faults;
}

/**
 * All periods of a site by their keys. One that cannot be read, since this program is older than who
 * wrote it, is left out: then it holds nothing back.
 */
export function makePeriods(
  written: ReadonlyMap<string, LinkedPeriod>,
): ReadonlyMap<string, TimePeriod> {
  const zones = new Map<string, Zone | null>();
  const zoneCalled = (name: string) => {
    const zone = zones.get(name) ?? findZone(name);
    zones.set(name, zone);
    return zone;
  };
  const made = new Map<string, TimePeriod>();
  const make = (key: string, above: readonly string[]): TimePeriod | null => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const one = written.get(key);
    const zone = one === undefined ? null : zoneCalled(one.timeZone);
    if (one === undefined || zone === null || above.includes(key)) return null;
    const exclude = one.exclude.map((other) => make(other, [...above, key]));
    const parsed = parse(one, { zone, exclude: exclude.filter((each) => each !== null) });
    if (parsed.kind === 'faults') return null;
    made.set(key, parsed.period);
    return parsed.period;
  };
  for (const key of written.keys()) make(key, []);
  return made;
}

/** The same by the ids that they were written with. */
export function makePeriodsById(
  written: readonly (LinkedPeriod & { readonly id: string })[],
): ReadonlyMap<string, TimePeriod> {
  return makePeriods(new Map(written.map((one) => [one.id, one])));
}

/** What is wrong with who excludes whom. */
export type ExcludeFault =
  /** From a period round to itself, by keys. */
  | { readonly kind: 'circle'; readonly way: readonly string[] }
  /** One that excludes too many. */
  | { readonly kind: 'tooMany'; readonly key: string };

/** Looks at every period of a site; null when all is well. */
export function findExcludeFault(
  excludes: ReadonlyMap<string, readonly string[]>,
): ExcludeFault | null {
  const counts = new Map<string, number>();
  const walk = (key: string, way: readonly string[]): ExcludeFault | null => {
    if (way.includes(key)) return { kind: 'circle', way: [...way.slice(way.indexOf(key)), key] };
    if (counts.has(key)) return null;
    let count = 0;
    for (const other of excludes.get(key) ?? []) {
      const fault = walk(other, [...way, key]);
      if (fault !== null) return fault;
      count += 1 + (counts.get(other) ?? 0);
    }
    if (count > MAX_EXCLUDED) return { kind: 'tooMany', key };
    counts.set(key, count);
    return null;
  };
  for (const key of excludes.keys()) {
    const fault = walk(key, []);
    if (fault !== null) return fault;
  }
  return null;
}

const UTC: Zone = { name: 'UTC', offsetMsAt: () => 0 };

function parse(
  { weekdays, exceptions }: WrittenPeriod,
  around: Pick<TimePeriod, 'zone' | 'exclude'>,
): ParsedTimePeriod {
  const places: string[] = [];
  const lines: string[] = [];
  for (const [field, times] of Object.entries({ weekdays, exceptions })) {
    for (const [days, text] of Object.entries(times)) {
      places.push(`/${field}/${days.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      lines.push(`${days} ${text.replaceAll(/\s/g, '')}`);
    }
  }
  const parsed = parseTimePeriod({ lines, ...around });
  if (parsed.kind === 'period') return parsed;
  const placeOf = (path: string) => places[Number(path.slice('/lines/'.length))] ?? path;
  const faults = parsed.faults.map(({ path, message }) => ({ path: placeOf(path), message }));
  return { kind: 'faults', faults };
}
