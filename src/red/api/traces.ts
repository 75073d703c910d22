/** Routes that follow one request of a check through the services. */

import type { TraceJson } from '../../contract/traces.ts';
import { findCheck } from '../../database/queries/checks.ts';
import { findRunTrace, findTracedCheck } from '../../database/queries/traces.ts';
import { formatInstant } from '../../lib/instant.ts';
import { NotFound } from '../../model/errors.ts';
import { describeTrace } from '../describe-trace.ts';
import { parseRequestId, type RequestKey } from '../request-trail.ts';
import type { ApiContext } from './context.ts';
import { defineRoute, type Route } from './server.ts';

/** Creates the routes. */
export function traceRoutes(context: Pick<ApiContext, 'database' | 'trail'>): Route[] {
  const { database, trail } = context;
  return [
    defineRoute('getTrace', async ({ params }) => {
      const id = params['trace'] ?? '';
      const key = parseRequestId(id);
      const trace = key && (await readTrace(context, key));
      if (!trace) throw new NotFound('trace of a request', id);
      return { status: 200, body: trace };
    }),
    defineRoute('getCheckTrace', async ({ params: { host = '', plugin = '' } }) => {
      const check = await findCheck(database, host, plugin);
      if (!check) throw new NotFound('check', `${host} ${plugin}`);
      const { checkId, run } = check;
      const newest = Math.max(trail.newestScheduledAt(checkId) ?? 0, run?.scheduledAt ?? 0);
      const trace = await readTrace(context, { checkId, scheduledAt: newest });
      if (!trace) throw new NotFound('request yet of the check', `${host} ${plugin}`);
      return { status: 200, body: trace };
    }),
  ];
}

async function readTrace(
  { database, trail }: Pick<ApiContext, 'database' | 'trail'>,
  key: RequestKey,
): Promise<TraceJson | undefined> {
  const check = await findTracedCheck(database, key.checkId);
  if (!check) return undefined;
  const { checkId, scheduledAt } = key;
  const run = await findRunTrace(database, checkId, scheduledAt);
  const trace = describeTrace({ check, scheduledAt, run, notes: trail.find(key) });
  if (!trace) return undefined;
  const { progress, detail, worker, state, clockDifferenceMs } = trace;
  return {
    id: `${checkId}-${scheduledAt}`,
    ...{ host: check.host, plugin: check.plugin, worker, progress, detail, state },
    steps: trace.steps.map(({ step, service, at, tookMs }) => ({
      ...{ step, service, at: formatInstant(at), offset: (at - scheduledAt) / 1_000 },
      took: tookMs === null ? null : tookMs / 1_000,
    })),
    clockDifference: clockDifferenceMs === null ? null : clockDifferenceMs / 1_000,
  };
}
