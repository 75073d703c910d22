/** The scheduler's jobs. */

import type { JobJson } from '../../contract/checks.ts';
import type { Database } from '../../database/database.ts';
import { type CheckView, listChecks } from '../../database/queries/checks.ts';
import { formatInstant } from '../../lib/instant.ts';
import { readListing } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

/** Creates the route. */
export function scheduleRoutes(context: {
  database: Database;
  dueAtOf: (checkId: number) => number | undefined;
}): Route[] {
  return [
    defineRoute('listSchedule', async ({ query }) => {
      const { page, filters } = readListing(query);
      // A host in maintenance has no jobs.
      const found = await listChecks(context.database, page, {
        ...filters,
        maintenance: 'false',
      });
      const items = found.items.flatMap((check) => toJob(check, context.dueAtOf(check.checkId)));
      return { status: 200, body: { ...found, items } };
    }),
  ];
}

/** No job for a check so new that the schedule has not taken it in yet. */
function toJob(check: CheckView, dueAt: number | undefined): JobJson[] {
  if (dueAt === undefined) return [];
  return [
    {
      host: check.host,
      plugin: check.plugin,
      interval: check.intervalMs / 1_000,
      lastDue: check.run === null ? null : formatInstant(check.run.scheduledAt),
      nextDue: formatInstant(dueAt),
    },
  ];
}
