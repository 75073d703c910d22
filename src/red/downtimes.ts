/**
 * Plans of downtimes -> commands to their checks: each occurrence is told to the checks that it is of,
 * also to those that turn up later, and taken back when the plan is cancelled. Done by the red that
 * holds the schedule; telling twice changes nothing, since a check knows downtimes by their ids.
 */

import type { Database } from '../database/database.ts';
import { listCommandTargets } from '../database/queries/check-targets.ts';
import {
  forgetToldChecks,
  listToldChecks,
  listUntoldChecks,
  noteToldChecks,
} from '../database/queries/downtime-checks.ts';
import {
  closeDowntime,
  listOpenDowntimes,
  type PlannedDowntime,
} from '../database/queries/downtimes.ts';
import { repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { parseRecurrence } from '../nagios/time/parse-recurrence.ts';
import { nextOccurrences } from '../nagios/time/recurrence.ts';
import { findZone } from '../nagios/time/zone.ts';
import { type CommanderContext, sendCommands } from './commander.ts';
import { followTrigger, occurrenceId } from './triggered-downtimes.ts';

/** Between looks; a plan that was just made is told by then. */
const LOOK_MS = 1_000;
/** How long before its start an occurrence is told. */
const AHEAD_MS = 3_600_000;
/** Checks told in one go. */
const PART = 1_000;
/** Occurrences of one plan that may be near at the same time. */
const MAX_NEAR = 10;

/** What the planner works with. */
export interface DowntimePlannerOptions extends CommanderContext {
  readonly database: Database;
  readonly isActive: () => boolean;
  readonly log: Log;
}

/** Starts telling. */
export function startDowntimePlanner(options: DowntimePlannerOptions): { stop(): Promise<void> } {
  const { database, isActive, clock, log } = options;
  const look = async () => {
    if (!isActive()) return;
    for (const plan of await listOpenDowntimes(database)) {
      if (plan.cancelledAt !== null) await takeBack(options, plan);
      else if (plan.triggeredBy === null) await tellNear(options, plan);
      else await followTrigger(options, { ...plan, triggeredBy: plan.triggeredBy }, tellNear);
    }
  };
  return repeat(clock, LOOK_MS, look, (error) => log.warn({ error }, 'downtimes cannot be told'));
}

/** Occurrences whose time has come or is near, as their starts. Pure. */
export function nearOccurrences(
  plan: Pick<PlannedDowntime, 'startAt' | 'endAt' | 'recurrence' | 'timeZone'>,
  now: number,
): { readonly starts: readonly number[]; readonly isOver: boolean } {
  const lastsMs = plan.endAt - plan.startAt;
  const isNear = (at: number) => at <= now + AHEAD_MS && at + lastsMs > now;
  if (plan.recurrence === '') {
    const starts = isNear(plan.startAt) ? [plan.startAt] : [];
    return { starts, isOver: plan.endAt <= now };
  }
  const parsed = parseRecurrence(plan.recurrence);
  const zone = findZone(plan.timeZone);
  // Both were checked when the plan was made.
  if (parsed.kind === 'fault' || zone === null) return { starts: [], isOver: true };
  const series = { recurrence: parsed.recurrence, startAt: plan.startAt, zone };
  const next = nextOccurrences(series, now - lastsMs + 1, MAX_NEAR);
  return { starts: next.filter(isNear), isOver: next.length === 0 };
}

/** A flexible downtime may last beyond its window; its own end is told by time, not by its plan. */
async function tellNear(options: DowntimePlannerOptions, plan: PlannedDowntime): Promise<void> {
  const { database, clock } = options;
  const { starts, isOver } = nearOccurrences(plan, clock.now());
  // Also of what is over by the change.
  await tellChange(options, plan);
  if (isOver) return closeDowntime(database, plan.id, clock.now());
  for (const startAt of starts) await tellNew(options, plan, startAt);
}

/** Tells checks that know an older revision. */
async function tellChange(options: DowntimePlannerOptions, plan: PlannedDowntime): Promise<void> {
  const { id, revision } = plan;
  if (revision === 0) return;
  for (;;) {
    const told = await listToldChecks(options.database, id, { limit: PART, before: revision });
    const [first] = told;
    if (first === undefined) return;
    const { startAt: key } = first;
    const checkIds = told.filter(({ startAt }) => startAt === key).map(({ checkId }) => checkId);
    await tell(options, plan, { startAt: isOnce(plan) ? plan.startAt : key, checkIds });
  }
}

/** Tells checks that do not know the occurrence. */
async function tellNew(
  options: DowntimePlannerOptions,
  plan: PlannedDowntime,
  startAt: number,
): Promise<void> {
  const key = { startAt: keyOf(plan, startAt), limit: PART };
  for (;;) {
    const checkIds = await listUntoldChecks(options.database, plan.id, key);
    if (checkIds.length === 0) return;
    await tell(options, plan, { startAt, checkIds });
    if (checkIds.length < PART) return;
  }
}

async function tell(
  options: DowntimePlannerOptions,
  plan: PlannedDowntime,
  { startAt, checkIds }: { readonly startAt: number; readonly checkIds: readonly number[] },
): Promise<void> {
  const { database } = options;
  const { id, isFixed, durationMs, author, comment, revision } = plan;
  const endAt = startAt + plan.endAt - plan.startAt;
  const key = keyOf(plan, startAt);
  const downtime = {
    ...{ id: occurrenceId(id, key), startAt, endAt, isFixed, durationMs },
    ...{ triggeredBy: plan.triggeredBy, author, comment, revision },
  };
  const command = { kind: 'scheduleDowntime', downtime } as const;
  const targets = await listCommandTargets(database, checkIds);
  await sendCommands(
    options,
    targets.map((target) => ({ target, command })),
  );
  const toldIds = targets.map(({ checkId }) => checkId);
  await noteToldChecks(database, id, { startAt: key, checkIds: toldIds, revision });
}

function isOnce({ recurrence }: PlannedDowntime): boolean {
  return recurrence === '';
}

/** By which instant checks know an occurrence, though its start may have been changed. */
function keyOf(plan: PlannedDowntime, startAt: number): number {
  return isOnce(plan) ? plan.keyAt : startAt;
}

async function takeBack(options: DowntimePlannerOptions, { id }: PlannedDowntime): Promise<void> {
  const { database, clock } = options;
  for (;;) {
    const told = await listToldChecks(database, id, { limit: PART });
    const [first] = told;
    if (first === undefined) return closeDowntime(database, id, clock.now());
    const { startAt } = first;
    const checkIds = told.filter((one) => one.startAt === startAt).map(({ checkId }) => checkId);
    const targets = await listCommandTargets(database, checkIds);
    const command = { kind: 'cancelDowntime', id: occurrenceId(id, startAt) } as const;
    await sendCommands(
      options,
      targets.map((target) => ({ target, command })),
    );
    await forgetToldChecks(database, id, { startAt, checkIds });
  }
}
