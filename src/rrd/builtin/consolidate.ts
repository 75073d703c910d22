/** Steps that ended -> the rows of one archive. Pure, and the same arithmetic as that of rrdtool. */

import type { Consolidation } from '../rrd.ts';
import type { ArchiveLayout } from './layout.ts';
import type { FileState } from './state.ts';

/** Takes the rows that end. */
export interface RowSink {
  /** `values` has a value for each source, NaN = unknown; it is not kept. */
  put(archive: ArchiveLayout, row: number, values: readonly number[]): void;
}

/** Steps that ended together, at least one. */
export interface EndedSteps {
  /** The value of each source in all of them, NaN = unknown. */
  readonly values: readonly number[];
  /** Which step since the epoch is the first of them. */
  readonly firstStep: number;
  readonly count: number;
}

/** One archive of a file. */
export interface ArchiveInFile {
  readonly state: FileState;
  readonly archive: ArchiveLayout;
  /** Its place in the file. */
  readonly index: number;
}

/** How values become one: what a row comes to before its first step, and with `count` more of them. */
interface Rule {
  readonly start: number;
  readonly combine: (older: number, newer: number, count: number) => number;
}

const RULES: Readonly<Record<Consolidation, Rule>> = {
  AVERAGE: { start: 0, combine: (older, newer, count) => older + newer * count },
  MIN: { start: Number.POSITIVE_INFINITY, combine: (older, newer) => Math.min(older, newer) },
  MAX: { start: Number.NEGATIVE_INFINITY, combine: (older, newer) => Math.max(older, newer) },
  LAST: { start: Number.NaN, combine: (_older, newer) => newer },
};

/** Takes steps into an archive and puts the rows that they end, oldest first, those that stay. */
export function consolidate(target: ArchiveInFile, steps: EndedSteps, rows: RowSink): void {
  const { state, archive, index } = target;
  const { stepCount } = archive;
  const missingCount = stepCount - (steps.firstStep % stepCount);
  const afterCount = steps.count - missingCount;
  const endedCount = afterCount < 0 ? 0 : Math.floor(afterCount / stepCount) + 1;
  for (const [source, value] of steps.values.entries()) {
    const carried = state.carried(index, source);
    if (stepCount === 1) {
      state.setPrimary(carried, value);
      if (endedCount > 1) state.setSecondary(carried, value);
    } else if (endedCount === 0) {
      takeIn(target, carried, { value, count: steps.count });
    } else {
      endRow(target, carried, { value, missingCount, beganCount: afterCount % stepCount });
    }
  }
  if (endedCount > 0) putRows(target, endedCount, rows);
}

/** Takes steps into the row that is being made. */
function takeIn(
  { state, archive }: ArchiveInFile,
  carried: number,
  { value, count }: { readonly value: number; readonly count: number },
): void {
  if (Number.isNaN(value)) {
    state.setUnknownCount(carried, state.unknownCount(carried) + count);
    return;
  }
  const { start, combine } = RULES[archive.consolidation];
  state.setValue(carried, combine(orElse(state.value(carried), start), value, count));
}

/** Ends the row with the steps that it misses and begins another with `beganCount` steps. */
function endRow(
  { state, archive }: ArchiveInFile,
  carried: number,
  steps: { readonly value: number; readonly missingCount: number; readonly beganCount: number },
): void {
  const { value, missingCount, beganCount } = steps;
  const { consolidation, stepCount, unknownShare } = archive;
  const { start, combine } = RULES[consolidation];
  const isUnknown = Number.isNaN(value);
  const unknownCount = state.unknownCount(carried) + (isUnknown ? missingCount : 0);
  const older = orElse(state.value(carried), start);
  const whole = combine(older, orElse(value, start), missingCount);
  const known = consolidation === 'AVERAGE' ? whole / (stepCount - unknownCount) : whole;
  state.setPrimary(carried, unknownCount > stepCount * unknownShare ? Number.NaN : known);
  state.setSecondary(carried, value);
  state.setUnknownCount(carried, isUnknown ? beganCount : 0);
  const isEmpty = isUnknown || beganCount === 0;
  state.setValue(carried, isEmpty ? start : combine(start, value, beganCount));
}

/** After a gap longer than the archive rrdtool puts the first ended row into the oldest place that stays. */
function putRows(
  { state, archive, index }: ArchiveInFile,
  endedCount: number,
  rows: RowSink,
): void {
  const { rowCount } = archive;
  const keptCount = Math.min(endedCount, rowCount);
  const newest = (state.row(index) + endedCount) % rowCount;
  const oldest = newest - keptCount + 1 + rowCount;
  state.setRow(index, newest);
  rows.put(archive, oldest % rowCount, state.primaries(index));
  if (keptCount === 1) return;
  const others = state.secondaries(index);
  for (let kept = 1; kept < keptCount; kept++) {
    rows.put(archive, (oldest + kept) % rowCount, others);
  }
}

function orElse(value: number, start: number): number {
  return Number.isNaN(value) ? start : value;
}
