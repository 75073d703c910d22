/**
 * Time and timers by parameter, so that a whole system can run on a simulated clock.
 * The only place that reads the machine's clock or sets a timer.
 */

import type { StopSignal } from './stop-signal.ts';

/** Cancels the timer it was returned for; calling it again does nothing. */
export type CancelTimer = () => void;

/** A source of time. `now` may jump with the wall clock, `monotonic` never goes back. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /** Milliseconds from an arbitrary start; for ages and time-outs. */
  monotonic(): number;
  /** Runs `run` once after `delayMs`; a timer that waits keeps the process alive. */
  setTimer(delayMs: number, run: () => void): CancelTimer;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
export function sleep(
  clock: Pick<Clock, 'setTimer'>,
  delayMs: number,
  signal?: StopSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.setTimer(delayMs, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/**
 * Runs `task` again and again, `intervalMs` after its last end, until stopped.
 * `stop` waits for a running task. A task that throws is given to `onError` and tried again.
 */
export function repeat(
  clock: Clock,
  intervalMs: number,
  task: () => Promise<void>,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loop = async () => {
    while (!stopping.signal.aborted) {
      await sleep(clock, intervalMs, stopping.signal);
      if (stopping.signal.aborted) return;
      await task().catch(onError);
    }
  };
  const done = loop();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
