/** What can be told without rrdtool; `peer.server.test.ts` has the rest. */

import { describe, expect, test } from 'vitest';
import type { Archive, DataSource, RrdDefinition } from '../rrd.ts';
import { applySample } from './apply.ts';
import { decodeLayout, encodeHeader, type FileLayout } from './layout.ts';
import { PendingRows } from './pending-rows.ts';
import { FileState } from './state.ts';

const START_S = 1_700_000_000;

function openMemory(kind: DataSource['kind'], archives: readonly Archive[]) {
  const definition: RrdDefinition = {
    stepS: 10,
    dataSources: [{ name: 'value', kind, heartbeatS: 100, min: null, max: null }],
    archives,
  };
  const header = encodeHeader(definition, START_S);
  const decoded = decodeLayout(header);
  if (decoded.kind === 'refused') throw new Error(decoded.reason);
  const { layout } = decoded;
  const state = new FileState(header.subarray(layout.stateOffset, layout.rowsOffset), 1);
  return { layout, state };
}

/** Adds `[second, value]` after the start; gives each archive's ended rows, in order. */
function endedRows(
  file: { layout: FileLayout; state: FileState },
  samples: readonly (readonly [number, number | null])[],
): number[][] {
  const ended: number[][] = file.layout.archives.map(() => []);
  const put = (archive: FileLayout['archives'][number], _row: number, values: readonly number[]) =>
    ended[file.layout.archives.indexOf(archive)]?.push(...values);
  for (const [second, value] of samples)
    applySample(file, { atS: START_S + second, values: [value] }, { put });
  return ended;
}

const PLAIN: Archive = { consolidation: 'AVERAGE', stepCount: 1, rowCount: 5 };

describe('a sample', () => {
  test('ends the steps that it passes, and the one that was begun by itself', () => {
    const rows = endedRows(openMemory('GAUGE', [PLAIN]), [
      [10, 5],
      [15, 5],
      [40, 9],
      [45, 1],
    ]);
    expect(rows).toEqual([[5, 7, 9, 9]]);
  });

  test('leaves a step unknown of which more than half was unknown before it', () => {
    const samples = (lost: number) =>
      [
        [10, 1],
        [10 + lost, null],
        [20, 3],
      ] as const;
    expect(endedRows(openMemory('GAUGE', [PLAIN]), samples(5))).toEqual([[1, 3]]);
    expect(endedRows(openMemory('GAUGE', [PLAIN]), samples(6))).toEqual([[1, Number.NaN]]);
  });

  test.each([
    ['AVERAGE', 2],
    ['MIN', 1],
    ['MAX', 3],
    ['LAST', 1],
  ] as const)('ends rows of several steps with their %s', (consolidation, value) => {
    const archive = { consolidation, stepCount: 3, rowCount: 5 };
    // The row that is going on at the start ends with the step before.
    const rows = endedRows(openMemory('GAUGE', [archive]), [
      [10, 0],
      [20, 2],
      [30, 3],
      [40, 1],
    ]);
    expect(rows[0]?.at(-1)).toBe(value);
  });

  test('of a counter that starts again is what it has counted since, to the last digit', () => {
    const wrapped = (from: number) =>
      endedRows(openMemory('COUNTER', [PLAIN]), [
        [10, from],
        [20, 1_000],
      ])[0]?.[1];
    expect(wrapped(2 ** 32 - 4_096)).toBe(509.5);
    expect(wrapped(2 ** 64 - 4_096)).toBe(509.5);
  });
});

test('rows that are neighbours in the file are written together', () => {
  const { layout, state } = openMemory('GAUGE', [PLAIN, { ...PLAIN, consolidation: 'MAX' }]);
  const rows = new PendingRows();
  for (const step of [1, 2, 3, 4, 5, 6, 7])
    applySample({ layout, state }, { atS: START_S + 10 * step, values: [step] }, rows);
  expect(rows.valueCount).toBe(14);
  const runs: unknown[] = [];
  rows.flush((bytes, length, offset) => {
    const values = Array.from({ length: length / 8 }, (_, index) => bytes.readDoubleLE(index * 8));
    runs.push([offset - layout.rowsOffset, values]);
  });
  expect(runs).toEqual([
    [0, [1, 2, 3, 4, 5]],
    [40, [1, 2, 3, 4, 5]],
    [0, [6, 7]],
    [40, [6, 7]],
  ]);
});

test('a gap of many rows is written as one run, and nothing waits after it', () => {
  const { layout, state } = openMemory('GAUGE', [{ ...PLAIN, rowCount: 2_000 }]);
  const rows = new PendingRows();
  const lengths: number[] = [];
  const values: number[] = [];
  const take = (bytes: Buffer, length: number) => {
    lengths.push(length);
    for (let at = 0; at < length; at += 8) values.push(bytes.readDoubleLE(at));
  };
  applySample({ layout, state }, { atS: START_S + 10, values: [7] }, rows);
  rows.flush(take);
  applySample({ layout, state }, { atS: START_S + 10 * 1_001, values: [1] }, rows);
  expect(rows.valueCount).toBe(1_000);
  rows.flush(take);
  rows.flush(take);
  expect(lengths).toEqual([8, 8_000]);
  expect(values).toEqual([7, ...Array.from({ length: 1_000 }, () => Number.NaN)]);
  expect(rows.valueCount).toBe(0);
});
