/** Routes of what was: results, stretches of states, and the sums of these. */

import type { AvailabilityJson, HistoryJson } from '../../contract/checks.ts';
import type { Database } from '../../database/database.ts';
import { listArchivedChecks } from '../../database/queries/check-archive.ts';
import { findCheck, listResults } from '../../database/queries/checks.ts';
import {
  findNextStart,
  findStateAt,
  listStateStarts,
} from '../../database/queries/state-intervals.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { InvalidInput, NotFound } from '../../model/errors.ts';
import {
  AVAILABILITY_STATES,
  type AvailabilityMs,
  type Stretch,
  sumStretches,
} from '../../nagios/availability.ts';
import { readInstant, runToJson } from './checks.ts';
import { readLimit } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

const DAY_MS = 24 * 3_600_000;
/** Stretches that one sum takes; a check that changed more often needs a shorter span. */
const MAX_STRETCHES = 100_000;

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
      const stretches = await readStretches(database, checks, { from, to });
      return { status: 200, body: toAvailability(sumStretches(stretches, { from, to }), from, to) };
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

/** What the states of all these checks are in a span, in order; nothing is measured in between. */
async function readStretches(
  database: Database,
  checks: readonly DatedCheck[],
  span: { readonly from: number; readonly to: number },
): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  for (const { checkId, deletedAt } of checks) {
    const before = await findStateAt(database, checkId, span.from - 1);
    const ids = [checkId];
    const starts = await listStateStarts(database, ids, { ...span, limit: MAX_STRETCHES + 1 });
    if (starts.length > MAX_STRETCHES) {
      const message = `the state changed more than ${MAX_STRETCHES} times since: ask for less`;
      throw new InvalidInput([{ path: 'from', message }], true);
    }
    if (before) stretches.push(before);
    stretches.push(...starts.reverse());
    if (deletedAt !== null && (before || starts.length > 0)) {
      stretches.push({ fromAt: deletedAt, state: 'notMeasured' });
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

function toAvailability(sums: AvailabilityMs, from: number, to: number): AvailabilityJson {
  const shares = AVAILABILITY_STATES.map((state) => [
    state,
    { seconds: sums[state] / 1_000, percent: (sums[state] / (to - from)) * 100 },
  ]);
  return {
    from: formatInstant(from),
    to: formatInstant(to),
    seconds: (to - from) / 1_000,
    states: Object.fromEntries(shares) as AvailabilityJson['states'],
  };
}
