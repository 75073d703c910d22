/**
 * Requests that are delivered more than once: again after a lost connection, though this worker
 * still runs them or has sent their results; twice by a red that got no confirm; or by somebody who
 * recorded one. Each is served once.
 */

import { ACK, type Settlement } from '../broker/broker.ts';
import { Lru } from '../lib/lru.ts';

/** Requests that are remembered after their end, some seconds of the fastest worker. */
const MAX_DONE = 10_000;

/** What one worker has in hand, and what it had. */
export class RequestsInHand {
  readonly #running = new Map<string, Promise<Settlement>>();
  readonly #done = new Lru<string, true>(MAX_DONE);
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
    if (running !== undefined || this.#done.get(id)) {
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
      if (settlement.kind === 'ack') this.#done.set(id, true);
      return settlement;
    } finally {
      this.#running.delete(id);
    }
  }
}
