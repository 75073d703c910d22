/**
 * Since when the schedule runs, and until when it ran before, as freshness counts by it (section 9).
 * Kept in the database, so that another red which takes the schedule over is no new start.
 */

import type { Sql } from '../database/database.ts';
import { findSetting, writeSetting } from '../database/queries/settings.ts';

/** How long nobody may have had the schedule for it to be the same start. */
const SAME_START_MS = 60_000;
const NAME = 'schedule.uptime';

/** When the schedule was started, and stopped before; null when it never was. */
export interface Uptime {
  readonly startedAt: number;
  readonly stoppedAt: number | null;
}

interface Kept extends Uptime {
  readonly aliveAt: number;
}

/** Notes that the schedule runs now, and tells since when it does. */
export async function noteUptime(sql: Sql, now: number): Promise<Uptime> {
  const text = await findSetting(sql, NAME);
  const before = text === undefined ? null : (JSON.parse(text) as Kept);
  const uptime = followUptime(before, now);
  await writeSetting(sql, NAME, JSON.stringify({ ...uptime, aliveAt: now } satisfies Kept));
  return uptime;
}

function followUptime(before: Kept | null, now: number): Uptime {
  if (before === null) return { startedAt: now, stoppedAt: null };
  const { startedAt, stoppedAt, aliveAt } = before;
  return now - aliveAt <= SAME_START_MS
    ? { startedAt, stoppedAt }
    : { startedAt: now, stoppedAt: aliveAt };
}
