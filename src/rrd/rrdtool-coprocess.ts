/** An `rrdtool -` that is always there: started when it is needed, again with back-off when it dies. */

import { backoffMs } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';
import { describeEnd, RrdtoolProcess } from './rrdtool-process.ts';
import type { Reply } from './rrdtool-replies.ts';

const RESTART = { firstMs: 100, maxMs: 30_000 };
/** No jitter: every store has a process of its own, there is nobody to keep apart from. */
const NO_JITTER = () => 1;

/** Settings of a coprocess. */
export interface CoprocessOptions {
  readonly program: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Runs commands in the current process. When that dies, the commands in flight reject; the next
 * command starts a new one. If that dies without having answered, commands reject during a back-off.
 */
export class Coprocess {
  readonly #options: CoprocessOptions;
  #process: RrdtoolProcess | null = null;
  /** Deaths without a reply between; after the first one a new process is started at once. */
  #failureCount = 0;
  /** Not before this instant of the monotonic clock is a process started again. */
  #startAt = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;
  /** True while a process is ended on purpose. */
  #isPlannedEnd = false;

  constructor(options: CoprocessOptions) {
    this.#options = options;
  }

  /** Resolves to the reply; rejects with `Unavailable` when there is no process to give one. */
  async run(command: string): Promise<Reply> {
    this.#process ??= this.#start();
    return this.#process.run(command);
  }

  /** Null while it answers, else why not. */
  problem(): string | null {
    const reason = this.#process?.endReason ?? null;
    return reason === null ? this.#problem : describeEnd(reason);
  }

  /** Ends the process, because the folder in which it works is another one now. */
  restart(): void {
    if (this.#process === null) return;
    this.#isPlannedEnd = true;
    this.#process.kill('its folder was replaced');
  }

  /** Lets the process finish its commands and waits for its end. */
  async close(): Promise<void> {
    this.#isPlannedEnd = true;
    await this.#process?.close();
  }

  #start(): RrdtoolProcess {
    const { program, folder, clock } = this.#options;
    if (clock.monotonic() < this.#startAt) {
      throw new Unavailable('rrd', this.#problem ?? 'rrdtool is started again soon.');
    }
    this.#isPlannedEnd = false;
    return new RrdtoolProcess({
      program,
      folder,
      clock,
      onReply: () => this.#onReply(),
      onEnd: (reason) => this.#onEnd(reason),
    });
  }

  #onReply(): void {
    if (this.#failureCount > 0) this.#options.log.info('rrdtool answers again');
    this.#failureCount = 0;
    this.#problem = null;
  }

  #onEnd(reason: string): void {
    this.#process = null;
    if (this.#isPlannedEnd) return;
    this.#failureCount++;
    this.#problem = describeEnd(reason);
    if (this.#failureCount === 1) {
      this.#options.log.warn({ reason }, 'rrdtool stopped, it is started again');
      return;
    }
    this.#startAt =
      this.#options.clock.monotonic() + backoffMs(RESTART, this.#failureCount - 1, NO_JITTER);
  }
}
