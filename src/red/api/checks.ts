/** Routes of checks: current states and history. */

import type { CheckJson } from '../../contract/checks.ts';
import type { Database } from '../../database/database.ts';
import {
  type CheckView,
  type CurrentRun,
  findCheck,
  listChecks,
  type RunView,
} from '../../database/queries/checks.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant, parseInstant } from '../../lib/instant.ts';
import { InvalidInput, NotFound } from '../../model/errors.ts';
import { readListing } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

/** What the routes need. */
export interface CheckRouteContext {
  readonly database: Database;
  readonly clock: Clock;
  /** When the schedule has a check due; undefined when it does not know it (yet). */
  readonly dueAtOf: (checkId: number) => number | undefined;
}

/** The current state of the check that a path's parameters name. Throws `NotFound`. */
export type CheckReader = (params: Readonly<Record<string, string>>) => Promise<CheckJson>;

/** Creates the reader of single checks. */
export function createCheckReader(context: CheckRouteContext): CheckReader {
  return async (params) => toCheckJson(await getCheck(context, params), context);
}

async function getCheck(
  { database }: CheckRouteContext,
  { host = '', plugin = '' }: Readonly<Record<string, string>>,
): Promise<CheckView> {
  const check = await findCheck(database, host, plugin);
  if (!check) throw new NotFound('check', `${host} ${plugin}`);
  return check;
}

/** Creates the routes. */
export function checkRoutes(context: CheckRouteContext): Route[] {
  const { database } = context;
  const readCheck = createCheckReader(context);
  return [
    defineRoute('listChecks', async ({ query }) => {
      const { page, filters } = readListing(query);
      const found = await listChecks(database, page, filters);
      return {
        status: 200,
        body: { ...found, items: found.items.map((check) => toCheckJson(check, context)) },
      };
    }),
    defineRoute('getCheck', async ({ params }) => ({
      status: 200,
      body: await readCheck(params),
    })),
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

/** A check as the API shows it. */
export function toCheckJson(
  check: CheckView,
  { dueAtOf }: Pick<CheckRouteContext, 'dueAtOf'>,
): CheckJson {
  const dueAt = check.maintenance ? undefined : dueAtOf(check.checkId);
  const run = check.run === null ? NOTHING_RUN : currentToJson(check.run);
  // Field by field, since lists are made of these: spreading takes several times as long.
  return {
    host: check.host,
    plugin: check.plugin,
    exitCode: run.exitCode,
    output: run.output,
    longOutput: run.longOutput,
    perfdata: run.perfdata,
    scheduledAt: run.scheduledAt,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    latency: run.latency,
    executionTime: run.executionTime,
    worker: run.worker,
    stateType: run.stateType,
    attempt: run.attempt,
    lastStateChange: run.lastStateChange,
    lastHardStateChange: run.lastHardStateChange,
    state: check.run?.state ?? 'pending',
    maxCheckAttempts: check.maxCheckAttempts,
    flapping: check.flapping,
    flapPercent: check.flapPercent,
    acknowledged: check.acknowledged,
    inDowntime: check.inDowntime,
    reachable: check.isHostUp,
    nextDue: dueAt === undefined ? null : formatInstant(dueAt),
  };
}

/** The newest run of a check or host and how sure its state is; null: there was none. */
export function currentToJson<State>(run: CurrentRun<State> | null) {
  if (run === null) return NOTHING_RUN;
  const json = runToJson(run);
  return {
    exitCode: json.exitCode,
    output: json.output,
    longOutput: json.longOutput,
    perfdata: json.perfdata,
    scheduledAt: json.scheduledAt,
    startedAt: json.startedAt,
    finishedAt: json.finishedAt,
    latency: json.latency,
    executionTime: json.executionTime,
    worker: json.worker,
    stateType: run.stateType,
    attempt: run.attempt,
    lastStateChange: formatInstant(run.lastStateChangeAt),
    lastHardStateChange: formatInstant(run.lastHardStateChangeAt),
  };
}

const NO_PERFDATA: CheckJson['perfdata'] = [];
const NOTHING_RUN = {
  exitCode: null,
  output: '',
  longOutput: '',
  perfdata: NO_PERFDATA,
  scheduledAt: null,
  startedAt: null,
  finishedAt: null,
  latency: null,
  executionTime: null,
  worker: null,
  stateType: 'hard',
  attempt: 1,
  lastStateChange: null,
  lastHardStateChange: null,
} as const satisfies Partial<CheckJson>;

/** A run as the API shows it. */
export function runToJson<State>(run: RunView<State>) {
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
