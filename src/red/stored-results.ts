/**
 * Waiting for a result to be stored: at once when grey's hint comes, and by asking the database,
 * since hints may be lost.
 */

import type { Sql } from '../database/database.ts';
import { readLastScheduled } from '../database/queries/check-states.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { StopSignal } from '../lib/stop-signal.ts';
import { Unavailable } from '../model/errors.ts';

/** Requests that may wait at the same time; each holds a connection of a client. */
const MAX_WAITERS = 1_000;
const ASK_MS = 500;

/** A stored result: its check, and the due time that it belongs to. */
export interface StoredResult {
  readonly checkId: number;
  readonly scheduledAt: number;
}

/** Knows who waits for what. */
export interface StoredResults {
  /** Tells what was stored. */
  announce(results: readonly StoredResult[]): void;
  /**
   * Resolves to true when this result or a newer one of the check is stored, to false after
   * `timeoutMs` or when `signal` aborts. Throws `Unavailable` when too many wait.
   */
  waitFor(
    result: StoredResult,
    limit: { readonly timeoutMs: number; readonly signal: StopSignal },
  ): Promise<boolean>;
  stop(): Promise<void>;
}

interface Waiter extends StoredResult {
  finish(isStored: boolean): void;
}

/** Starts with nobody waiting. */
export function createStoredResults({
  sql,
  clock,
  log,
}: {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly log: Log;
}): StoredResults {
  const waiters = new Set<Waiter>();

  const announce = (results: readonly StoredResult[]) => {
    if (waiters.size === 0) return;
    const newest = new Map(results.map(({ checkId, scheduledAt }) => [checkId, scheduledAt]));
    for (const waiter of waiters) {
      if ((newest.get(waiter.checkId) ?? 0) >= waiter.scheduledAt) waiter.finish(true);
    }
  };
  const ask = async () => {
    if (waiters.size === 0) return;
    announce(await readLastScheduled(sql, [...new Set([...waiters].map((each) => each.checkId))]));
  };
  const asking = repeat(clock, ASK_MS, ask, (error) =>
    log.debug({ error }, 'cannot ask for stored results'),
  );

  return {
    announce,
    async waitFor({ checkId, scheduledAt }, { timeoutMs, signal }) {
      if (waiters.size >= MAX_WAITERS) {
        throw new Unavailable('server', 'Too many requests wait for results already.');
      }
      const isStored = await new Promise<boolean>((resolve) => {
        const waiter: Waiter = { checkId, scheduledAt, finish };
        const cancel = clock.setTimer(timeoutMs, () => finish(false));
        const giveUp = () => finish(false);
        function finish(stored: boolean) {
          waiters.delete(waiter);
          cancel();
          signal.removeEventListener('abort', giveUp);
          resolve(stored);
        }
        waiters.add(waiter);
        signal.addEventListener('abort', giveUp, { once: true });
        if (signal.aborted) giveUp();
      });
      return isStored;
    },
    async stop() {
      for (const waiter of waiters) waiter.finish(false);
      await asking.stop();
    },
  };
}
