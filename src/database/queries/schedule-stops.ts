/** When nobody had the schedule, so that nobody asked for results. Written by red, read by grey. */

import type { Sql } from '../database.ts';
import { findSetting, writeSetting } from './settings.ts';

/** Nobody had the schedule: `from <= at < to`. */
export interface ScheduleStop {
  readonly from: number;
  readonly to: number;
}

const NAME = 'schedule.stops';
/** Silence that began before so many stops is explained by the later ones. */
const MAX_STOPS = 100;

/** The latest stops, in order. */
export async function listScheduleStops(sql: Sql): Promise<readonly ScheduleStop[]> {
  const text = await findSetting(sql, NAME);
  return text === undefined ? [] : (JSON.parse(text) as ScheduleStop[]);
}

/** Adds a stop that is over; the oldest one goes when there are too many. */
export async function addScheduleStop(sql: Sql, stop: ScheduleStop): Promise<void> {
  const stops = [...(await listScheduleStops(sql)), stop].slice(-MAX_STOPS);
  await writeSetting(sql, NAME, JSON.stringify(stops));
}
