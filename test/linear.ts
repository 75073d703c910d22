/** Whether a function takes time in proportion to its input, on a machine of any speed and load. */

import { expect } from 'vitest';

/** From one size to the next, four times as long, with room for the allocator and the compiler. */
const GROWTH = 4;
const MAX_RATIO = 8;
/** Below this a ratio says nothing. */
const MIN_MS = 2;
/** One that is linear shows it in one of so many tries; one that is not, never. */
const MAX_TRIES = 8;

/** Fails unless `run`, given a size and four times that, takes at most eight times the CPU time. */
export function expectLinear(run: (size: number) => void, size: number, label: string): void {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < MAX_TRIES && least > MAX_RATIO; tries++) {
    const once = Math.max(
      MIN_MS,
      cpuMs(() => run(size)),
    );
    least = Math.min(least, cpuMs(() => run(size * GROWTH)) / once);
  }
  expect(least, `${label}: CPU time of ${GROWTH} times the input`).toBeLessThanOrEqual(MAX_RATIO);
}

/** Of this process alone, so that others do not count. */
function cpuMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
