/** Routes of checks: current states and history. */

import {
  type CheckJson,
  CheckQuerySchema,
  HistoryQuerySchema,
  type ResultJson,
} from '../../contract/checks.ts';
import type { Database } from '../../database/database.ts';
import {
  type CheckView,
  findCheck,
  listChecks,
  listResults,
  type RunView,
} from '../../database/queries/check-states.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant, parseInstant } from '../../lib/instant.ts';
import { InvalidInput, NotFound } from '../../model/errors.ts';
import { nextDueAt, rhythmOf } from '../due-time.ts';
import { readLimit, readListing } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

/** What the routes need. */
export interface CheckRouteContext {
  readonly database: Database;
  readonly clock: Clock;
  /** When the schedule has a check due; undefined when it does not know it (yet). */
  readonly dueAtOf: (checkId: number) => number | undefined;
}

/** Creates the routes. */
export function checkRoutes(context: CheckRouteContext): Route[] {
  const { database } = context;
  const get = async (params: Readonly<Record<string, string>>) => {
    const { host = '', plugin = '' } = params;
    const check = await findCheck(database, host, plugin);
    if (!check) throw new NotFound('check', `${host} ${plugin}`);
    return check;
  };
  return [
    defineRoute({
      name: 'listChecks',
      role: 'viewer',
      query: CheckQuerySchema,
      async handle({ query }) {
        const { page, filters } = readListing(query);
        const found = await listChecks(database, page, filters);
        return {
          status: 200,
          body: { ...found, items: found.items.map((check) => toJson(check, context)) },
        };
      },
    }),
    defineRoute({
      name: 'getCheck',
      role: 'viewer',
      handle: async ({ params }) => ({ status: 200, body: toJson(await get(params), context) }),
    }),
    defineRoute({
      name: 'getCheckHistory',
      role: 'viewer',
      query: HistoryQuerySchema,
      async handle({ params, query }) {
        const check = await get(params);
        const results = await listResults(database, check.checkId, {
          from: readInstant('from', query.from, 0),
          to: readInstant('to', query.to, Number.MAX_SAFE_INTEGER),
          limit: readLimit(query.limit),
        });
        const items: ResultJson[] = results.map((run) => ({ kind: 'result', ...runToJson(run) }));
        return { status: 200, body: { items } };
      },
    }),
  ];
}

/** An instant of a query string. Throws `InvalidInput`. */
export function readInstant(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const at = parseInstant(text);
  if (Number.isFinite(at)) return at;
  const message = 'must be an instant like 2026-11-23T10:00:00Z';
  throw new InvalidInput([{ path: name, message }], true);
}

function toJson(check: CheckView, { clock, dueAtOf }: CheckRouteContext): CheckJson {
  const rhythm = rhythmOf(check.hostId, check.pluginId, check.intervalMs);
  const nextDue = check.maintenance
    ? null
    : formatInstant(dueAtOf(check.checkId) ?? nextDueAt(rhythm, clock.now()));
  const subject = { host: check.host, plugin: check.plugin };
  if (check.run === null) return { ...subject, ...PENDING, nextDue };
  const lastStateChange = formatInstant(check.run.lastStateChangeAt);
  return { ...subject, ...runToJson(check.run), lastStateChange, nextDue };
}

const PENDING = {
  state: 'pending',
  exitCode: null,
  output: '',
  longOutput: '',
  perfdata: [],
  scheduledAt: null,
  startedAt: null,
  finishedAt: null,
  latency: null,
  executionTime: null,
  worker: null,
  lastStateChange: null,
} satisfies Omit<CheckJson, 'host' | 'plugin' | 'nextDue'>;

function runToJson(run: RunView) {
  return {
    state: run.state,
    exitCode: run.exitCode,
    output: run.output,
    longOutput: run.longOutput,
    perfdata: [...run.perfdata],
    scheduledAt: formatInstant(run.scheduledAt),
    startedAt: formatInstant(run.startedAt),
    finishedAt: formatInstant(run.finishedAt),
    latency: (run.startedAt - run.scheduledAt) / 1_000,
    executionTime: (run.finishedAt - run.startedAt) / 1_000,
    worker: run.worker,
  };
}
