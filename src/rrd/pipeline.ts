/** Commands to a program go in without waiting, its replies come back in order. */

import type { CancelTimer, Clock } from '../lib/clock.ts';
import { Deque } from '../lib/deque.ts';
import { Unavailable } from '../model/errors.ts';

/** How a command ended: `done` with what was answered, or `refused` with the program's reason. */
export type Reply =
  | { readonly kind: 'done'; readonly lines: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** How long a program may take for one command. */
export const COMMAND_TIMEOUT_MS = 10_000;

/** Settings of a pipeline. */
export interface PipelineOptions {
  readonly clock: Clock;
  /** Sends text. */
  readonly write: (text: string) => void;
  /** Takes the next piece of what came back, cut anywhere; returns the replies that it completes. */
  readonly read: (text: string) => Reply[];
  /** Called for each reply. */
  readonly onReply: () => void;
  /** Ends the program's life, because of `reason`: it does not keep to the rules. */
  readonly kill: (reason: string) => void;
  /** The end as a sentence, for those who wait. */
  readonly describeEnd: (reason: string) => string;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Unavailable): void;
}

/** Who waits for which reply, for one life of the program. The caller bounds how many wait. */
export class Pipeline {
  readonly #options: PipelineOptions;
  /** Those who wait for a reply, in the order of their commands. */
  readonly #waiting = new Deque<Waiting>();
  /** Commands to be written together, at the end of this turn of the event loop. */
  #outbox = '';
  /** Since when the first of `#waiting` is the program's current command, by the monotonic clock. */
  #currentSince = 0;
  #cancelWatch: CancelTimer | null = null;
  #endReason: string | null = null;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Why it takes no more commands; null while it takes them. */
  get endReason(): string | null {
    return this.#endReason;
  }

  /** Resolves to the reply. Rejects with `Unavailable` when the end comes before that. */
  run(command: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#endReason !== null) return reject(this.#stopped(this.#endReason));
      if (this.#waiting.count === 0) this.#currentSince = this.#options.clock.monotonic();
      this.#waiting.push({ resolve, reject });
      if (this.#outbox === '') process.nextTick(() => this.flush());
      this.#outbox += `${command}\n`;
      this.#watch();
    });
  }

  /** Writes what waits for the end of the turn. */
  flush(): void {
    if (this.#outbox !== '' && this.#endReason === null) this.#options.write(this.#outbox);
    this.#outbox = '';
  }

  /** Takes what the program answered. */
  receive(text: string): void {
    for (const reply of this.#options.read(text)) {
      const first = this.#waiting.shift();
      if (first === undefined) {
        if (this.#endReason === null) this.#options.kill('it answered without being asked');
        return;
      }
      this.#currentSince = this.#options.clock.monotonic();
      this.#options.onReply();
      first.resolve(reply);
    }
  }

  /** Takes no more commands; what waits is rejected with `reason`. The first reason counts. */
  end(reason: string): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    this.#cancelWatch?.();
    for (const one of this.#waiting.drain()) one.reject(this.#stopped(reason));
  }

  /** One timer for all commands: it looks at the current one and is set again for what remains. */
  #watch(): void {
    if (this.#cancelWatch !== null) return;
    const { clock } = this.#options;
    const remainingMs = this.#currentSince + COMMAND_TIMEOUT_MS - clock.monotonic();
    this.#cancelWatch = clock.setTimer(Math.max(1, remainingMs), () => {
      this.#cancelWatch = null;
      if (this.#waiting.count === 0) return;
      if (clock.monotonic() - this.#currentSince < COMMAND_TIMEOUT_MS) return this.#watch();
      this.#options.kill(`it did not answer within ${COMMAND_TIMEOUT_MS / 1_000} s`);
    });
  }

  #stopped(reason: string): Unavailable {
    return new Unavailable('rrd', this.#options.describeEnd(reason));
  }
}
