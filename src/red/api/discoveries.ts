/** Routes of discoveries: how they stand, and beginning one. */

import type { DiscoveryJson, DiscoverySummaryJson } from '../../contract/discoveries.ts';
import { API_PREFIX, ROUTES } from '../../contract/paths.ts';
import type { Database } from '../../database/database.ts';
import {
  type Discovery,
  findDiscovery,
  listDiscoveries,
} from '../../database/queries/discoveries.ts';
import { subnetQueries } from '../../database/queries/subnets.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { NotFound } from '../../model/errors.ts';
import { beginDiscovery } from '../discovery.ts';
import { readListing } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

/** Creates the routes. */
export function discoveryRoutes({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: Clock;
}): Route[] {
  return [
    defineRoute('discoverSubnet', async ({ params, token }) => {
      const reference = params['subnet'] ?? '';
      const subnet = await subnetQueries.find(database, reference);
      if (!subnet) throw new NotFound('subnet', reference);
      const origin = { requestedBy: token.name, at: clock.now() };
      const id = await beginDiscovery(database, subnet, origin);
      const location = `${API_PREFIX}${ROUTES.listDiscoveries.path}/${id}`;
      return { status: 202, headers: { location }, body: { id } };
    }),
    defineRoute('listDiscoveries', async ({ query }) => {
      const { page, filters } = readListing(query);
      const found = await listDiscoveries(database, page, filters);
      return { status: 200, body: { ...found, items: found.items.map(toSummary) } };
    }),
    defineRoute('getDiscovery', async ({ params }) => {
      const id = params['discovery'] ?? '';
      const discovery = await findDiscovery(database, id);
      if (!discovery) throw new NotFound('discovery', id);
      return { status: 200, body: toJson(discovery) };
    }),
  ];
}

function toSummary(discovery: Discovery): DiscoverySummaryJson {
  const { finishedAt } = discovery;
  return {
    id: discovery.id,
    subnet: discovery.subnet,
    cidr: discovery.cidr,
    zone: discovery.zone,
    state: discovery.state,
    requestedBy: discovery.requestedBy,
    startedAt: formatInstant(discovery.startedAt),
    finishedAt: finishedAt === null ? null : formatInstant(finishedAt),
    scanned: discovery.scanned,
    total: discovery.total,
    found: discovery.addedCount + discovery.knownCount,
    addedCount: discovery.addedCount,
    knownCount: discovery.knownCount,
    goneCount: discovery.goneCount,
    problem: discovery.problem,
  };
}

function toJson(discovery: Discovery): DiscoveryJson {
  const { added, known, gone } = discovery;
  return { ...toSummary(discovery), added: [...added], known: [...known], gone: [...gone] };
}
