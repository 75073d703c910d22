/**
 * How many requests of one queue a worker has in hand, which follows the number of its slots: too few
 * would leave slots empty, too many would keep requests from other workers. A consumer's number is
 * fixed, so there are more of them when the slots have become many more.
 */

import type { Consumer } from '../broker/broker.ts';

/** From one size to the next, at least: each consumer is a channel of the broker. */
const GROWTH = 1.5;

interface Part {
  readonly consumer: Consumer;
  readonly concurrency: number;
}

/** The consumers of one queue. */
export class Intake {
  readonly #open: (concurrency: number) => Promise<Consumer>;
  readonly #parts: Part[] = [];
  /** Consumers that take no more and are not idle yet. */
  readonly #leaving = new Set<Promise<void>>();
  #isStopped = false;

  /** `open` starts a consumer that has so many requests in hand. */
  constructor(open: (concurrency: number) => Promise<Consumer>) {
    this.#open = open;
  }

  /** How many consumers there are. */
  get consumerCount(): number {
    return this.#parts.length;
  }

  /** Takes as many requests as are wanted, or somewhat less or more. One call at a time. */
  async follow(wanted: number): Promise<void> {
    const last = this.#parts.at(-1);
    const held = this.#parts.reduce((sum, { concurrency }) => sum + concurrency, 0);
    if (this.#isStopped) return;
    if (wanted >= held * GROWTH) {
      const concurrency = wanted - held;
      const consumer = await this.#open(concurrency);
      this.#parts.push({ consumer, concurrency });
      // It was stopped meanwhile, without this one.
      if (this.#isStopped) await consumer.stop();
    } else if (last !== undefined && this.#parts.length > 1 && wanted <= held - last.concurrency) {
      this.#parts.pop();
      this.#leave(last.consumer);
    }
  }

  /** Takes no more; resolves when what is in hand is settled. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#parts.map(({ consumer }) => consumer.stop()), ...this.#leaving]);
  }

  /** What it has in hand may take as long as the broker is away: nobody waits for it but `stop`. */
  #leave(consumer: Consumer): void {
    const left = consumer.stop();
    const forget = () => this.#leaving.delete(left);
    this.#leaving.add(left);
    left.then(forget, forget);
  }
}
