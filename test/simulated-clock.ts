/** A clock that stands still until a test moves it. */

import type { Clock } from '../src/lib/clock.ts';

/** A `Clock` under a test's control. */
export interface SimulatedClock extends Clock {
  /**
   * Moves time on and runs the timers that fall due, in order, each at its instant. Between two of
   * them everything that waits for a promise gets its turn, so that it can set new timers.
   */
  advance(durationMs: number): Promise<void>;
  /** How many timers are set. */
  readonly timerCount: number;
}

/** A clock that shows `startAt`, in milliseconds since the epoch. Default: 2026-01-01. */
export function createSimulatedClock(startAt = Date.UTC(2026, 0, 1)): SimulatedClock {
  const timers = new Set<{ dueAt: number; run: () => void }>();
  let now = startAt;
  const takeNext = (until: number) => {
    const [next] = [...timers].sort((one, other) => one.dueAt - other.dueAt);
    if (next === undefined || next.dueAt > until) return undefined;
    timers.delete(next);
    return next;
  };
  return {
    now: () => now,
    monotonic: () => now - startAt,
    setTimer(delayMs, run) {
      const timer = { dueAt: now + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(durationMs) {
      const until = now + durationMs;
      await settle();
      for (let timer = takeNext(until); timer !== undefined; timer = takeNext(until)) {
        now = timer.dueAt;
        timer.run();
        await settle();
      }
      now = until;
    },
    get timerCount() {
      return timers.size;
    },
  };
}

/** Lets pending promises go on: the event loop turns once after they have. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
