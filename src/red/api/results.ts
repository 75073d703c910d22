/** Checks on demand, and results from outside: both go the way of every other check. */

import { shardOf } from '../../broker/topology.ts';
import type { PassiveResultJson, PassiveResultsJson } from '../../contract/results.ts';
import {
  type CheckTarget,
  findCheckTargets,
  findHostTargets,
  type HostTarget,
} from '../../database/queries/check-targets.ts';
import { chunksOf } from '../../database/queries/upsert.ts';
import { listWorkers } from '../../database/queries/workers.ts';
import { parseInstant } from '../../lib/instant.ts';
import { CHECK_RESULT, type CheckResult } from '../../messages/check-result.ts';
import { Conflict, type FieldError, InvalidInput, NoAnswer, NotFound } from '../../model/errors.ts';
import { readOutcome } from '../../nagios/plugin-output.ts';
import { RUN_NOW_LIMIT_MS, requestRun } from '../run-now.ts';
import type { StoredResult } from '../stored-results.ts';
import type { CheckReader } from './checks.ts';
import type { ApiContext } from './context.ts';
import { getHostState, type HostStateReader } from './host-states.ts';
import { type Call, defineRoute, type Route } from './server.ts';
import { isConnected } from './workers.ts';

/** From a result on the broker to the database. */
const STORE_LIMIT_MS = 30_000;
/** The clock of whoever submits may be a little ahead. */
const MAX_AHEAD_MS = 60_000;
/** Of a request's results: many together are more than the broker takes before it confirms. */
const PUBLISHED_AT_ONCE = 500;
const MAX_AGE_MS = 30 * 24 * 3_600_000;
/** The exit code of unknown, the last that there is. */
const UNKNOWN_CODE = 3;
/** Stands for a worker in results from outside. */
const API_WORKER = 'api';

/** What the routes need. */
export type ResultRouteContext = Pick<
  ApiContext,
  | 'database'
  | 'broker'
  | 'topology'
  | 'envelope'
  | 'shards'
  | 'clock'
  | 'storedResults'
  | 'settings'
  | 'trail'
> & { readonly readCheck: CheckReader; readonly readHostState: HostStateReader };

/** Creates the routes. */
export function resultRoutes(context: ResultRouteContext): Route[] {
  const { database, readCheck, readHostState } = context;
  return [
    defineRoute('runCheck', async (call) => {
      const target = await findTarget(context, call);
      const checkId = target.checkId;
      return answerStored(context, call, { ...(await run(context, target)), checkId }, readCheck);
    }),
    defineRoute('runHostCheck', async (call) => {
      const { checkId, host, hostCheck } = await getHostState(database, call.params);
      if (hostCheck === null) {
        throw new Conflict(
          `The host "${host}" has no host check: give it one, or one of its plugins hostCheck.`,
        );
      }
      const [target] = await findCheckTargets(database, [{ host, plugin: hostCheck.plugin }]);
      if (!target) throw new NotFound('check', `${host} ${hostCheck.plugin}`);
      const wanted = { ...(await run(context, target)), checkId };
      return answerStored(context, call, wanted, readHostState);
    }),
    defineRoute('submitResult', async (call) => {
      const target = await findTarget(context, call);
      return answerStored(context, call, await submit(context, target, call.body), readCheck);
    }),
    defineRoute('submitHostResult', async (call) => {
      const { host = '' } = call.params;
      const [target] = await findHostTargets(database, [host]);
      if (!target) throw new NotFound('host', host);
      return answerStored(context, call, await submit(context, target, call.body), readHostState);
    }),
    defineRoute('submitResults', async ({ body }) => {
      const submitted = await readSubmitted(context, body);
      await publishResults(context, submitted);
      return { status: 202, body: { accepted: submitted.length } };
    }),
  ];
}

/** What is waited for: a result of this check or host. */
interface AwaitedResult extends StoredResult {
  readonly id: string;
  readonly timeoutMs: number;
  /** Why it may not have come in time. */
  readonly explain: () => Promise<string>;
}

/** Runs a check. Throws `Conflict` in maintenance. */
async function run(
  context: ResultRouteContext,
  target: CheckTarget,
): Promise<Omit<AwaitedResult, 'checkId'>> {
  if (target.host.maintenance) {
    throw new Conflict(
      `The host "${target.host.name}" is in maintenance: end that first, or nothing runs on it.`,
    );
  }
  return {
    ...(await requestRun(context, target)),
    timeoutMs: RUN_NOW_LIMIT_MS + target.plugin.timeoutMs + STORE_LIMIT_MS,
    explain: () => explainNoResult(context, target),
  };
}

async function submit(
  context: ResultRouteContext,
  target: PassiveTarget,
  body: PassiveResultJson,
): Promise<AwaitedResult> {
  const refusal = explainRefusal(target, context.settings);
  if (refusal !== null) throw new Conflict(`${refusal}.`);
  const at = readAt(body.at, context.clock.now(), '');
  const result = toResult(context, target, { ...body, at });
  await publishResults(context, [{ target, result }]);
  return {
    checkId: result.checkId,
    scheduledAt: result.scheduledAt,
    id: result.id,
    timeoutMs: STORE_LIMIT_MS,
    explain: async () => 'The result is on its way, but no grey has stored it yet.',
  };
}

/** Whose state somebody submits. */
type PassiveTarget = CheckTarget | HostTarget;

interface Submitted {
  readonly target: PassiveTarget;
  readonly result: CheckResult;
}

async function findTarget(context: ResultRouteContext, call: Call): Promise<CheckTarget> {
  const { host = '', plugin = '' } = call.params;
  const [target] = await findCheckTargets(context.database, [{ host, plugin }]);
  if (!target) throw new NotFound('check', `${host} ${plugin}`);
  return target;
}

/** 202 at once, or with `?wait=true` the state once the result is stored. */
async function answerStored<State>(
  { storedResults }: ResultRouteContext,
  call: Call<{ readonly wait?: 'true' | 'false' }>,
  wanted: AwaitedResult,
  read: (params: Call['params']) => Promise<State>,
): Promise<
  | { readonly status: 202; readonly body: { readonly requestId: string } }
  | { readonly status: 200; readonly body: State }
> {
  if (call.query.wait !== 'true') return { status: 202, body: { requestId: wanted.id } };
  const { timeoutMs, explain } = wanted;
  const isStored = await storedResults.waitFor(wanted, { timeoutMs, signal: call.signal });
  if (!isStored) throw new NoAnswer(await explain());
  return { status: 200, body: await read(call.params) };
}

async function explainNoResult(
  { database, clock }: ResultRouteContext,
  { host }: CheckTarget,
): Promise<string> {
  const workers = await listWorkers(database);
  const serving = workers.filter(
    (worker) => worker.zones.includes(host.zone) && isConnected(worker, clock.now()),
  );
  return serving.length === 0
    ? `No connected worker serves the zone "${host.zone}": start a violet there.`
    : `No result came in time, though ${serving.length} workers serve the zone "${host.zone}": see "ppadm show workers".`;
}

/** Everything that was submitted, or `InvalidInput` naming every line that cannot be taken. */
async function readSubmitted(
  context: ResultRouteContext,
  lines: PassiveResultsJson,
): Promise<Submitted[]> {
  const targets = await findTargets(context, lines);
  const now = context.clock.now();
  const errors: FieldError[] = [];
  const submitted: Submitted[] = [];
  const takeInstant = createInstants();
  lines.forEach((line, index) => {
    try {
      const target = targets[index];
      if (!target) {
        const message =
          line.plugin === undefined
            ? `there is no host "${line.host}"`
            : `there is no check "${line.host} ${line.plugin}"`;
        throw new InvalidInput([{ path: `/${index}`, message }]);
      }
      const refusal = explainRefusal(target, context.settings);
      if (refusal !== null) throw new InvalidInput([{ path: `/${index}`, message: refusal }]);
      const at = readAt(line.at, now, `/${index}`);
      if (line.plugin === undefined && line.exitCode > 2) {
        const message = 'of a host it is 0 (up), 1 (down) or 2 (unreachable)';
        throw new InvalidInput([{ path: `/${index}/exitCode`, message }]);
      }
      const own = takeInstant(target.checkId, at);
      submitted.push({ target, result: toResult(context, target, { ...line, at: own }) });
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      errors.push(...error.errors);
    }
  });
  if (errors.length > 0) throw new InvalidInput(errors.slice(0, 1_000));
  return submitted;
}

/** The checks and hosts of lines, in their order. */
async function findTargets(
  { database }: ResultRouteContext,
  lines: PassiveResultsJson,
): Promise<(PassiveTarget | undefined)[]> {
  const ofChecks = lines.flatMap(({ host, plugin }) =>
    plugin === undefined ? [] : [{ host, plugin }],
  );
  const ofHosts = lines.flatMap(({ host, plugin }) => (plugin === undefined ? [host] : []));
  const checks = (await findCheckTargets(database, ofChecks)).values();
  const hosts = (await findHostTargets(database, ofHosts)).values();
  return lines.map(({ plugin }) => (plugin === undefined ? hosts : checks).next().value);
}

/** Why a check or host takes no result from outside; null when it does. */
function explainRefusal(
  target: PassiveTarget,
  settings: ResultRouteContext['settings'],
): string | null {
  const isHost = !('plugin' in target);
  const key = isHost ? 'acceptPassiveHostChecks' : 'acceptPassiveServiceChecks';
  if (!settings[key])
    return `This site takes no such results from outside (semantics.${key} is off)`;
  if (isHost || target.plugin.passiveChecks) return null;
  return `The plugin "${target.plugin.name}" takes no results from outside (passiveChecks is off)`;
}

function readAt(text: string | undefined, now: number, place: string): number {
  if (text === undefined) return now;
  const at = parseInstant(text);
  const problem = !Number.isFinite(at)
    ? 'must be an instant like 2026-11-23T10:00:00Z'
    : at > now + MAX_AHEAD_MS
      ? 'is in the future'
      : at < now - MAX_AGE_MS
        ? 'is more than 30 days ago'
        : null;
  if (problem !== null) throw new InvalidInput([{ path: `${place}/at`, message: problem }]);
  return at;
}

/**
 * Moves a line by milliseconds when another one of the same check has its instant: of two results of
 * one instant only the first would count. Sent again, the same lines get the same instants.
 */
function createInstants(): (checkId: number, at: number) => number {
  /** By check and instant that is taken: where the next free one may be. */
  const next = new Map<string, number>();
  return (checkId, at) => {
    let own = next.get(`${checkId} ${at}`) ?? at;
    while (next.has(`${checkId} ${own}`)) own++;
    next.set(`${checkId} ${own}`, own + 1);
    next.set(`${checkId} ${at}`, own + 1);
    return own;
  };
}

function toResult(
  { settings }: ResultRouteContext,
  target: PassiveTarget,
  submitted: Omit<PassiveResultJson, 'at'> & { readonly at: number },
): CheckResult {
  const { checkId, host } = target;
  const plugin = 'plugin' in target ? target.plugin : null;
  const { at, output, perfdata } = submitted;
  // Who reports means what is said, so that an odd code is unknown and no failed plugin.
  const exitCode = Math.min(submitted.exitCode, UNKNOWN_CODE);
  const stdout = perfdata === undefined ? output : `${output.trimEnd()}\n|${perfdata}`;
  const outcome = { kind: 'exited', exitCode, stdout, stderr: '', truncated: false } as const;
  const reading = readOutcome(outcome, settings);
  return {
    id: `${checkId}-${at}-${API_WORKER}`,
    checkId,
    scheduledAt: at,
    startedAt: at,
    finishedAt: at,
    worker: API_WORKER,
    host: host.name,
    plugin: plugin?.name ?? '',
    keepHistory: host.history,
    ...(plugin === null ? {} : { intervalMs: plugin.intervalMs }),
    isPassive: true,
    ...reading,
    perfdata: [...reading.perfdata],
  };
}

async function publishResults(
  { broker, topology, envelope, shards }: ResultRouteContext,
  submitted: readonly Submitted[],
): Promise<void> {
  for (const part of chunksOf(submitted, PUBLISHED_AT_ONCE)) {
    await Promise.all(
      part.map(({ target, result }) =>
        broker.publish(
          topology.results(shardOf(target.host, shards)),
          envelope.seal(CHECK_RESULT, result.id, result),
        ),
      ),
    );
  }
}
