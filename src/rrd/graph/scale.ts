/** Axes: round values and round instants in a range, and values as people write them. */

import { formatInstant } from '../../lib/instant.ts';
import type { Unit } from './graph.ts';

/** A marked place on an axis. */
export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** A range of values and its ticks. */
export interface ValueScale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly Tick[];
}

/** Multiples that make round steps. */
const DECIMAL_STEPS = [1, 2, 2.5, 5, 10];
const BINARY_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];
const DECIMAL_PREFIXES = ['n', 'µ', 'm', '', 'k', 'M', 'G', 'T', 'P'];
const BINARY_PREFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
/** Units that are written with a prefix; others stay as they are, for they may have one already. */
const PREFIXED_UNITS = new Set(['', 's', '/s', 'Hz', 'W', 'V', 'A']);
/** Place of no prefix in `DECIMAL_PREFIXES`. */
const NO_PREFIX = 3;

/** Of the size of values: numbers that differ by less are hardly apart from each other. */
const LEAST_STEP = 1e-12;

/** A scale of about `tickCount` round ticks that holds all values; one of 0 to 1 when there are none. */
export function scaleValues(
  values: readonly number[],
  { unit, tickCount }: { readonly unit: Unit; readonly tickCount: number },
): ValueScale {
  const [lowest, highest] = rangeOf(values);
  const leastStep = LEAST_STEP * Math.max(Math.abs(lowest), Math.abs(highest));
  const wishedStep = (highest - lowest) / Math.max(1, tickCount);
  const step = roundStep(Math.max(wishedStep, leastStep), unit);
  const low = Math.floor(lowest / step) * step;
  // Half a step more would be wasted; a tick beyond the highest value is not.
  const high = Math.max(low + step, Math.ceil(highest / step - 1e-9) * step);
  const ticks: Tick[] = [];
  for (let index = 0; low + index * step <= high + step / 2 && index < 50; index++) {
    const value = low + index * step;
    ticks.push({ value, text: formatValue(Math.abs(value) < step / 1e6 ? 0 : value, unit) });
  }
  return { low, high, ticks };
}

/** From zero unless all values lie in the upper part of that. */
function rangeOf(values: readonly number[]): [number, number] {
  const lowest = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const highest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (lowest > highest) return [0, 1];
  if (lowest === highest)
    return lowest === 0 ? [0, 1] : [Math.min(0, lowest), Math.max(0, highest)];
  if (lowest >= 0 && lowest < 0.7 * highest) return [0, highest];
  return [lowest, highest];
}

function roundStep(step: number, unit: Unit): number {
  if (unit === 'B' && step >= 1) {
    const magnitude = 1_024 ** Math.floor(Math.log2(step) / 10);
    return magnitude * (BINARY_STEPS.find((multiple) => multiple * magnitude >= step) ?? 1_024);
  }
  const magnitude = 10 ** Math.floor(Math.log10(step));
  const multiple = DECIMAL_STEPS.find((candidate) => candidate * magnitude >= step * (1 - 1e-9));
  const rounded = (multiple ?? 10) * magnitude;
  return Number.isFinite(rounded) && rounded > 0 ? rounded : 1;
}

/** A value with its unit and the prefix that keeps it short: `1.5 ms`, `512 MiB`, `20 k`. */
export function formatValue(value: number, unit: Unit): string {
  if (unit !== 'B' && !PREFIXED_UNITS.has(unit)) return join(shorten(value), unit);
  if (value === 0 || !Number.isFinite(value)) return join(shorten(value), unit);
  const size = Math.abs(value);
  if (unit === 'B') {
    const power = clamp(Math.floor(Math.log2(size) / 10), 0, BINARY_PREFIXES.length - 1);
    return join(shorten(value / 1_024 ** power), `${BINARY_PREFIXES[power]}B`);
  }
  const lowest = unit === '' || unit === '/s' ? NO_PREFIX : 0;
  // 999.96 is written as 1000, which has the next prefix.
  const power = Math.floor(Math.log10(size * (1 + 5e-5)) / 3) + NO_PREFIX;
  const index = clamp(power, lowest, DECIMAL_PREFIXES.length - 1);
  // Of seconds nobody speaks in thousands.
  const place = unit === 's' ? Math.min(index, NO_PREFIX) : index;
  return join(shorten(value / 1_000 ** (place - NO_PREFIX)), `${DECIMAL_PREFIXES[place]}${unit}`);
}

function join(number: string, unit: string): string {
  if (unit === '' || unit === '/s') return number + unit;
  return `${number} ${unit}`;
}

function shorten(value: number): string {
  const rounded = Number(value.toPrecision(4));
  return Math.abs(rounded) >= 1e15 ? rounded.toExponential() : String(rounded);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
/** Distances of time ticks, up to a week; beyond, calendar months are round. */
const TIME_STEPS_S = [
  ...[1, 5, 10, 30, MINUTE_S, 5 * MINUTE_S, 10 * MINUTE_S, 15 * MINUTE_S, 30 * MINUTE_S],
  ...[HOUR_S, 2 * HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S],
  ...[DAY_S, 2 * DAY_S, 7 * DAY_S],
];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120];
const MONTH_S = 30 * DAY_S;

/** At most `tickCount` round instants between two, UTC; `value` is in seconds since the epoch. */
export function scaleTime(fromS: number, toS: number, tickCount: number): Tick[] {
  const wished = (toS - fromS) / Math.max(1, tickCount);
  const stepS = TIME_STEPS_S.find((step) => step >= wished);
  if (stepS === undefined) return monthTicks(fromS, toS, wished);
  const ticks: Tick[] = [];
  // Weeks begin on Mondays; the epoch was a Thursday.
  const offsetS = stepS === 7 * DAY_S ? 4 * DAY_S : 0;
  let value = Math.ceil((fromS - offsetS) / stepS) * stepS + offsetS;
  for (; value <= toS; value += stepS) ticks.push({ value, text: timeText(value, stepS) });
  return ticks;
}

function timeText(atS: number, stepS: number): string {
  const text = formatInstant(atS * 1_000);
  const isMidnight = atS % DAY_S === 0;
  if (stepS >= DAY_S || (isMidnight && stepS >= HOUR_S)) return text.slice(5, 10);
  return stepS < MINUTE_S ? text.slice(11, 19) : text.slice(11, 16);
}

function monthTicks(fromS: number, toS: number, wishedS: number): Tick[] {
  const months = MONTH_STEPS.find((step) => step * MONTH_S >= wishedS) ?? 120;
  const first = formatInstant(fromS * 1_000);
  const ticks: Tick[] = [];
  const firstMonth = Number(first.slice(0, 4)) * 12 + Number(first.slice(5, 7)) - 1;
  for (let month = Math.ceil(firstMonth / months) * months; ; month += months) {
    const value = Date.UTC(Math.floor(month / 12), month % 12) / 1_000;
    if (value > toS) return ticks;
    if (value >= fromS) ticks.push({ value, text: formatInstant(value * 1_000).slice(0, 7) });
  }
}
