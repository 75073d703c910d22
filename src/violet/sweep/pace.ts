/** Keeps what several slices send together below a rate. */

import { type Clock, sleep } from '../../lib/clock.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';

/** Spans of sending time, handed out one behind the other. */
export interface Pace {
  /** From one address to the next. */
  readonly intervalMs: number;
  /** Resolves when `count` addresses may be sent to, one each `intervalMs`; early on abort. */
  reserve(count: number, signal: StopSignal): Promise<void>;
}

/** Creates a pace of so many addresses a second. */
export function createPace(clock: Clock, ratePerS: number): Pace {
  const intervalMs = 1_000 / ratePerS;
  let freeAt = 0;
  return {
    intervalMs,
    async reserve(count, signal) {
      const now = clock.monotonic();
      const startAt = Math.max(now, freeAt);
      freeAt = startAt + count * intervalMs;
      if (startAt > now) await sleep(clock, startAt - now, signal);
    },
  };
}
