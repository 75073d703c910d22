/**
 * A sample -> the state after it and the rows that it ended. Pure, and the same arithmetic as that of
 * rrdtool, in three stages:
 *
 *   value  -> gain: value times seconds since the last sample, unknown out of its bounds or too late
 *   gain   -> steps: the part up to the last step boundary ends steps, the rest goes into the next one
 *   steps  -> rows: each archive takes the ended steps in and ends rows of its own (`consolidate.ts`)
 */

import { formatValue } from '../accept.ts';
import { consolidate, type FileInMemory, type RowSink } from './consolidate.ts';
import type { SourceLayout } from './layout.ts';
import type { FileState } from './state.ts';

/** The share of a step that may be unknown. */
const MAX_UNKNOWN_SHARE = 0.5;
/**
 * What rrdtool adds to a counter of 32 bits that went back, and on top of it to one of 64. It adds it
 * to a number of 53 bits; here it is exact.
 */
const WRAP_32 = 2n ** 32n - 1n;
const WRAP_64 = 2n ** 64n - 2n ** 32n;
/** Characters of the longest count that is compared with the next. */
const MAX_COUNT_LENGTH = 30;

/** Counts of so many characters are compared as numbers, exactly. */
const MAX_EXACT_LENGTH = 15;

/** A value of a source. */
interface Change {
  readonly source: SourceLayout;
  readonly value: number | null;
  /** Seconds since the last one. */
  readonly allS: number;
}

/** What a value adds since the last one. */
interface Gain {
  /** Value times seconds; NaN = unknown. */
  readonly amount: number;
  readonly allS: number;
}

/** The same where steps end. */
interface StepsGain extends Gain {
  readonly heartbeatS: number;
  readonly stretch: Stretch;
}

/** A stretch of time in which steps end: up to the last boundary of a step, and from there. */
interface Stretch {
  readonly beforeS: number;
  readonly afterS: number;
  readonly stepS: number;
  /** Which step since the epoch is the first that ends in it, and how many do. */
  readonly firstStep: number;
  readonly endedCount: number;
}

/**
 * Takes a sample into the state; `values` are in the order of the file. `atS` is a whole second after
 * the newest sample. Rows that end go to `rows`, oldest first.
 */
export function applySample(
  file: FileInMemory,
  { atS, values }: { readonly atS: number; readonly values: readonly (number | null)[] },
  rows: RowSink,
): void {
  const { state } = file;
  const { stepS, sources } = file.layout;
  const allS = atS - state.lastAtS - state.lastFractionS;
  const amounts = sources.map((source, index) =>
    takeValue(state, index, { source, value: values[index] ?? null, allS }),
  );
  const stretches = cutAtSteps(state, atS, stepS);
  state.setLastAt(atS);
  if (stretches.length === 0) {
    for (const [index, amount] of amounts.entries()) addToStep(state, index, { amount, allS });
  }
  for (const stretch of stretches) {
    const ended = sources.map(({ heartbeatS }, index) =>
      endSteps(state, index, { amount: amounts[index] ?? Number.NaN, allS, heartbeatS, stretch }),
    );
    const steps = { values: ended, firstStep: stretch.firstStep, count: stretch.endedCount };
    consolidate(file, steps, rows);
  }
}

/**
 * The time since the newest sample, as one stretch; none when no step ends in it. A step that was begun
 * is a stretch of its own when others end with it, so that they do not share its value.
 */
function cutAtSteps(state: FileState, atS: number, stepS: number): Stretch[] {
  const { lastAtS, lastFractionS } = state;
  const firstStep = Math.floor(lastAtS / stepS);
  const endedCount = Math.floor(atS / stepS) - firstStep;
  if (endedCount === 0) return [];
  const afterS = atS % stepS;
  const boundaryS = (firstStep + 1) * stepS;
  const begunS = boundaryS - lastAtS - lastFractionS;
  if (endedCount === 1 || lastAtS % stepS === 0) {
    const beforeS = atS - afterS - lastAtS - lastFractionS;
    return [{ beforeS, afterS, stepS, firstStep, endedCount }];
  }
  const restS = atS - afterS - boundaryS;
  return [
    { beforeS: begunS, afterS: 0, stepS, firstStep, endedCount: 1 },
    { beforeS: restS, afterS, stepS, firstStep: firstStep + 1, endedCount: endedCount - 1 },
  ];
}

/** Puts a value in the place of the last one; what it adds since then. */
function takeValue(state: FileState, index: number, { source, value, allS }: Change): number {
  const { kind, heartbeatS, min, max } = source;
  const text = formatValue(kind, value);
  const isCounted = kind === 'COUNTER' || kind === 'DERIVE';
  const before = isCounted ? state.lastText(index) : '';
  state.setLastText(index, text);
  if (text === 'U' || allS > heartbeatS) return Number.NaN;
  const gain = isCounted ? compareCounts(kind, before, text) : Number(text);
  const amount = kind === 'GAUGE' ? gain * allS : gain;
  const rate = amount / allS;
  return rate < min || rate > max ? Number.NaN : amount;
}

function compareCounts(kind: SourceLayout['kind'], before: string, text: string): number {
  if (!isComparable(text, before)) return Number.NaN;
  if (text.length <= MAX_EXACT_LENGTH && before.length <= MAX_EXACT_LENGTH) {
    const amount = Number(text) - Number(before);
    if (kind !== 'COUNTER' || amount >= 0) return amount;
  }
  let amount = BigInt(text) - BigInt(before);
  if (kind === 'COUNTER' && amount < 0n) amount += WRAP_32;
  if (kind === 'COUNTER' && amount < 0n) amount += WRAP_64;
  return Number(amount);
}

/** rrdtool compares no counts of different signs, and none of more digits than it keeps. */
function isComparable(text: string, before: string): boolean {
  const isOfOneSign = text.startsWith('-') === before.startsWith('-');
  return isOfOneSign && text.length <= MAX_COUNT_LENGTH && /^-?\d+$/.test(before);
}

/** No step ended: the one that is going on gets it. */
function addToStep(state: FileState, index: number, { amount, allS }: Gain): void {
  if (Number.isNaN(amount)) {
    state.setUnknownS(index, state.unknownS(index) + Math.floor(allS));
    return;
  }
  const sum = state.sum(index);
  state.setSum(index, Number.isNaN(sum) ? amount : sum + amount);
}

/** Ends steps of one source and begins the next; the value of all that ended, NaN = unknown. */
function endSteps(
  state: FileState,
  index: number,
  { amount, allS, heartbeatS, stretch }: StepsGain,
): number {
  const { beforeS, afterS, stepS, endedCount } = stretch;
  const rate = amount / allS;
  const isKnown = !Number.isNaN(amount);
  const unknownS = state.unknownS(index);
  const sum = state.sum(index);
  const whole = isKnown ? (Number.isNaN(sum) ? 0 : sum) + rate * beforeS : sum;
  const knownS = endedCount * stepS - unknownS - (isKnown ? 0 : beforeS);
  state.setUnknownS(index, isKnown ? 0 : Math.floor(afterS));
  state.setSum(index, isKnown ? rate * afterS : Number.NaN);
  const isLost = beforeS + afterS > heartbeatS || unknownS > stepS * MAX_UNKNOWN_SHARE;
  return isLost ? Number.NaN : whole / knownS;
}
