/**
 * Since when the schedule runs, and until when it ran before: freshness counts by it (section 9), and
 * silence is explained by it. Kept in the database, so that another red which takes the schedule over
 * is no new start.
 */

import type { Database, Sql } from '../database/database.ts';
import { addScheduleStop } from '../database/queries/schedule-stops.ts';
import { findSetting, writeSetting } from '../database/queries/settings.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { SILENCE_GRACE_MS } from '../model/patience.ts';

/** How long nobody may have had the schedule for it to be the same start. */
const SAME_START_MS = 60_000;
const NAME = 'schedule.uptime';
const LOOK_MS = 1_000;
/** How old the note that the schedule runs may be; a small part of what counts as a stop. */
const NOTE_MS = 5_000;

/** When the schedule was started, and stopped before; null when it never was. */
export interface Uptime {
  readonly startedAt: number;
  readonly stoppedAt: number | null;
}

interface Kept extends Uptime {
  readonly aliveAt: number;
}

/**
 * Notes that the schedule runs now, and tells since when it does. A stop that is longer than the grace
 * of silence is kept as one, since it may be why results stay out.
 */
export async function noteUptime(sql: Sql, now: number): Promise<Uptime> {
  const text = await findSetting(sql, NAME);
  const before = text === undefined ? null : (JSON.parse(text) as Kept);
  const uptime = followUptime(before, now);
  if (before !== null && now - before.aliveAt > SILENCE_GRACE_MS) {
    await addScheduleStop(sql, { from: before.aliveAt, to: now });
  }
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

/** What the watch works with. */
export interface UptimeWatchOptions {
  readonly database: Database;
  /** Whether this red has the schedule. */
  readonly isHeld: () => boolean;
  /** Called each time that this red begins to run the schedule. */
  readonly onBegun: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Notes that the schedule runs for as long as this red has it. */
export interface UptimeWatch {
  /**
   * Null until this red has the schedule and has noted so. Nothing may be handed out before: the stop
   * that ends must be known when the first result comes.
   */
  uptime(): Uptime | null;
  /** Notes at once; after the schedule was gained. Never rejects: what fails is tried again. */
  begin(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts with a note, when this red has the schedule already. */
export async function startUptimeWatch(options: UptimeWatchOptions): Promise<UptimeWatch> {
  const { database, isHeld, onBegun, clock, log } = options;
  let noted: { readonly uptime: Uptime; readonly at: number } | null = null;
  const note = async () => {
    if (!isHeld()) return;
    const at = clock.monotonic();
    if (noted !== null && at - noted.at < NOTE_MS) return;
    const isBeginning = noted === null;
    noted = { uptime: await noteUptime(database, clock.now()), at };
    if (isBeginning) onBegun();
  };
  const onError = (error: unknown) => log.warn({ error }, 'cannot note that the schedule runs');
  const begin = async () => {
    noted = null;
    await note().catch(onError);
  };
  await begin();
  const notes = repeat(clock, LOOK_MS, note, onError);
  return {
    uptime: () => (isHeld() ? (noted?.uptime ?? null) : null),
    begin,
    async stop() {
      await notes.stop();
      if (!isHeld()) return;
      // The last of it, so that the stop begins when it does.
      await noteUptime(database, clock.now()).catch(onError);
    },
  };
}
