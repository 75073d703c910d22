/** Hosts' own states as the API shows them. */

import type { HostStateJson } from '../../contract/host-states.ts';
import type { Database } from '../../database/database.ts';
import { findHostState, type HostView } from '../../database/queries/host-states.ts';
import { formatInstant } from '../../lib/instant.ts';
import { NotFound } from '../../model/errors.ts';
import { type CheckRouteContext, currentToJson } from './checks.ts';
import { defineRoute, type Route } from './server.ts';

/** The current state of the host that a path's parameters name. Throws `NotFound`. */
export type HostStateReader = (params: Readonly<Record<string, string>>) => Promise<HostStateJson>;

/** Creates the reader of hosts' states. */
export function createHostStateReader(context: CheckRouteContext): HostStateReader {
  return async (params) => toHostStateJson(await getHostState(context.database, params), context);
}

/** The state of the host that a path's parameters name. Throws `NotFound`. */
export async function getHostState(
  database: Database,
  { host = '' }: Readonly<Record<string, string>>,
): Promise<HostView> {
  const view = await findHostState(database, host);
  if (!view) throw new NotFound('host', host);
  return view;
}

/** Creates the route. */
export function hostStateRoutes(context: CheckRouteContext): Route[] {
  const readHostState = createHostStateReader(context);
  return [
    defineRoute('getHostState', async ({ params }) => ({
      status: 200,
      body: await readHostState(params),
    })),
  ];
}

/** A host's state as the API shows it. */
export function toHostStateJson(
  view: HostView,
  { dueAtOf }: Pick<CheckRouteContext, 'dueAtOf'>,
): HostStateJson {
  const { host, state, hostCheck, maxCheckAttempts, waitsUntil } = view;
  const { flapping, flapPercent, acknowledged, inDowntime } = view;
  const isScheduled = hostCheck !== null && !view.maintenance;
  const dueAt = isScheduled ? dueAtOf(hostCheck.checkId) : undefined;
  return {
    ...{ host, state, hostCheck: hostCheck?.plugin ?? null },
    ...currentToJson(view.run),
    ...{ maxCheckAttempts, flapping, flapPercent, acknowledged, inDowntime },
    reachable: state !== 'unreachable',
    waitsUntil: waitsUntil === null ? null : formatInstant(waitsUntil),
    nextDue: dueAt === undefined ? null : formatInstant(dueAt),
  };
}
