/** A program, or a connection to one, that is always there: begun when needed, again with back-off. */

import { backoffMs } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';

const RESTART = { firstMs: 100, maxMs: 30_000 };
/** No jitter: every store has one of its own, there is nobody to keep apart from. */
const NO_JITTER = () => 1;

/** One life, from its beginning on. */
export interface Life {
  /** Why it takes no more commands; null while it takes them. */
  readonly endReason: string | null;
  /** Ends it at once. */
  kill(reason: string): void;
  /** Lets it finish its commands and go. */
  close(): Promise<void>;
}

/** What a life tells of itself. */
export interface LifeEvents {
  /** It has answered. */
  readonly onReply: () => void;
  /** It is over; called once, `reason` is why, for people. */
  readonly onEnd: (reason: string) => void;
}

/** Settings of lives. */
export interface LivesOptions<One extends Life> {
  readonly begin: (events: LifeEvents) => One;
  /** An end as a sentence. */
  readonly describeEnd: (reason: string) => string;
  /** What is logged when an outage begins and when it is over. */
  readonly logged: { readonly end: string; readonly back: string };
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Gives the current life. When it ends, the commands in flight reject; the next one begins another.
 * If that ends without having answered, commands reject during a back-off.
 */
export class Lives<One extends Life> {
  readonly #options: LivesOptions<One>;
  #current: One | null = null;
  /** Ends without a reply between; after the first one another life is begun at once. */
  #failureCount = 0;
  /** Not before this instant of the monotonic clock is one begun again. */
  #beginAt = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;
  /** True while one is ended on purpose. */
  #isPlannedEnd = false;

  constructor(options: LivesOptions<One>) {
    this.#options = options;
  }

  /** The current life, begun if there is none. Throws `Unavailable` during a back-off. */
  current(): One {
    this.#current ??= this.#begin();
    return this.#current;
  }

  /** Null while it answers, else why not. */
  problem(): string | null {
    const reason = this.#current?.endReason ?? null;
    return reason === null ? this.#problem : this.#options.describeEnd(reason);
  }

  /** Ends the current life, because its surroundings are others now; the next call begins another. */
  restart(reason: string): void {
    if (this.#current === null) return;
    this.#isPlannedEnd = true;
    this.#current.kill(reason);
  }

  /** Lets the current life finish its commands and waits for its end. */
  async close(): Promise<void> {
    this.#isPlannedEnd = true;
    await this.#current?.close();
  }

  #begin(): One {
    const { clock, begin, describeEnd } = this.#options;
    if (clock.monotonic() < this.#beginAt) {
      throw new Unavailable('rrd', this.#problem ?? describeEnd('it did not answer'));
    }
    this.#isPlannedEnd = false;
    return begin({
      onReply: () => this.#onReply(),
      onEnd: (reason) => this.#onEnd(reason),
    });
  }

  #onReply(): void {
    if (this.#failureCount > 0) this.#options.log.info(this.#options.logged.back);
    this.#failureCount = 0;
    this.#problem = null;
  }

  #onEnd(reason: string): void {
    this.#current = null;
    if (this.#isPlannedEnd) return;
    const { clock, log, describeEnd, logged } = this.#options;
    this.#failureCount++;
    this.#problem = describeEnd(reason);
    if (this.#failureCount === 1) {
      log.warn({ reason }, logged.end);
      return;
    }
    this.#beginAt = clock.monotonic() + backoffMs(RESTART, this.#failureCount - 1, NO_JITTER);
  }
}
