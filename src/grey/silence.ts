/**
 * A result -> the stretches of history that it begins: before it one in which nothing was known, if its
 * predecessor was too old by then and nobody has said so. Red tells of silence while it lasts; this
 * finds what red could not tell, since it was stopped itself, or since the result came first.
 */

import type { Sql } from '../database/database.ts';
import type { CheckSchedule } from '../database/queries/object-facts.ts';
import { listScheduleStops } from '../database/queries/schedule-stops.ts';
import type { StateStart } from '../database/queries/state-intervals.ts';
import { patienceMs } from '../model/patience.ts';
import type { Span } from '../nagios/planned.ts';
import { findSilence } from '../nagios/silence.ts';
import type { HostState, ServiceState } from '../nagios/state/object-state.ts';
import type { PeriodCalendar } from '../nagios/time/period-calendar.ts';
import { findStart } from './batch-rows.ts';
import type { Input } from './input.ts';
import type { Remembered } from './memory.ts';
import type { MonitoredObject, Policies } from './policies.ts';

/** What explains silence. */
export interface SilenceFacts {
  /** When the schedule stood still. */
  readonly stops: readonly Span[];
  /** Check periods by id. */
  readonly calendars: ReadonlyMap<string, PeriodCalendar>;
}

/** Nothing to explain. */
export const NO_SILENCE: SilenceFacts = { stops: [], calendars: new Map() };

/** A batch that is about to be evaluated. */
interface PlannedBatch {
  readonly inputs: readonly Input[];
  readonly objects: ReadonlyMap<number, MonitoredObject>;
  readonly before: ReadonlyMap<number, Remembered>;
}

/** What is needed for a batch: nothing is read unless a result of it may end silence. */
export async function readSilenceFacts(
  sql: Sql,
  policies: Pick<Policies, 'loadCalendars'>,
  batch: PlannedBatch,
): Promise<SilenceFacts> {
  if (!mayEndSilence(batch)) return NO_SILENCE;
  return { stops: await listScheduleStops(sql), calendars: await policies.loadCalendars(sql) };
}

function mayEndSilence({ inputs, objects, before }: PlannedBatch): boolean {
  // Any input may have a result judged that was held.
  for (const one of before.values()) if (one.kind === 'host' && one.held !== null) return true;
  return inputs.some((input) => {
    if (input.kind !== 'result') return false;
    const { checkId, finishedAt } = input.result;
    const object = objects.get(checkId);
    const schedule =
      object?.kind === 'check' ? object.check.schedule : object?.host.hostCheck?.schedule;
    if (schedule === undefined || schedule === null) return false;
    // One that has none may have two in this batch.
    const newestAt = before.get(checkId)?.state.scheduledAt ?? 0;
    return finishedAt > newestAt + patienceMs(schedule);
  });
}

/** A change, as `findStart` takes it, with what tells of silence. */
export type SilentChange = Parameters<typeof findStart>[0] & {
  /** Of an input that says that results stay out: since when; null: since now. */
  readonly since: number | null;
  /** Of a result: how its like are asked for; null for other inputs, and when they are not. */
  readonly schedule: CheckSchedule | null;
};

/** The stretches that a change begins, in order. */
export function listStarts(change: SilentChange, facts: SilenceFacts): readonly StateStart[] {
  const { id, at, before, since } = change;
  const silences = findGaps(change, facts);
  // What is dated by another clock, or took less time, must not come before what it follows.
  const earliestAt = (before.checkedAt ?? 0) + 1;
  if (silences.length === 0 && since === null) {
    const start = findStart(at >= earliestAt ? change : { ...change, at: earliestAt });
    return start === null ? NO_STARTS : [start];
  }
  const { stateType } = before;
  const gaps = silences
    .map(({ fromAt, reason }, index): StateStart => {
      const beganAt = Math.max(fromAt, earliestAt + index);
      const unknown = { checkId: id, state: 'notMeasured', stateType, output: '' } as const;
      return { ...unknown, fromAt: beganAt, cause: reason };
    })
    .filter(({ fromAt }) => fromAt < at);
  const start = findStart({
    ...change,
    at: since === null ? at : Math.min(Math.max(since, earliestAt), at),
    before: gaps.length > 0 ? { ...before, isMeasured: false } : before,
  });
  return start === null ? gaps : [...gaps, start];
}

const NO_STARTS: readonly StateStart[] = [];
const NO_GAPS: ReturnType<typeof findSilence> = [];

function findGaps({ at, before, schedule }: SilentChange, { stops, calendars }: SilenceFacts) {
  if (schedule === null || before.scheduledAt === null || !before.isMeasured) return NO_GAPS;
  if (at <= before.scheduledAt + patienceMs(schedule)) return NO_GAPS;
  const calendar = calendars.get(schedule.periodId ?? '') ?? null;
  return findSilence({
    ...{ asking: schedule, newestAt: before.scheduledAt, until: at, calendar, stops },
  });
}

/** How results like this one are asked for. Of a host: unless the newest was from outside. */
export function scheduleOf(
  object: MonitoredObject,
  before: ServiceState | HostState,
): CheckSchedule | null {
  if (object.kind === 'check') return object.check.schedule;
  return before.checkedBy === 'active' ? (object.host.hostCheck?.schedule ?? null) : null;
}
