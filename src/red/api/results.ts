/** Checks on demand, and results from outside: both go the way of every other check. */

import type { PassiveResultJson, PassiveResultsJson } from '../../contract/results.ts';
import { type CheckTarget, findCheckTargets } from '../../database/queries/check-targets.ts';
import { listWorkers } from '../../database/queries/workers.ts';
import { parseInstant } from '../../lib/instant.ts';
import { CHECK_RESULT, type CheckResult } from '../../messages/check-result.ts';
import { Conflict, type FieldError, InvalidInput, NoAnswer, NotFound } from '../../model/errors.ts';
import { readOutcome } from '../../nagios/plugin-output.ts';
import { shardOf } from '../check-request.ts';
import { RUN_NOW_LIMIT_MS, requestRun } from '../run-now.ts';
import type { StoredResult } from '../stored-results.ts';
import type { CheckReader } from './checks.ts';
import type { ApiContext } from './context.ts';
import { type Answer, type Call, defineRoute, type Route } from './server.ts';
import { isConnected } from './workers.ts';

/** From a result on the broker to the database. */
const STORE_LIMIT_MS = 30_000;
/** The clock of whoever submits may be a little ahead. */
const MAX_AHEAD_MS = 60_000;
const MAX_AGE_MS = 30 * 24 * 3_600_000;
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
> & { readonly readCheck: CheckReader };

/** Creates the routes. */
export function resultRoutes(context: ResultRouteContext): Route[] {
  return [
    defineRoute('runCheck', async (call) => {
      const target = await findTarget(context, call);
      if (target.host.maintenance) {
        throw new Conflict(
          `The host "${target.host.name}" is in maintenance: end that first, or nothing runs on it.`,
        );
      }
      const request = await requestRun(context, target);
      const timeoutMs = RUN_NOW_LIMIT_MS + target.plugin.timeoutMs + STORE_LIMIT_MS;
      return answerStored(context, call, {
        ...request,
        timeoutMs,
        explain: () => explainNoResult(context, target),
      });
    }),
    defineRoute('submitResult', async (call) => {
      const target = await findTarget(context, call);
      const refusal = explainRefusal(target);
      if (refusal !== null) throw new Conflict(`${refusal}.`);
      const at = readAt(call.body.at, context.clock.now(), '');
      const result = toResult(context, target, { ...call.body, at });
      await publishResults(context, [{ target, result }]);
      const { checkId, scheduledAt, id } = result;
      return answerStored(context, call, {
        checkId,
        scheduledAt,
        id,
        timeoutMs: STORE_LIMIT_MS,
        explain: async () => 'The result is on its way, but no grey has stored it yet.',
      });
    }),
    defineRoute('submitResults', async ({ body }) => {
      const submitted = await readSubmitted(context, body);
      await publishResults(context, submitted);
      return { status: 202, body: { accepted: submitted.length } };
    }),
  ];
}

interface Submitted {
  readonly target: CheckTarget;
  readonly result: CheckResult;
}

async function findTarget(context: ResultRouteContext, call: Call): Promise<CheckTarget> {
  const { host = '', plugin = '' } = call.params;
  const [target] = await findCheckTargets(context.database, [{ host, plugin }]);
  if (!target) throw new NotFound('check', `${host} ${plugin}`);
  return target;
}

/** 202 at once, or with `?wait=true` the check's state once the result is stored. */
async function answerStored(
  { storedResults, readCheck }: ResultRouteContext,
  call: Call<{ readonly wait?: 'true' | 'false' }>,
  wanted: StoredResult & {
    readonly id: string;
    readonly timeoutMs: number;
    readonly explain: () => Promise<string>;
  },
): Promise<Answer> {
  if (call.query.wait !== 'true') return { status: 202, body: { requestId: wanted.id } };
  const { timeoutMs, explain } = wanted;
  const isStored = await storedResults.waitFor(wanted, { timeoutMs, signal: call.signal });
  if (!isStored) throw new NoAnswer(await explain());
  return { status: 200, body: await readCheck(call.params) };
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
  const targets = await findCheckTargets(context.database, lines);
  const now = context.clock.now();
  const errors: FieldError[] = [];
  const submitted: Submitted[] = [];
  lines.forEach((line, index) => {
    try {
      const target = targets[index];
      if (!target) {
        const message = `there is no check "${line.host} ${line.plugin}"`;
        throw new InvalidInput([{ path: `/${index}`, message }]);
      }
      const refusal = explainRefusal(target);
      if (refusal !== null) throw new InvalidInput([{ path: `/${index}`, message: refusal }]);
      const at = readAt(line.at, now, `/${index}`);
      submitted.push({ target, result: toResult(context, target, { ...line, at }) });
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      errors.push(...error.errors);
    }
  });
  if (errors.length > 0) throw new InvalidInput(errors.slice(0, 1_000));
  return submitted;
}

/** Why a check takes no result from outside; null when it does. */
function explainRefusal({ plugin }: CheckTarget): string | null {
  if (plugin.passiveChecks) return null;
  return `The plugin "${plugin.name}" takes no results from outside (passiveChecks is off)`;
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

function toResult(
  { settings }: ResultRouteContext,
  { checkId, host, plugin }: CheckTarget,
  submitted: Omit<PassiveResultJson, 'at'> & { readonly at: number },
): CheckResult {
  const { at, output, perfdata, exitCode } = submitted;
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
    plugin: plugin.name,
    keepHistory: host.history,
    intervalMs: plugin.intervalMs,
    policy: { ...plugin.policy, stalking: [...plugin.policy.stalking] },
    isPassive: true,
    ...reading,
    perfdata: [...reading.perfdata],
  };
}

async function publishResults(
  { broker, topology, envelope, shards }: ResultRouteContext,
  submitted: readonly Submitted[],
): Promise<void> {
  await Promise.all(
    submitted.map(({ target, result }) =>
      broker.publish(
        topology.results(shardOf(target.host, shards)),
        envelope.seal(CHECK_RESULT, result.id, result),
      ),
    ),
  );
}
