/** What was started is stopped in reverse: each step registers its teardown here. */

import type { Clock } from './clock.ts';
import { sleep } from './clock.ts';

/** Called for a teardown that failed or ran out of time; the walk goes on. */
export type TeardownProblem = (step: string, problem: unknown) => void;

/** A stack of named teardowns. */
export class Lifecycle {
  readonly #clock: Clock;
  readonly #steps: { name: string; stop: () => Promise<void> }[] = [];
  #stopped: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Registers the teardown of something just started. */
  onStop(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop: async () => stop() });
  }

  /**
   * Runs the teardowns, last registered first, each to its end or until `deadlineMs` from now.
   * Later calls wait for the first.
   */
  stop(deadlineMs: number, onProblem: TeardownProblem): Promise<void> {
    this.#stopped ??= this.#walk(this.#clock.monotonic() + deadlineMs, onProblem);
    return this.#stopped;
  }

  async #walk(deadline: number, onProblem: TeardownProblem): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      const remainingMs = Math.max(100, deadline - this.#clock.monotonic());
      const done = new AbortController();
      const finished = step.stop().then(
        () => true,
        (error: unknown) => {
          onProblem(step.name, error);
          return true;
        },
      );
      const inTime = await Promise.race([
        finished,
        sleep(this.#clock, remainingMs, done.signal).then(() => false),
      ]);
      done.abort();
      if (!inTime) onProblem(step.name, new Error(`not stopped within ${remainingMs} ms`));
    }
  }
}
