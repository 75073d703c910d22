import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHECK_STATES } from '../model/check.ts';
import { sumStretches } from './availability.ts';

const AVAILABILITY_STATES = [...CHECK_STATES, 'notMeasured'] as const;

test('time before the first stretch is not measured, the last lasts to the end', () => {
  const stretches = [
    { fromAt: 20, state: 'ok' },
    { fromAt: 50, state: 'critical' },
  ] as const;
  expect(sumStretches(stretches, CHECK_STATES, { from: 0, to: 100 })).toEqual({
    ok: 30,
    warning: 0,
    critical: 50,
    unknown: 0,
    notMeasured: 20,
  });
});

test('a stretch that began before the span counts from its beginning', () => {
  const sums = sumStretches([{ fromAt: 5, state: 'warning' }], CHECK_STATES, {
    from: 10,
    to: 30,
  });
  expect(sums.warning).toBe(20);
  expect(sums.notMeasured).toBe(0);
});

test('the sums are those of counting millisecond by millisecond, and add up to the span', () => {
  const stretch = fc.record({
    fromAt: fc.integer({ min: 0, max: 60 }),
    state: fc.constantFrom(...AVAILABILITY_STATES),
  });
  const span = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 12 }), span, (unsorted, [start, length]) => {
      const stretches = unsorted.toSorted((a, b) => a.fromAt - b.fromAt);
      const counted: Record<string, number> = Object.fromEntries(
        AVAILABILITY_STATES.map((state) => [state, 0]),
      );
      for (let at = start; at < start + length; at++) {
        const state = stretches.findLast(({ fromAt }) => fromAt <= at)?.state ?? 'notMeasured';
        counted[state] = (counted[state] ?? 0) + 1;
      }
      const sums = sumStretches(stretches, CHECK_STATES, { from: start, to: start + length });
      expect(sums).toEqual(counted);
    }),
  );
});
