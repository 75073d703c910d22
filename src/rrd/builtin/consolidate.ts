/** Steps that ended -> the rows of one archive. Pure, and the same arithmetic as that of rrdtool. */

import type { Consolidation } from '../rrd.ts';
import type { ArchiveLayout, FileLayout } from './layout.ts';
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

/** A file as far as samples change it. */
export interface FileInMemory {
  readonly layout: FileLayout;
  readonly state: FileState;
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

/**
 * Takes steps into the archives of a file and puts the rows that they end, oldest first, those that stay.
 * It runs for each value of each archive: there are loops and numbers where else would be objects.
 */
export function consolidate(
  { layout, state }: FileInMemory,
  steps: EndedSteps,
  rows: RowSink,
): void {
  const { values, firstStep, count } = steps;
  let index = 0;
  for (const archive of layout.archives) {
    const { stepCount } = archive;
    const missingCount = stepCount - (firstStep % stepCount);
    const afterCount = count - missingCount;
    const endedCount = afterCount < 0 ? 0 : Math.floor(afterCount / stepCount) + 1;
    let source = 0;
    for (const value of values) {
      const carried = state.carried(index, source);
      if (stepCount === 1) {
        state.setPrimary(carried, value);
        if (endedCount > 1) state.setSecondary(carried, value);
      } else if (endedCount === 0) {
        takeIn(state, archive, carried, value, count);
      } else {
        endRow(state, archive, carried, value, missingCount, afterCount % stepCount);
      }
      source++;
    }
    if (endedCount > 0) putRows(state, archive, index, endedCount, rows);
    index++;
  }
}

/** Takes steps into the row that is being made. */
function takeIn(
  state: FileState,
  archive: ArchiveLayout,
  carried: number,
  value: number,
  count: number,
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
  state: FileState,
  archive: ArchiveLayout,
  carried: number,
  value: number,
  missingCount: number,
  beganCount: number,
): void {
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
  state: FileState,
  archive: ArchiveLayout,
  index: number,
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
