/** Who changed what: a row of the audit, and an event, in the transaction of each change. */

import type { Selectable } from 'kysely';
import type { Sql } from '../database.ts';
import type { AuditTable } from '../schema-access.ts';
import type { ChangeOrigin } from './configuration.ts';
import { insertEvents } from './events.ts';
import type { Filters } from './objects.ts';
import { type Page, type PageRequest, readPage } from './page.ts';

/** What was done to an object. */
export type AuditAction = 'create' | 'change' | 'delete';

/** One change of one object. `before` and `after` become JSON; undefined = there is none. */
export interface AuditEntry {
  readonly action: AuditAction;
  readonly kind: string;
  readonly objectId: string;
  readonly name: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** A stored row; `before` and `after` are null when there is none. */
export interface AuditView extends Required<AuditEntry> {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
}

/** Writes a change down. Call it in the change's own transaction. */
export async function recordChange(sql: Sql & ChangeOrigin, entry: AuditEntry): Promise<void> {
  const { at, actor } = sql;
  const { action, kind, name, objectId, before, after } = entry;
  await sql.db
    .insertInto('audit')
    .values({
      at,
      actor,
      action,
      kind,
      object_id: objectId,
      name,
      before_json: before === undefined ? null : JSON.stringify(before),
      after_json: after === undefined ? null : JSON.stringify(after),
    })
    .execute();
  const payload = { action, kind, name, actor };
  await insertEvents(sql, [{ at, type: 'configuration', checkId: null, payload }]);
}

/** A page of the audit, the newest first unless sorted otherwise. */
export async function listAudit(
  { db }: Sql,
  page: PageRequest,
  filters: Filters,
): Promise<Page<AuditView>> {
  let query = db.selectFrom('audit').selectAll('audit');
  for (const [name, value] of Object.entries(filters)) {
    if (name === 'from') query = query.where('audit.at', '>=', Number(value));
    if (name === 'to') query = query.where('audit.at', '<', Number(value));
    if (name === 'actor') query = query.where('audit.actor', '=', value);
    if (name === 'action') query = query.where('audit.action', '=', value);
    if (name === 'kind') query = query.where('audit.kind', '=', value);
    if (name === 'name') query = query.where('audit.name', '=', value);
  }
  const ordering = {
    columns: { at: 'audit.at', name: 'audit.name' },
    tieBreaker: 'audit.id',
    defaultSort: [{ name: 'at', descending: true }],
  };
  const result = await readPage(query, ordering, page);
  const rows = result.items as unknown as Selectable<AuditTable>[];
  return { ...result, items: rows.map(readAudit) };
}

function readAudit(row: Selectable<AuditTable>): AuditView {
  return {
    id: row.id,
    at: row.at,
    actor: row.actor,
    action: row.action as AuditAction,
    kind: row.kind,
    objectId: row.object_id,
    name: row.name,
    before: row.before_json === null ? null : JSON.parse(row.before_json),
    after: row.after_json === null ? null : JSON.parse(row.after_json),
  };
}
