/** Finds out which of many last, by one timer for all: most are gone before it is due. */

import type { Clock } from '../../lib/clock.ts';

/** Calls `onLasting` once with each that is still there when it is `afterMs` to twice as old. */
export class Lasting<Item> {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #onLasting: (item: Item) => void;
  #young = new Set<Item>();
  /** Those that have been there at the timer's last time. */
  #older = new Set<Item>();
  #isWaiting = false;

  constructor(clock: Clock, afterMs: number, onLasting: (item: Item) => void) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#onLasting = onLasting;
  }

  /** From now on it is there. */
  add(item: Item): void {
    this.#young.add(item);
    this.#wait();
  }

  /** It is gone. */
  delete(item: Item): void {
    if (!this.#young.delete(item)) this.#older.delete(item);
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#clock.setTimer(this.#afterMs, () => this.#look());
  }

  #look(): void {
    this.#isWaiting = false;
    const lasting = this.#older;
    this.#older = this.#young;
    this.#young = new Set();
    if (this.#older.size > 0) this.#wait();
    for (const item of lasting) this.#onLasting(item);
  }
}
