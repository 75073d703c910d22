/** How many sessions of a connection are in use, and who waits for one, in order of arrival. */

import type { StopSignal } from '../../lib/stop-signal.ts';

/** What became of waiting: a session is free, the wait was given up, or there is nothing to wait for. */
export type Turn = 'free' | 'late' | 'closed';

/**
 * A limit on sessions, which sinks when the server refuses one and is as before when none is in use.
 * Those who wait are bounded by the checks that run.
 */
export class SessionSlots {
  readonly #fullLimit: number;
  #limit: number;
  #usedCount = 0;
  #isClosed = false;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#fullLimit = limit;
    this.#limit = limit;
  }

  /** How many may be in use at a time now. */
  get limit(): number {
    return this.#limit;
  }

  /** True when none is in use and nobody waits. */
  get isIdle(): boolean {
    return this.#usedCount === 0 && this.#waiting.size === 0;
  }

  /** Waits for a session, which is then to be given back, until `signal` aborts. */
  async take(signal: StopSignal): Promise<Turn> {
    if (this.#waiting.size > 0) await this.#wait(signal);
    while (this.#mustWait(signal)) await this.#wait(signal);
    if (this.#isClosed) return 'closed';
    if (signal.aborted) {
      this.#wakeNext(); // it may have been our turn
      return 'late';
    }
    this.#usedCount++;
    return 'free';
  }

  /** Gives one back. */
  release(): void {
    this.#usedCount--;
    if (this.isIdle) this.#limit = this.#fullLimit;
    this.#wakeNext();
  }

  /** Gives one back that the server did not grant; true when others are in use, so that waiting helps. */
  refuse(): boolean {
    this.#usedCount--;
    this.#limit = Math.max(1, Math.min(this.#limit, this.#usedCount));
    if (this.#usedCount === 0) this.#wakeNext(); // nobody else will
    return this.#usedCount > 0;
  }

  /** Sends those away who wait, and who will come. */
  close(): void {
    this.#isClosed = true;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #mustWait(signal: StopSignal): boolean {
    return !this.#isClosed && !signal.aborted && this.#usedCount >= this.#limit;
  }

  #wait(signal: StopSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }

  #wakeNext(): void {
    const [next] = this.#waiting;
    next?.();
  }
}
