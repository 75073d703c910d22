/** The audit: who changed what. */

import type { AuditJson } from '../../contract/access.ts';
import type { Database } from '../../database/database.ts';
import { type AuditView, listAudit } from '../../database/queries/audit.ts';
import { formatInstant } from '../../lib/instant.ts';
import { readInstant } from './checks.ts';
import { readListing } from './listing.ts';
import { defineRoute, type Route } from './server.ts';

/** Creates the route. */
export function auditRoutes({ database }: { database: Database }): Route[] {
  return [
    defineRoute('listAudit', async ({ query }) => {
      const { page, filters } = readListing(query);
      const span: Record<string, string> = {};
      for (const name of ['from', 'to'] as const) {
        if (query[name] !== undefined) span[name] = String(readInstant(name, query[name], 0));
      }
      const found = await listAudit(database, page, { ...filters, ...span });
      return { status: 200, body: { ...found, items: found.items.map(toJson) } };
    }),
  ];
}

function toJson({ at, ...entry }: AuditView): AuditJson {
  return { ...entry, at: formatInstant(at) };
}
