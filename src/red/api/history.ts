/** Routes of what was: results, stretches of states, and the sums of these. */

import type { AvailabilityJson, HistoryJson } from '../../contract/checks.ts';
import type { Database } from '../../database/database.ts';
import { listArchivedChecks } from '../../database/queries/check-archive.ts';
import { findCheck, listResults } from '../../database/queries/checks.ts';
import {
  type DowntimeStretch,
  listDowntimeStretches,
} from '../../database/queries/downtime-stretches.ts';
import { findNextStart, listStateStarts } from '../../database/queries/state-intervals.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { InvalidInput, NotFound } from '../../model/errors.ts';
import type { StateType } from '../../model/state-type.ts';
import {
  type AvailabilityMs,
  type AvailabilityState,
  sumStretches,
} from '../../nagios/availability.ts';
import { coveredParts, hardStretches, type Span, sumReasons } from '../../nagios/planned.ts';
import { readInstant, runToJson } from './checks.ts';
import { readLimit } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

const DAY_MS = 24 * 3_600_000;
/** Stretches that one sum takes; a check that changed more often needs a shorter span. */
const MAX_STRETCHES = 100_000;
/** Stretches before a span that are looked at for the hard state in which it began. */
const MAX_SOFT = 100;

interface HistoryContext {
  readonly database: Database;
  readonly clock: Clock;
}

/** Creates the routes. */
export function historyRoutes(context: HistoryContext): Route[] {
  const { database, clock } = context;
  return [
    defineRoute('getCheckHistory', async ({ params, query }) => {
      const checks = await listPresentAndPast(database, params);
      const span = {
        from: readInstant('from', query.from, 0),
        to: readInstant('to', query.to, Number.MAX_SAFE_INTEGER),
        limit: readLimit(query.limit),
      };
      const kinds = query.kind?.split(',') ?? ['results'];
      const ids = checks.map(({ checkId }) => checkId);
      const results = kinds.includes('results') ? await listResults(database, ids, span) : [];
      const states = kinds.includes('states') ? await listStates(database, checks, span) : [];
      const dated = [
        ...results.map((run) => ({
          at: run.scheduledAt,
          item: {
            ...({ kind: 'result', requestId: `${run.checkId}-${run.scheduledAt}` } as const),
            ...runToJson(run),
          },
        })),
        ...states,
      ];
      dated.sort((one, other) => other.at - one.at);
      const body: HistoryJson = { items: dated.slice(0, span.limit).map(({ item }) => item) };
      return { status: 200, body };
    }),
    defineRoute('getCheckAvailability', async ({ params, query }) => {
      const checks = await listPresentAndPast(database, params);
      const to = readInstant('to', query.to, clock.now());
      const from = readInstant('from', query.from, to - DAY_MS);
      if (from >= to) {
        throw new InvalidInput([{ path: 'from', message: 'must be before to' }], true);
      }
      const span = { from, to };
      const all = await readStretches(database, checks, span);
      const stretches = query.stateType === 'hard' ? hardStretches(all) : all;
      const downtimes = await readDowntimes(database, checks, span);
      return { status: 200, body: toAvailability(stretches, downtimes, span) };
    }),
  ];
}

/** A check of a path's names; `deletedAt` is null while it is there. */
interface DatedCheck {
  readonly checkId: number;
  readonly deletedAt: number | null;
}

/** The checks that have, or had, these names: that of now, and deleted ones. */
async function listPresentAndPast(
  database: Database,
  { host = '', plugin = '' }: Readonly<Record<string, string>>,
): Promise<DatedCheck[]> {
  const check = await findCheck(database, host, plugin);
  const names = { host: check?.host ?? host, plugin: check?.plugin ?? plugin };
  const archived = await listArchivedChecks(database, names.host, names.plugin);
  const checks = [...(check ? [{ checkId: check.checkId, deletedAt: null }] : []), ...archived];
  if (checks.length === 0) throw new NotFound('check', `${host} ${plugin}`);
  return checks;
}

/** A stretch and what is told of it. */
interface KnownStretch {
  readonly fromAt: number;
  readonly state: AvailabilityState;
  readonly stateType: StateType;
  readonly cause: string;
}

function isHard({ state, stateType }: KnownStretch): boolean {
  return stateType === 'hard' && state !== 'notMeasured';
}

/** What the states of all these checks are in a span, in order; nothing is measured in between. */
async function readStretches(
  database: Database,
  checks: readonly DatedCheck[],
  span: { readonly from: number; readonly to: number },
): Promise<KnownStretch[]> {
  const stretches: KnownStretch[] = [];
  for (const { checkId, deletedAt } of checks) {
    // A soft state goes on from a hard one.
    const earlier = { from: 0, to: span.from, limit: MAX_SOFT };
    const former = (await listStateStarts(database, [checkId], earlier)).reverse();
    const before = former.slice(Math.max(0, former.findLastIndex(isHard)));
    const ids = [checkId];
    const starts = await listStateStarts(database, ids, { ...span, limit: MAX_STRETCHES + 1 });
    if (starts.length > MAX_STRETCHES) {
      const message = `the state changed more than ${MAX_STRETCHES} times since: ask for less`;
      throw new InvalidInput([{ path: 'from', message }], true);
    }
    stretches.push(...before, ...starts.reverse());
    if (deletedAt !== null && stretches.length > 0) {
      stretches.push({
        ...{ fromAt: deletedAt, state: 'notMeasured', stateType: 'hard', cause: 'deleted' },
      });
    }
  }
  return stretches.sort((one, other) => one.fromAt - other.fromAt);
}

/** Stretches of states with their ends, the newest first. */
async function listStates(
  database: Database,
  checks: readonly DatedCheck[],
  span: { readonly from: number; readonly to: number; readonly limit: number },
) {
  const endOf = new Map<number, number | null>();
  const ids = checks.map(({ checkId }) => checkId);
  const starts = await listStateStarts(database, ids, span);
  const states = [];
  for (const { checkId, fromAt, state, stateType, cause, output } of starts) {
    // Of the newest of each check the end may lie outside the span.
    const endAt =
      endOf.get(checkId) ??
      (await findNextStart(database, checkId, fromAt)) ??
      checks.find((check) => check.checkId === checkId)?.deletedAt ??
      null;
    endOf.set(checkId, fromAt);
    const to = endAt === null ? null : formatInstant(endAt);
    const from = formatInstant(fromAt);
    const item = { kind: 'state', state, stateType, cause, from, to, output } as const;
    states.push({ at: fromAt, item });
  }
  return states;
}

/** When any of these checks was in a downtime, in parts that do not overlap. */
async function readDowntimes(
  database: Database,
  checks: readonly DatedCheck[],
  span: Span,
): Promise<Span[]> {
  const found: DowntimeStretch[] = [];
  for (const { checkId, deletedAt } of checks) {
    const limited = { ...span, limit: MAX_STRETCHES };
    const own = await listDowntimeStretches(database, checkId, limited);
    found.push(...own.map(({ from, to }) => ({ from, to: to ?? deletedAt })));
  }
  return coveredParts(found, span);
}

function toAvailability(
  stretches: readonly KnownStretch[],
  downtimes: readonly Span[],
  span: Span,
): AvailabilityJson {
  const { from, to } = span;
  const all = sumStretches(stretches, span);
  const parts = downtimes.map((part) => sumStretches(stretches, part));
  const sumOf = (pick: (part: AvailabilityMs) => number) =>
    parts.reduce((sum, part) => sum + pick(part), 0);
  const planned = mapStates((state) => sumOf((part) => part[state]));
  const share = (ms: number) => ({ seconds: ms / 1_000, percent: (ms / (to - from)) * 100 });
  const plannedMs = downtimes.reduce((sum, part) => sum + part.to - part.from, 0);
  const reasons = [...sumReasons(stretches, span)].map(([why, ms]) => [why, ms / 1_000]);
  return {
    from: formatInstant(from),
    to: formatInstant(to),
    seconds: (to - from) / 1_000,
    states: mapStates((state) => share(all[state] - planned[state])),
    planned: { ...share(plannedMs), states: mapStates((state) => share(planned[state])) },
    reasons: Object.fromEntries(reasons),
  };
}

function mapStates<Value>(read: (state: keyof AvailabilityMs) => Value) {
  return {
    ok: read('ok'),
    warning: read('warning'),
    critical: read('critical'),
    unknown: read('unknown'),
    notMeasured: read('notMeasured'),
  };
}
