/**
 * Requests that are delivered more than once: again after a lost connection, though this worker
 * still runs them or has sent their results; twice by a red that got no confirm; or by somebody who
 * recorded one. Each is served once.
 */

import { ACK, type Settlement } from '../broker/broker.ts';

/**
 * Requests that are remembered after their end, some seconds of the fastest worker: this many at
 * least, twice as many at most.
 */
const DONE_COUNT = 10_000;

/** What one worker has in hand, and what it had. */
export class RequestsInHand {
  readonly #running = new Map<string, Promise<Settlement>>();
  /** In two halves, since a map that loses its oldest entry each time has to search for the next. */
  #done = new Set<string>();
  #doneBefore = new Set<string>();
  readonly #onRepeated: () => void;

  /** `onRepeated` hears of each delivery that is not served. */
  constructor(onRepeated: () => void) {
    this.#onRepeated = onRepeated;
  }

  /**
   * Serves a request, unless one with this id is being served, whose settlement then counts for both,
   * or was served to its end. Rejects as `serve` does.
   */
  serveOnce(id: string, serve: () => Promise<Settlement>): Promise<Settlement> {
    const running = this.#running.get(id);
    if (running !== undefined || this.#done.has(id) || this.#doneBefore.has(id)) {
      this.#onRepeated();
      return running ?? Promise.resolve(ACK);
    }
    const serving = this.#serve(id, serve);
    this.#running.set(id, serving);
    return serving;
  }

  async #serve(id: string, serve: () => Promise<Settlement>): Promise<Settlement> {
    try {
      const settlement = await serve();
      if (settlement.kind === 'ack') this.#remember(id);
      return settlement;
    } finally {
      this.#running.delete(id);
    }
  }

  #remember(id: string): void {
    this.#done.add(id);
    if (this.#done.size < DONE_COUNT) return;
    this.#doneBefore = this.#done;
    this.#done = new Set();
  }
}
