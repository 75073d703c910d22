/**
 * What adapters accept: names in the safe alphabet, definitions that rrdtool takes, samples that do not
 * block their file, values as rrdtool writes them. Whatever passes here can be put in a command or a file.
 */

import { assert } from '../lib/assert.ts';
import type { DataSource, RrdDefinition, Sample } from './rrd.ts';

/** A sample further ahead of the clock would block its file until then. */
const MAX_AHEAD_S = 86_400;
/** rrdtool takes no time before 1980. */
const FIRST_AT_S = 10 * 365 * 86_400 + 1;

/** Asserts that `name` is what `formatFileName` makes, perhaps with a prefix. */
export function assertSafeName(name: string): void {
  assert(
    name.length <= 240 && /^(?:[a-z0-9_-]|%[0-9A-F]{2})+$/.test(name),
    'a statistics file is named in the safe alphabet',
  );
}

/** Asserts that rrdtool can make a file of it. */
export function assertDefinition({ stepS, dataSources, archives }: RrdDefinition): void {
  assertCount(stepS);
  assert(dataSources.length > 0, 'a statistics file has a data source');
  assert(archives.length > 0, 'a statistics file has an archive');
  for (const source of dataSources) {
    assertSourceName(source);
    assertCount(source.heartbeatS);
    const { min, max } = source;
    assert(min === null || max === null || min < max, 'bounds have room between them');
  }
  const names = new Set(dataSources.map(({ name }) => name));
  assert(names.size === dataSources.length, 'a data source has a name of its own');
  for (const { stepCount, rowCount } of archives) {
    assertCount(stepCount);
    assertCount(rowCount);
  }
}

/** Asserts that the name of a data source can be part of a command. */
export function assertSourceName({ name }: DataSource): void {
  assert(/^[A-Za-z0-9_]{1,19}$/.test(name), 'a data source has a name that rrdtool takes');
}

/** Asserts that a sample is for this definition. */
export function assertSample({ values }: Sample, { dataSources }: RrdDefinition): void {
  assert(values.length === dataSources.length, 'a sample has a value for each data source');
}

/**
 * The samples of rising time that rrdtool can take and that do not block the file, in whole seconds;
 * `nowS` is the time of the clock.
 */
export function takeTimely(samples: readonly Sample[], stepS: number, nowS: number): Sample[] {
  const taken: Sample[] = [];
  let newestAtS = FIRST_AT_S + stepS - 1;
  for (const sample of samples) {
    const atS = Math.floor(sample.atS);
    if (!(atS > newestAtS && atS <= nowS + MAX_AHEAD_S)) continue;
    taken.push({ atS, values: sample.values });
    newestAtS = atS;
  }
  return taken;
}

/** A value as rrdtool takes it; what is not a number, or cannot be one of its kind, is unknown. */
export function formatValue(kind: DataSource['kind'], value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'U';
  if (kind === 'GAUGE' || kind === 'ABSOLUTE') return String(value);
  // Counters are whole numbers for rrdtool, and it does not know exponents there.
  if (kind === 'COUNTER' && value < 0) return 'U';
  const whole = Math.round(value);
  return Number.isSafeInteger(whole) ? String(whole) : BigInt(whole).toString();
}

function assertCount(count: number): void {
  assert(Number.isSafeInteger(count) && count > 0, 'steps and rows are whole and positive');
}
