/**
 * Time -> commands to checks: that results stay out, since when, and why. Done by the red that holds
 * the schedule; telling twice changes nothing. Grey finds by the same rule what was never told
 * (`grey/silence.ts`).
 */

import type { Database } from '../database/database.ts';
import {
  listRestingChecks,
  listSilentChecks,
  type PeriodNow,
  type SilenceLook,
  type SilentCheck,
} from '../database/queries/due-changes.ts';
import { listScheduleStops } from '../database/queries/schedule-stops.ts';
import { listWorkers } from '../database/queries/workers.ts';
import { repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Lru } from '../lib/lru.ts';
import { patienceMs } from '../model/patience.ts';
import type { SilenceReason } from '../model/silence-reason.ts';
import type { Span } from '../nagios/planned.ts';
import { findSilence, type Silence } from '../nagios/silence.ts';
import type { PeriodCalendar } from '../nagios/time/period-calendar.ts';
import { type CommanderContext, sendCommands } from './commander.ts';
import type { ExecutionHolds } from './execution-holds.ts';
import type { Uptime } from './uptime.ts';

const LOOK_MS = 15_000;
/** Checks read by one statement, and told in one go: who comes next waits for the broker to have it. */
const PART = 1_000;
/** Checks read in one look; the next one goes on behind them. */
const MAX_READ = 200_000;
/** Checks told in one look, so that results have their turn in grey's queues: 100,000 take two looks. */
export const MAX_TOLD = 50_000;
/** Until a check that was told is told again, if nothing came of it. */
const AGAIN_MS = 30_000;
/** After its start a red leaves it to the first results to end silence. */
const START_MS = 60_000;
/** Checks remembered; about 100 bytes each. */
const MAX_REMEMBERED = 200_000;

/** What this works with. */
export interface SilenceWatchOptions extends CommanderContext {
  readonly database: Database;
  /** Null while this red has not the schedule. */
  readonly uptime: () => Uptime | null;
  /** Check periods by id. */
  readonly calendars: ReadonlyMap<string, PeriodCalendar>;
  readonly holds: Pick<ExecutionHolds, 'findHold'>;
  /** Due time of the newest request of a check that expired. */
  readonly expiredAtOf: (checkId: number) => number | undefined;
  /** Checks told in one look; a part of them more at most. */
  readonly maxTold: number;
  readonly log: Log;
}

/** Starts looking. */
export function startSilenceWatch(options: SilenceWatchOptions): { stop(): Promise<void> } {
  const watch = new SilenceWatch(options);
  return repeat(
    options.clock,
    LOOK_MS,
    () => watch.look(),
    (error) => options.log.warn({ error }, 'silence cannot be told'),
  );
}

/** What a check is told; without `since` it is so from now on. */
interface Told {
  readonly check: SilentCheck;
  readonly stretches: readonly { readonly reason: SilenceReason; readonly since?: number }[];
}

/** What one look goes by. */
interface Scene {
  readonly now: number;
  readonly stops: readonly Span[];
  /** Whether the first results after the start have come. */
  readonly isSettled: boolean;
  /** Zones with a worker. */
  readonly served: ReadonlySet<string>;
}

class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #told = new Lru<string, number>(MAX_REMEMBERED);
  /** Held checks, when they were last seen so: what is released has the time of a first run. */
  readonly #heldAt = new Lru<number, number>(MAX_REMEMBERED);
  /** Behind which checks the next look goes on. */
  readonly #after = { silent: 0, resting: 0 };
  #activeSince: number | null = null;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const { database, uptime, calendars, clock } = this.#options;
    const { startedAt } = uptime() ?? {};
    if (startedAt === undefined) {
      this.#activeSince = null;
      return;
    }
    this.#activeSince ??= clock.monotonic();
    const now = clock.now();
    const stops = await listScheduleStops(database);
    const workers = await listWorkers(database);
    const running = workers.filter(({ status }) => status === 'running');
    const scene: Scene = {
      now,
      stops,
      isSettled: clock.monotonic() - this.#activeSince > START_MS,
      served: new Set(running.flatMap(({ zones }) => zones)),
    };
    const periods = [...calendars].map(([id, calendar]) => describePeriod(id, calendar, now));
    const lastStart = Math.max(startedAt, stops.at(-1)?.to ?? 0);
    const span = { now, startedAt: lastStart, periods, limit: PART };
    const budget = { read: MAX_READ, told: this.#options.maxTold };
    const judgeResting = (check: SilentCheck) => this.#judgeResting(check, scene);
    await this.#tellAll('resting', { span, budget, list: listRestingChecks, judge: judgeResting });
    const judge = (check: SilentCheck) => this.#judge(check, scene);
    await this.#tellAll('silent', { span, budget, list: listSilentChecks, judge });
  }

  /** Part by part, until there are no more or the budget is spent. */
  async #tellAll(
    kind: 'silent' | 'resting',
    what: {
      readonly span: Omit<SilenceLook, 'after'>;
      readonly budget: { read: number; told: number };
      readonly list: typeof listSilentChecks;
      readonly judge: (check: SilentCheck) => Told['stretches'];
    },
  ): Promise<void> {
    const { span, budget, list, judge } = what;
    const { database, uptime } = this.#options;
    while (budget.read > 0 && budget.told > 0 && uptime() !== null) {
      const checks = await list(database, { ...span, after: this.#after[kind] });
      budget.read -= checks.length;
      const told = checks
        .map((check) => ({ check, stretches: judge(check) }))
        .filter((one) => this.#isNew(one));
      await this.#send(told);
      budget.told -= told.length;
      this.#after[kind] = checks.length < PART ? 0 : (checks.at(-1)?.checkId ?? 0);
      if (this.#after[kind] === 0) return;
    }
  }

  #judgeResting(check: SilentCheck, scene: Scene): Told['stretches'] {
    const [first] = this.#find(check, scene);
    return first?.reason === 'outsidePeriod' ? toStretches([first], 'noResult') : [];
  }

  #judge(check: SilentCheck, scene: Scene): Told['stretches'] {
    const { checkId, isInMaintenance, isExpected } = check;
    const found = this.#find(check, scene);
    if (isInMaintenance) {
      const expected = found.filter(({ reason }) => reason !== 'noResult');
      return [...toStretches(expected, 'noResult'), { reason: 'maintenance' }];
    }
    const hold = this.#options.holds.findHold(checkId, scene.now);
    if (hold !== null) {
      this.#heldAt.set(checkId, this.#options.clock.monotonic());
      const [first] = found;
      if (isExpected || first === undefined) return [];
      return [{ reason: hold.reason, since: first.fromAt }];
    }
    if (!scene.isSettled || this.#isReleasedLately(check)) return [];
    const fault = this.#faultOf(check, scene);
    if (!isExpected) return toStretches(found, fault);
    // That was no fault so far; now it may be one.
    return found.at(-1)?.reason === 'noResult' ? [{ reason: fault }] : [];
  }

  #find({ asking, scheduledAt, periodId }: SilentCheck, { now, stops }: Scene) {
    const calendar = this.#options.calendars.get(periodId ?? '') ?? null;
    return findSilence({ asking, newestAt: scheduledAt, until: now, calendar, stops });
  }

  /** Why results stay out that should come. */
  #faultOf({ checkId, scheduledAt, zone }: SilentCheck, { served }: Scene): SilenceReason {
    if (!served.has(zone)) return 'noWorker';
    const expiredAt = this.#options.expiredAtOf(checkId) ?? 0;
    return expiredAt > scheduledAt ? 'expired' : 'noResult';
  }

  #isReleasedLately({ checkId, asking }: SilentCheck): boolean {
    const heldAt = this.#heldAt.get(checkId) ?? Number.NEGATIVE_INFINITY;
    return this.#options.clock.monotonic() - heldAt < patienceMs(asking);
  }

  #isNew({ check, stretches }: Told): boolean {
    const last = stretches.at(-1);
    if (last === undefined) return false;
    const key = `${check.checkId} ${check.scheduledAt} ${last.reason}`;
    const now = this.#options.clock.monotonic();
    if (now - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return false;
    this.#told.set(key, now);
    return true;
  }

  async #send(told: readonly Told[]): Promise<void> {
    const orders = told.flatMap(({ check, stretches }) =>
      stretches.map((stretch) => {
        const { checkId, hostId, scheduledAt } = check;
        const command = { kind: 'notMeasured', scheduledAt, ...stretch } as const;
        return { target: { checkId, host: { id: hostId } }, command };
      }),
    );
    await sendCommands(this.#options, orders);
  }
}

function toStretches(found: readonly Silence[], fault: SilenceReason): Told['stretches'] {
  return found.map(({ fromAt, reason }) => ({
    reason: reason === 'noResult' ? fault : reason,
    since: fromAt,
  }));
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
