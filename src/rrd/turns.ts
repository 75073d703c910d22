/** Calls for statistics files: those for one file wait for each other, their number is bounded. */

import { Unavailable } from '../model/errors.ts';

/** Most calls that wait; about a second of work. */
const MAX_CALLS = 10_000;

/** Throws `Unavailable` when a call cannot wait: because so many do, or because nobody will run it. */
export function refuseCall(callCount: number, isClosed: boolean): void {
  if (isClosed) throw new Unavailable('rrd', 'The statistics files are closed.');
  if (callCount >= MAX_CALLS) {
    throw new Unavailable('rrd', `${MAX_CALLS} calls wait for the statistics files already.`);
  }
}

/** Who does what next with which file. */
export class Turns {
  /** For each file with calls, the end of its last call. */
  readonly #last = new Map<string, Promise<void>>();
  #callCount = 0;
  #closed: Promise<void> | undefined;

  /**
   * Runs `work` after the earlier calls for the file `name`; settles as it does. Rejects with
   * `Unavailable`, at once, when 10,000 calls wait already and after `close`.
   */
  async run<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    refuseCall(this.#callCount, this.#closed !== undefined);
    const before = this.#last.get(name);
    let end = () => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last.set(name, turn);
    this.#callCount++;
    try {
      if (before) await before;
      return await work();
    } finally {
      this.#callCount--;
      if (this.#last.get(name) === turn) this.#last.delete(name);
      end();
    }
  }

  /** Takes no more calls, waits for those that were taken, then runs `finish`, once. */
  close(finish: () => Promise<void>): Promise<void> {
    this.#closed ??= Promise.all(this.#last.values()).then(finish);
    return this.#closed;
  }
}
