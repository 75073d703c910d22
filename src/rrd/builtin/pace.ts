/** Work in small portions, so that what else a process does gets its turn between them. */

import { Deque } from '../../lib/deque.ts';

/** Calls between two turns of the event loop; a millisecond of work when the files are in memory. */
const CALLS_PER_TURN = 32;

/** Lets so many callers in at each turn of the event loop, in the order in which they come. */
export class Pace {
  readonly #waiting = new Deque<() => void>();
  #entered = 0;

  /** Resolves when there is room. How much waits is up to the callers. */
  async enter(): Promise<void> {
    if (this.#entered === 0) setImmediate(() => this.#turn());
    this.#entered++;
    if (this.#entered <= CALLS_PER_TURN) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #turn(): void {
    this.#entered = Math.max(0, this.#entered - CALLS_PER_TURN);
    if (this.#entered > 0) setImmediate(() => this.#turn());
    for (let count = 0; count < CALLS_PER_TURN; count++) this.#waiting.shift()?.();
  }
}
