/**
 * Calls for statistics files, one after the other in the order in which they come, in portions so
 * small that what else a process does gets its turn between them.
 */

import type { Clock } from '../../lib/clock.ts';
import { Deque } from '../../lib/deque.ts';
import { refuseCall } from '../turns.ts';

/** A portion ends after so many calls, or so many milliseconds when the disk is slow. */
const CALLS_PER_TURN = 64;
const MS_PER_TURN = 2;

interface Call {
  readonly name: string;
  /** What it waits for; undefined when it is done. */
  readonly run: () => Promise<void> | undefined;
}

/** Who comes next. A call that waits for something holds up those for the same file only. */
export class Line {
  readonly #clock: Clock;
  readonly #waiting = new Deque<Call>();
  /** Files with a call that waits for something, and the calls that came for them meanwhile. */
  readonly #held = new Map<string, Call[]>();
  #callCount = 0;
  #isTurnPlanned = false;
  #onEmpty: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs `work` after the earlier calls for the file `name`, in a later turn of the event loop; settles
   * as it does. Rejects with `Unavailable`, at once, when 10,000 calls wait already and after `close`.
   */
  run<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      refuseCall(this.#callCount, this.#closed !== undefined);
      this.#callCount++;
      const run = () => {
        try {
          const result = work();
          if (result instanceof Promise) return result.then(resolve, reject);
          resolve(result);
        } catch (error) {
          reject(error);
        }
        return undefined;
      };
      this.#waiting.push({ name, run });
      this.#planTurn();
    });
  }

  /** Takes no more calls and waits for those that were taken. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#callCount === 0) resolve();
      else this.#onEmpty = resolve;
    });
    return this.#closed;
  }

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isTurnPlanned = false;
    const endAt = this.#clock.monotonic() + MS_PER_TURN;
    for (let count = 0; count < CALLS_PER_TURN; count++) {
      const call = this.#waiting.shift();
      if (call === undefined) return;
      this.#begin(call);
      if (this.#clock.monotonic() >= endAt) break;
    }
    if (this.#waiting.count > 0) this.#planTurn();
  }

  #begin(call: Call): void {
    const held = this.#held.get(call.name);
    if (held !== undefined) {
      held.push(call);
      return;
    }
    const running = call.run();
    if (running === undefined) {
      this.#end();
      return;
    }
    this.#held.set(call.name, []);
    void running.then(() => {
      this.#release(call.name);
      this.#end();
    });
  }

  /** Those that were held go before what came for other files, and so before what comes for theirs. */
  #release(name: string): void {
    const held = this.#held.get(name) ?? [];
    this.#held.delete(name);
    for (const call of held.reverse()) this.#waiting.unshift(call);
    if (held.length > 0) this.#planTurn();
  }

  #end(): void {
    this.#callCount--;
    if (this.#callCount === 0) this.#onEmpty?.();
  }
}
