/**
 * Section 9: results that are too old -> a command to their check, and a forced run of it, in this
 * order, so that grey knows why the run was made when its result comes; a result that comes in between
 * settles both. Done by the red that holds the schedule.
 */

import type { Database } from '../database/database.ts';
import { listCheckTargets } from '../database/queries/check-targets.ts';
import {
  type FreshnessCandidate,
  type HostOfCheck,
  listFreshnessCandidates,
  readHostsOfChecks,
} from '../database/queries/stale-checks.ts';
import { repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Lru } from '../lib/lru.ts';
import type { Metrics } from '../lib/metrics.ts';
import { isStale } from '../nagios/state/freshness.ts';
import { NEW_SERVICE } from '../nagios/state/object-state.ts';
import type { Semantics } from '../nagios/state/semantics.ts';
import type { PeriodCalendar } from '../nagios/time/period-calendar.ts';
import { type CommanderContext, type Order, sendCommands } from './commander.ts';
import type { RequestTrail } from './request-trail.ts';
import { RUN_NOW_LIMIT_MS, requestRun } from './run-now.ts';
import type { Uptime } from './uptime.ts';

const LOOK_MS = 5_000;
/** Candidates read by one statement, and runs that are forced in one look. */
const PART = 1_000;
/** Parts read in one look; the next one goes on behind them. */
const MAX_PARTS = 20;
/** Until a check is told again of which nothing has come. */
const AGAIN_MS = 30_000;

/** What this works with. */
export interface FreshnessOptions extends CommanderContext {
  readonly database: Database;
  /** Null while this red has not the schedule. */
  readonly uptime: () => Uptime | null;
  /** Check periods by id. */
  readonly calendars: ReadonlyMap<string, PeriodCalendar>;
  readonly semantics: Semantics;
  readonly trail: RequestTrail;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts looking. */
export function startFreshness(options: FreshnessOptions): { stop(): Promise<void> } {
  const { database, clock, log } = options;
  const forcedCount = options.metrics.counter(
    'ppalette_red_freshness_checks_total',
    'Checks forced because their newest result was too old.',
  );
  const told = new Lru<number, number>(100_000);
  let after = 0;

  const force = async (
    stale: readonly FreshnessCandidate[],
    hosts: ReadonlyMap<number, HostOfCheck>,
  ) => {
    const scheduledAtOf = new Map(stale.map(({ checkId, newest }) => [checkId, newest]));
    const targets = await listCheckTargets(database, [...scheduledAtOf.keys()]);
    const orders = targets.flatMap((target): Order[] => {
      const { checkId, host } = target;
      const own = hosts.get(checkId);
      const tell = (id: number, newest: FreshnessCandidate['newest'] = null): Order => ({
        target: { checkId: id, host },
        command: { kind: 'stale', scheduledAt: newest?.scheduledAt ?? null },
      });
      const ofHost = own === undefined ? [] : [tell(own.objectId, own.newest)];
      return [...ofHost, tell(checkId, scheduledAtOf.get(checkId))];
    });
    await sendCommands(options, orders);
    const isFreshnessCheck = true;
    await Promise.all(targets.map((target) => requestRun(options, target, { isFreshnessCheck })));
    forcedCount.add(targets.length);
  };

  const look = async () => {
    const uptime = options.uptime();
    if (uptime === null) return;
    const now = clock.now();
    const closedPeriodIds = [...options.calendars]
      .filter(([, calendar]) => !calendar.stretchAt(now).isInside)
      .map(([id]) => id);
    const stale: FreshnessCandidate[] = [];
    for (let part = 0; part < MAX_PARTS && stale.length < PART; part++) {
      const span = { now, closedPeriodIds, after, limit: PART };
      const candidates = await listFreshnessCandidates(database, span);
      after = candidates.length < PART ? 0 : (candidates.at(-1)?.checkId ?? 0);
      stale.push(...candidates.filter((one) => isTooOld(one, options, { now, uptime })));
      if (after === 0) break;
    }
    if (stale.length === 0) return;
    const checkIds = stale.map(({ checkId }) => checkId);
    const hosts = await readHostsOfChecks(database, checkIds);
    const fresh = stale.filter((one) => {
      const { checkId, staleSince, timeoutMs } = one;
      if (hasFreshHost(one, hosts.get(checkId), options, { now, uptime })) return false;
      // A run that was forced may have been lost, with its worker or in its queue.
      const againMs = staleSince === null ? AGAIN_MS : RUN_NOW_LIMIT_MS + timeoutMs;
      const since = told.get(checkId) ?? Number.NEGATIVE_INFINITY;
      return clock.monotonic() - since >= againMs;
    });
    if (fresh.length === 0) return;
    await force(fresh, hosts);
    for (const { checkId } of fresh) told.set(checkId, clock.monotonic());
  };

  return repeat(clock, LOOK_MS, look, (error) =>
    log.warn({ error }, 'results that are too old cannot be looked for'),
  );
}

interface Moment {
  readonly now: number;
  readonly uptime: Uptime;
}

/** Whether a check tells the state of a host that has a result of its own, from outside, in time. */
function hasFreshHost(
  one: FreshnessCandidate,
  host: HostOfCheck | undefined,
  options: FreshnessOptions,
  moment: Moment,
): boolean {
  const newest = host?.newest ?? null;
  if (newest === null || newest.finishedAt <= (one.newest?.finishedAt ?? 0)) return false;
  return !isTooOld({ ...one, newest }, options, moment);
}

/** By the rules of section 9; a window of the check period that has just opened counts as a start. */
function isTooOld(
  candidate: FreshnessCandidate,
  { calendars, semantics }: Pick<FreshnessOptions, 'calendars' | 'semantics'>,
  { now, uptime }: Moment,
): boolean {
  const { newest, freshnessMs, checkPeriodId } = candidate;
  const opened = calendars.get(checkPeriodId ?? '')?.lastWindowAt(now)?.from ?? 0;
  const { startedAt, stoppedAt } = uptime;
  const isPassive = newest?.isPassive === true;
  return isStale(
    {
      isEnabled: true,
      thresholdMs: freshnessMs === 0 ? null : freshnessMs,
      checkIntervalMs: candidate.intervalMs,
      retryIntervalMs: candidate.retryIntervalMs,
      hasActiveChecks: candidate.activeChecks,
      hasPassiveChecks: candidate.passiveChecks,
      // Those that are outside were not read.
      checkPeriod: null,
      semantics,
    },
    {
      ...NEW_SERVICE,
      checkedAt: newest === null ? null : Math.max(newest.finishedAt, opened),
      checkedBy: isPassive ? 'passive' : 'active',
      stateType: newest?.stateType ?? 'hard',
    },
    {
      at: now,
      latencyMs: newest === null ? 0 : Math.max(0, newest.startedAt - newest.scheduledAt),
      isExecuting: false,
      programStartedAt: Math.max(startedAt, opened),
      programStoppedAt: stoppedAt,
    },
  );
}
