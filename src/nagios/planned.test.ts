import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHECK_STATES } from '../model/check.ts';
import { sumStretches } from './availability.ts';
import { coveredParts, hardStretches, sumReasons } from './planned.ts';

const instant = fc.integer({ min: 0, max: 60 });
const span = fc.tuple(instant, instant).map(([from, length]) => ({ from, to: from + length }));
const covers = fc.array(
  fc
    .tuple(instant, fc.option(fc.integer({ min: 0, max: 30 })))
    .map(([from, length]) => ({ from, to: length === null ? null : from + length })),
  { maxLength: 8 },
);
const stretches = fc
  .array(
    fc.record({
      fromAt: instant,
      state: fc.constantFrom(...CHECK_STATES, 'notMeasured' as const),
      stateType: fc.constantFrom('soft' as const, 'hard' as const),
      cause: fc.constantFrom('noWorker', 'maintenance', 'noResult'),
    }),
    { maxLength: 12 },
  )
  .map((unsorted) => unsorted.toSorted((one, other) => one.fromAt - other.fromAt));

describe('parts of a span that downtimes cover', () => {
  test('are in order, do not overlap, and hold just the instants that any covers', () => {
    fc.assert(
      fc.property(covers, span, (given, { from, to }) => {
        const parts = coveredParts(given, { from, to });
        for (let at = from; at < to; at++) {
          const isCovered = given.some((one) => one.from <= at && at < (one.to ?? to));
          const inParts = parts.filter((part) => part.from <= at && at < part.to).length;
          expect(inParts).toBe(isCovered ? 1 : 0);
        }
        expect(parts.every((part) => part.from >= from && part.to <= to)).toBe(true);
      }),
    );
  });
});

describe('reasons', () => {
  test('add up to what was not measured, to the millisecond', () => {
    fc.assert(
      fc.property(stretches, span, (given, asked) => {
        const sum = [...sumReasons(given, asked).values()].reduce((one, other) => one + other, 0);
        expect(sum).toBe(sumStretches(given, CHECK_STATES, asked).notMeasured);
      }),
    );
  });

  test('before the first result a check is pending', () => {
    const given = [
      { fromAt: 10, state: 'ok', cause: 'firstResult' },
      { fromAt: 20, state: 'notMeasured', cause: 'noWorker' },
    ];
    expect([...sumReasons(given, { from: 0, to: 50 })]).toEqual([
      ['pending', 10],
      ['noWorker', 30],
    ]);
  });
});

describe('hard states alone', () => {
  test('a soft problem is the hard state before it, until it is hard itself', () => {
    const given = [
      { fromAt: 0, state: 'ok', stateType: 'hard' },
      { fromAt: 10, state: 'critical', stateType: 'soft' },
      { fromAt: 20, state: 'notMeasured', stateType: 'soft' },
      { fromAt: 30, state: 'critical', stateType: 'soft' },
      { fromAt: 40, state: 'critical', stateType: 'hard' },
    ] as const;
    const states = hardStretches([...given]).map(({ state }) => state);
    expect(states).toEqual(['ok', 'ok', 'notMeasured', 'ok', 'critical']);
  });

  test('leave what was not measured as it is', () => {
    fc.assert(
      fc.property(stretches, span, (given, asked) => {
        const all = sumStretches(given, CHECK_STATES, asked).notMeasured;
        expect(sumStretches(hardStretches(given), CHECK_STATES, asked).notMeasured).toBe(all);
      }),
    );
  });
});
