/** Routes of what was: results, stretches of states, and the sums of these. */

import type { Database } from '../../database/database.ts';
import { listArchivedChecks } from '../../database/queries/check-archive.ts';
import { findCheck, listResults, type RunView } from '../../database/queries/checks.ts';
import {
  type DowntimeStretch,
  listDowntimeStretches,
} from '../../database/queries/downtime-stretches.ts';
import { findHostState } from '../../database/queries/host-states.ts';
import { readCheckCode, readHostCode } from '../../database/queries/state-codes.ts';
import { findNextStart, listStateStarts } from '../../database/queries/state-intervals.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { mapValues } from '../../lib/map-values.ts';
import { CHECK_STATES } from '../../model/check.ts';
import { InvalidInput, NotFound } from '../../model/errors.ts';
import { HOST_STATES } from '../../model/host-state.ts';
import { readCause, UNMEASURED_REASONS } from '../../model/silence-reason.ts';
import type { StateType } from '../../model/state-type.ts';
import { type Stretch, sumStretches } from '../../nagios/availability.ts';
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
  const { database } = context;
  return [
    defineRoute('getCheckHistory', async ({ params, query }) => {
      const past = { objects: await listChecksOfPath(database, params), readCode: readCheckCode };
      const items = await readHistory(database, past, query);
      return {
        status: 200,
        body: {
          items: items.map(({ item, run }) =>
            run === null
              ? item
              : { ...toResultItem(run), requestId: `${run.checkId}-${run.scheduledAt}` },
          ),
        },
      };
    }),
    defineRoute('getHostHistory', async ({ params, query }) => {
      const past = { objects: await listHostsOfPath(database, params), readCode: readHostCode };
      const items = await readHistory(database, past, query);
      return {
        status: 200,
        body: { items: items.map(({ item, run }) => (run === null ? item : toResultItem(run))) },
      };
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

interface SpanQuery {
  readonly from?: string;
  readonly to?: string;
}

function toResultItem<State>(run: RunView<State>) {
  return { kind: 'result', ...runToJson(run) } as const;
}

/** Results and stretches of states, the newest first. */
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
    ...results.map((run) => ({ at: run.scheduledAt, run, item: null })),
    ...states.map(({ at, item }) => ({ at, run: null, item })),
  ];
  return dated.sort((one, other) => other.at - one.at).slice(0, span.limit);
}

async function readAvailability<State extends string>(
  { database, clock }: HistoryContext,
  past: Past<State>,
  query: SpanQuery & { readonly stateType?: StateType },
  states: readonly State[],
) {
  const to = readInstant('to', query.to, clock.now());
  const from = readInstant('from', query.from, to - DAY_MS);
  if (from >= to) {
    throw new InvalidInput([{ path: 'from', message: 'must be before to' }], true);
  }
  const span = { from, to };
  const all = await readStretches(database, past, span);
  const stretches = query.stateType === 'hard' ? hardStretches(all) : all;
  const downtimes = await readDowntimes(database, past.objects, span);
  return toAvailability({ stretches, states, downtimes }, span);
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

/** A stretch and what is told of it. */
interface KnownStretch<State> extends Stretch<State> {
  readonly stateType: StateType;
  readonly cause: string;
}

function isHard({ state, stateType }: KnownStretch<string>): boolean {
  return stateType === 'hard' && state !== 'notMeasured';
}

/** What the states of all these checks are in a span, in order; nothing is measured in between. */
async function readStretches<State extends string>(
  database: Database,
  { objects, readCode }: Past<State>,
  span: Span,
): Promise<KnownStretch<State>[]> {
  const stretches: KnownStretch<State>[] = [];
  for (const { checkId, deletedAt } of objects) {
    // A soft state goes on from a hard one.
    const earlier = { from: 0, to: span.from, limit: MAX_SOFT };
    const former = (await listStateStarts(database, [checkId], earlier, readCode)).reverse();
    const before = former.slice(Math.max(0, former.findLastIndex(isHard)));
    const limited = { ...span, limit: MAX_STRETCHES + 1 };
    const starts = await listStateStarts(database, [checkId], limited, readCode);
    if (starts.length > MAX_STRETCHES) {
      const message = `the state changed more than ${MAX_STRETCHES} times since: ask for less`;
      throw new InvalidInput([{ path: 'from', message }], true);
    }
    const own = [...before, ...starts.reverse()];
    stretches.push(...own.map((start) => ({ ...start, cause: readCause(start.cause) })));
    if (deletedAt !== null && stretches.length > 0) {
      stretches.push({
        ...{ fromAt: deletedAt, state: 'notMeasured', stateType: 'hard', cause: 'deleted' },
      });
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
    const began = { stateType, cause: readCause(cause), from, to, output };
    const item = { kind: 'state', state, ...began } as const;
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

function toAvailability<State extends string>(
  {
    stretches,
    states,
    downtimes,
  }: {
    readonly stretches: readonly KnownStretch<State>[];
    readonly states: readonly State[];
    readonly downtimes: readonly Span[];
  },
  span: Span,
) {
  const { from, to } = span;
  const all = sumStretches(stretches, states, span);
  const parts = downtimes.map((part) => sumStretches(stretches, states, part));
  const planned = mapValues(all, (_, state) => parts.reduce((sum, part) => sum + part[state], 0));
  const share = (ms: number) => ({ seconds: ms / 1_000, percent: (ms / (to - from)) * 100 });
  const plannedMs = downtimes.reduce((sum, part) => sum + part.to - part.from, 0);
  const reasons = sumReasons(stretches, span);
  const known = UNMEASURED_REASONS.filter((reason) => reasons.has(reason));
  return {
    from: formatInstant(from),
    to: formatInstant(to),
    seconds: (to - from) / 1_000,
    states: mapValues(all, (ms, state) => share(ms - planned[state])),
    planned: { ...share(plannedMs), states: mapValues(planned, share) },
    reasons: Object.fromEntries(known.map((why) => [why, (reasons.get(why) ?? 0) / 1_000])),
  };
}
