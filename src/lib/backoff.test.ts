import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const policy = { firstMs: 100, maxMs: 5_000 };

test('doubles with each failure up to the longest wait', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffMs(policy, failures, () => 1));
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test('is at least half of the step, so that chance never means "at once"', () => {
  expect(backoffMs(policy, 1, () => 0)).toBe(50);
  expect(backoffMs(policy, 100, () => 0)).toBe(2_500);
});

test('stays between half and all of the longest wait after any number of failures', () => {
  const random = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 7, max: 2 ** 31 }), random, (failures, chance) => {
      const waitMs = backoffMs(policy, failures, () => chance);
      expect(waitMs).toBeGreaterThanOrEqual(2_500);
      expect(waitMs).toBeLessThanOrEqual(5_000);
    }),
  );
});
