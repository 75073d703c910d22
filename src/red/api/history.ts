/** Routes of what was: results, stretches of states, and the sums of these. */

import type { Database } from '../../database/database.ts';
import { listArchivedChecks } from '../../database/queries/check-archive.ts';
import { findCheck, listResults } from '../../database/queries/checks.ts';
import { findHostState } from '../../database/queries/host-states.ts';
import { readCheckCode, readHostCode } from '../../database/queries/state-codes.ts';
import {
  findNextStart,
  findStateAt,
  listStateStarts,
} from '../../database/queries/state-intervals.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { mapValues } from '../../lib/map-values.ts';
import { CHECK_STATES } from '../../model/check.ts';
import { InvalidInput, NotFound } from '../../model/errors.ts';
import { HOST_STATES } from '../../model/host-state.ts';
import { type AvailabilityMs, type Stretch, sumStretches } from '../../nagios/availability.ts';
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
  const { database } = context;
  return [
    defineRoute('getCheckHistory', async ({ params, query }) => {
      const objects = await listChecksOfPath(database, params);
      const items = await readHistory(database, { objects, readCode: readCheckCode }, query);
      return { status: 200, body: { items } };
    }),
    defineRoute('getHostHistory', async ({ params, query }) => {
      const objects = await listHostsOfPath(database, params);
      const items = await readHistory(database, { objects, readCode: readHostCode }, query);
      return { status: 200, body: { items } };
    }),
    defineRoute('getCheckAvailability', async ({ params, query }) => {
      const past = { objects: await listChecksOfPath(database, params), readCode: readCheckCode };
      return { status: 200, body: await readAvailability(context, past, query, CHECK_STATES) };
    }),
    defineRoute('getHostAvailability', async ({ params, query }) => {
      const past = { objects: await listHostsOfPath(database, params), readCode: readHostCode };
      return { status: 200, body: await readAvailability(context, past, query, HOST_STATES) };
    }),
  ];
}

/** The objects that a history is of. */
interface Past<State> {
  readonly objects: readonly DatedCheck[];
  /** Whether these are checks or hosts. */
  readonly readCode: (code: number) => State;
}

type SpanQuery = { readonly from?: string; readonly to?: string };

async function readHistory<State extends string>(
  database: Database,
  past: Past<State>,
  query: SpanQuery & { readonly kind?: string; readonly limit?: string },
) {
  const span = {
    from: readInstant('from', query.from, 0),
    to: readInstant('to', query.to, Number.MAX_SAFE_INTEGER),
    limit: readLimit(query.limit),
  };
  const kinds = query.kind?.split(',') ?? ['results'];
  const ids = past.objects.map(({ checkId }) => checkId);
  const results = kinds.includes('results')
    ? await listResults(database, ids, span, past.readCode)
    : [];
  const states = kinds.includes('states') ? await listStates(database, past, span) : [];
  const dated = [
    ...results.map((run) => ({
      at: run.scheduledAt,
      item: { kind: 'result', ...runToJson(run) } as const,
    })),
    ...states,
  ];
  dated.sort((one, other) => other.at - one.at);
  return dated.slice(0, span.limit).map(({ item }) => item);
}

async function readAvailability<State extends string>(
  { database, clock }: HistoryContext,
  past: Past<State>,
  query: SpanQuery,
  states: readonly State[],
) {
  const to = readInstant('to', query.to, clock.now());
  const from = readInstant('from', query.from, to - DAY_MS);
  if (from >= to) {
    throw new InvalidInput([{ path: 'from', message: 'must be before to' }], true);
  }
  const stretches = await readStretches(database, past, { from, to });
  return toAvailability(sumStretches(stretches, states, { from, to }), from, to);
}

/** A check of a path's names; `deletedAt` is null while it is there. */
interface DatedCheck {
  readonly checkId: number;
  readonly deletedAt: number | null;
}

/** The checks that have, or had, these names: that of now, and deleted ones. */
async function listChecksOfPath(
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

/** As above, of hosts. */
async function listHostsOfPath(
  database: Database,
  { host = '' }: Readonly<Record<string, string>>,
): Promise<DatedCheck[]> {
  const present = await findHostState(database, host);
  const archived = await listArchivedChecks(database, present?.host ?? host, '');
  const own = present ? [{ checkId: present.checkId, deletedAt: null }] : [];
  const hosts = [...own, ...archived];
  if (hosts.length === 0) throw new NotFound('host', host);
  return hosts;
}

/** What the states of all these checks are in a span, in order; nothing is measured in between. */
async function readStretches<State>(
  database: Database,
  { objects, readCode }: Past<State>,
  span: { readonly from: number; readonly to: number },
): Promise<Stretch<State>[]> {
  const stretches: Stretch<State>[] = [];
  for (const { checkId, deletedAt } of objects) {
    const before = await findStateAt(database, checkId, span.from - 1, readCode);
    const limited = { ...span, limit: MAX_STRETCHES + 1 };
    const starts = await listStateStarts(database, [checkId], limited, readCode);
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
async function listStates<State>(
  database: Database,
  { objects, readCode }: Past<State>,
  span: { readonly from: number; readonly to: number; readonly limit: number },
) {
  const endOf = new Map<number, number | null>();
  const ids = objects.map(({ checkId }) => checkId);
  const starts = await listStateStarts(database, ids, span, readCode);
  const states = [];
  for (const { checkId, fromAt, state, stateType, cause, output } of starts) {
    // Of the newest of each check the end may lie outside the span.
    const endAt =
      endOf.get(checkId) ??
      (await findNextStart(database, checkId, fromAt)) ??
      objects.find((check) => check.checkId === checkId)?.deletedAt ??
      null;
    endOf.set(checkId, fromAt);
    const to = endAt === null ? null : formatInstant(endAt);
    const from = formatInstant(fromAt);
    const item = { kind: 'state', state, stateType, cause, from, to, output } as const;
    states.push({ at: fromAt, item });
  }
  return states;
}

function toAvailability<State extends string>(
  sums: AvailabilityMs<State>,
  from: number,
  to: number,
) {
  const shareOf = (ms: number) => ({ seconds: ms / 1_000, percent: (ms / (to - from)) * 100 });
  return {
    from: formatInstant(from),
    to: formatInstant(to),
    seconds: (to - from) / 1_000,
    states: mapValues(sums, shareOf),
  };
}
