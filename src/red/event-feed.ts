/**
 * What happens, for readers that follow: the log of events in the database, in the order of their
 * ids, and results as grey's hints tell of them. Works only while somebody reads.
 *
 * Ids are handed out when a transaction writes, and become visible when it commits, so a lower one
 * may come after a higher one. Missing ids are therefore looked for again for a while.
 */

import type { Sql } from '../database/database.ts';
import {
  findEvents,
  getNewestEventId,
  listEventsAfter,
  type StoredEvent,
} from '../database/queries/events.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { StoredResult } from './stored-results.ts';

/** Between looks, hints or not. */
const LOOK_MS = 1_000;
/** The shortest time between looks, so that a flood of hints costs no flood of queries. */
const PAUSE_MS = 50;
const MAX_EVENTS = 1_000;
/** How long an id that was left out is waited for; longer than any transaction. */
const GAP_MS = 30_000;
const MAX_GAPS = 1_000;
/** Checks whose results wait to be told; beyond, the oldest are left out and counted. */
const MAX_CHECKS = 20_000;

/** What is new. */
export interface News {
  readonly events: readonly StoredEvent[];
  /** Checks that have a new result. */
  readonly checkIds: readonly number[];
}

/** Tells what is new, in order, one after the other. Must not reject: it is told once. */
export type Reader = (news: News) => Promise<void>;

/** The feed. */
export interface EventFeed {
  /** Tells of stored results, and that there may be events. */
  announce(results: readonly StoredResult[]): void;
  /** Hears what happens from now on. Resolves to the id of the newest event before. */
  follow(reader: Reader): Promise<{ readonly newestId: number; unfollow(): void }>;
  /** Results that were not told because too many waited. */
  leftOutCount(): number;
  stop(): Promise<void>;
}

/** Creates the feed; it does nothing until somebody follows. */
export function createEventFeed(options: {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly log: Log;
}): EventFeed {
  const { sql, clock, log } = options;
  const readers = new Set<Reader>();
  const stopping = new AbortController();
  const checkIds = new Set<number>();
  const gaps = new Map<number, number>();
  let newestId = 0;
  let leftOut = 0;
  let beginning: Promise<void> | undefined;
  let running: Promise<void> | undefined;
  let wake = () => {};

  const readEvents = async (): Promise<StoredEvent[]> => {
    const now = clock.monotonic();
    const late = await findEvents(sql, [...gaps.keys()]);
    for (const { id } of late) gaps.delete(id);
    for (const [id, since] of gaps) if (now - since > GAP_MS) gaps.delete(id);
    const events = await listEventsAfter(sql, newestId, MAX_EVENTS);
    for (const { id } of events) {
      for (let gap = newestId + 1; gap < id && gaps.size < MAX_GAPS; gap++) gaps.set(gap, now);
      newestId = id;
    }
    return [...late, ...events];
  };

  const look = async () => {
    const events = await readEvents();
    const news = { events, checkIds: [...checkIds] };
    checkIds.clear();
    if (events.length === 0 && news.checkIds.length === 0) return;
    await Promise.all([...readers].map((reader) => reader(news)));
  };

  /** One beginning for all who come first: another would leave out what happened since. */
  const begin = () => {
    beginning ??= getNewestEventId(sql)
      .then((id) => {
        if (running === undefined) newestId = id;
      })
      .finally(() => {
        beginning = undefined;
      });
    return beginning;
  };

  const run = async () => {
    let outage = false;
    while (readers.size > 0 && !stopping.signal.aborted) {
      const woken = new AbortController();
      wake = () => woken.abort();
      if (checkIds.size === 0) {
        await sleep(clock, LOOK_MS, AbortSignal.any([woken.signal, stopping.signal]));
      }
      await sleep(clock, PAUSE_MS, stopping.signal);
      try {
        await look();
        outage = false;
      } catch (error) {
        if (!outage) log.warn({ error }, 'events cannot be read, trying on');
        outage = true;
      }
    }
    gaps.clear();
    checkIds.clear();
    running = undefined;
  };

  return {
    announce(results) {
      if (readers.size === 0) return;
      for (const { checkId } of results) checkIds.add(checkId);
      for (const checkId of checkIds) {
        if (checkIds.size <= MAX_CHECKS) break;
        checkIds.delete(checkId);
        leftOut++;
      }
      wake();
    },
    async follow(reader) {
      if (running === undefined) await begin();
      readers.add(reader);
      running ??= run();
      return {
        newestId,
        unfollow() {
          readers.delete(reader);
          wake();
        },
      };
    },
    leftOutCount: () => leftOut,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
