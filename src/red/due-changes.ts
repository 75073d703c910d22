/**
 * Time -> commands to checks: what is due by time alone, and that results stay out, with the reason.
 * Done by the red that holds the schedule; telling twice changes nothing.
 */

import type { Database } from '../database/database.ts';
import { listCommandTargets } from '../database/queries/check-targets.ts';
import {
  listDueChanges,
  listRestingChecks,
  listSilentChecks,
  type PeriodNow,
  type SilentCheck,
} from '../database/queries/due-changes.ts';
import { listWorkers } from '../database/queries/workers.ts';
import { repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Lru } from '../lib/lru.ts';
import { OUTSIDE_PERIOD } from '../messages/check-command.ts';
import type { PeriodCalendar } from '../nagios/time/period-calendar.ts';
import { type CommanderContext, type Order, sendCommands } from './commander.ts';
import type { ExecutionHolds } from './execution-holds.ts';

const DUE_LOOK_MS = 500;
const SILENT_LOOK_MS = 15_000;
/** Checks told in one go. */
const PART = 1_000;
/** Until a check that was told is told again, if nothing came of it. */
const AGAIN_MS = 30_000;
/** On top of two intervals and the time-out, before a result is given up. */
const GRACE_MS = 15_000;
/** After its start a red does not know who was silent because nobody asked. */
const START_MS = 60_000;

/** What this works with. */
export interface DueChangesOptions extends CommanderContext {
  readonly database: Database;
  readonly isActive: () => boolean;
  /** Check periods by id. */
  readonly calendars: ReadonlyMap<string, PeriodCalendar>;
  readonly holds: Pick<ExecutionHolds, 'findHold' | 'count'>;
  readonly log: Log;
}

/** Starts looking. */
export function startDueChanges(options: DueChangesOptions): { stop(): Promise<void> } {
  const { database, isActive, calendars, clock, log } = options;
  const told = new Lru<string, number>(100_000);
  const isNew = (key: string) => {
    const now = clock.monotonic();
    if (now - (told.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return false;
    told.set(key, now);
    return true;
  };
  const send = async (
    checks: readonly { readonly checkId: number; readonly command: Order['command'] }[],
  ) => {
    const commandOf = new Map(checks.map(({ checkId, command }) => [checkId, command]));
    const targets = await listCommandTargets(database, [...commandOf.keys()]);
    const orders = targets.flatMap((target) => {
      const command = commandOf.get(target.checkId);
      return command === undefined ? [] : [{ target, command }];
    });
    await sendCommands(options, orders);
  };

  const lookForDue = async () => {
    if (!isActive()) return;
    const due = await listDueChanges(database, clock.now(), PART);
    const fresh = due.filter(({ checkId, at }) => isNew(`${checkId} ${at}`));
    await send(fresh.map(({ checkId }) => ({ checkId, command: { kind: 'time' } })));
  };

  /** Held checks, when they were last seen so: what is released has the time of a first run. */
  const heldAt = new Lru<number, number>(100_000);
  const isReleasedLately = ({ checkId, patienceMs }: SilentCheck) =>
    clock.monotonic() - (heldAt.get(checkId) ?? Number.NEGATIVE_INFINITY) < patienceMs + GRACE_MS;
  /** The reasons for which silent checks are held. */
  const takeHeld = (silent: readonly SilentCheck[], now: number) => {
    const held = new Map<SilentCheck, string>();
    for (const one of silent) {
      const hold = one.isInMaintenance ? null : options.holds.findHold(one.checkId, now);
      if (hold === null) continue;
      held.set(one, hold.reason);
      heldAt.set(one.checkId, clock.monotonic());
    }
    return held;
  };

  let activeSince: number | null = null;
  const lookForSilent = async () => {
    if (!isActive()) {
      activeSince = null;
      return;
    }
    activeSince ??= clock.monotonic();
    const isSettled = clock.monotonic() - activeSince > START_MS;
    const now = clock.now();
    const periods = [...calendars].map(([id, calendar]) => describePeriod(id, calendar, now));
    const heldCount = options.holds.count(now);
    const look = { now, graceMs: GRACE_MS, limit: PART + heldCount, periods };
    const overdue = await listSilentChecks(database, look);
    const held = takeHeld(overdue, now);
    const silent = overdue.filter((one) => {
      const { checkId, scheduledAt, isInMaintenance } = one;
      if (held.has(one) || isReleasedLately(one)) return false;
      return (isSettled || isInMaintenance) && isNew(`silent ${checkId} ${scheduledAt}`);
    });
    const unknownYet = [...held].filter(
      ([{ isExpected, checkId, scheduledAt }]) =>
        !isExpected && isNew(`held ${checkId} ${scheduledAt}`),
    );
    const resting = (await listRestingChecks(database, look)).filter(({ checkId, scheduledAt }) =>
      isNew(`resting ${checkId} ${scheduledAt}`),
    );
    const describe = ({ checkId, scheduledAt }: SilentCheck, reason: string) => ({
      checkId,
      command: { kind: 'notMeasured', scheduledAt, reason } as const,
    });
    await send([
      ...resting.map((one) => describe(one, OUTSIDE_PERIOD)),
      ...unknownYet.map(([one, reason]) => describe(one, reason)),
    ]);
    if (silent.length === 0) return;
    const workers = await listWorkers(database);
    const served = new Set(
      workers.filter(({ status }) => status === 'running').flatMap(({ zones }) => zones),
    );
    await send(
      silent.map((one) => {
        const reason = served.has(one.zone) ? 'noResult' : 'noWorker';
        return describe(one, one.isInMaintenance ? 'maintenance' : reason);
      }),
    );
  };

  const onError = (error: unknown) => log.warn({ error }, 'what is due by time cannot be told');
  const due = repeat(clock, DUE_LOOK_MS, lookForDue, onError);
  const silent = repeat(clock, SILENT_LOOK_MS, lookForSilent, onError);
  return {
    async stop() {
      await Promise.all([due.stop(), silent.stop()]);
    },
  };
}

function describePeriod(id: string, calendar: PeriodCalendar, now: number): PeriodNow {
  const window = calendar.lastWindowAt(now);
  const isInside = calendar.stretchAt(now).isInside;
  if (window === null) return { id, isInside, openedAt: null, lengthMs: 0 };
  // Databases know no infinity.
  const openedAt = Math.max(window.from, 0);
  return { id, isInside, openedAt, lengthMs: Math.min(window.to, MAX_AT) - openedAt };
}

/** The last instant that a database holds as a number in each of its forms. */
const MAX_AT = Number.MAX_SAFE_INTEGER;
