/** Forgets events that no reader can want any more. */

import type { Sql } from '../database/database.ts';
import { deleteOldEvents } from '../database/queries/events.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

/** How far behind a reader may resume. */
const KEPT_MS = 7 * 24 * 3_600_000;
const INTERVAL_MS = 60_000;
/** Rows of one statement, so that nobody waits for it. */
const PART = 5_000;

/** Starts deleting while this red holds the schedule. */
export function startEventRetention(options: {
  readonly sql: Sql;
  readonly isActive: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}): { stop(): Promise<void> } {
  const { sql, isActive, clock, log } = options;
  const forget = async () => {
    let deleted = PART;
    while (isActive() && deleted === PART) {
      deleted = await deleteOldEvents(sql, clock.now() - KEPT_MS, PART);
    }
  };
  return repeat(clock, INTERVAL_MS, forget, (error) =>
    log.warn({ error }, 'old events cannot be deleted'),
  );
}
