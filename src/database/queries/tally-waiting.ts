/** Hosts that are not counted into the tallies yet. */

import type { Sql } from '../database.ts';
import { listChanges } from './configuration.ts';
import { chunksOf } from './upsert.ts';

/** Marks handled by one statement. */
export const MARKS_AT_ONCE = 5_000;

/**
 * Hosts of whose checks some count as something else now. In two steps, since PostgreSQL takes a table
 * that is mostly empty for a large one.
 */
export async function listMarkedHosts({ db }: Sql): Promise<string[]> {
  const marks = await db
    .selectFrom('tally_mark')
    .select('tally_mark.check_id')
    .distinct()
    .execute();
  const hostIds = new Set<string>();
  for (const chunk of chunksOf(marks, MARKS_AT_ONCE)) {
    const checkIds = chunk.map((mark) => mark.check_id);
    const rows = await db
      .selectFrom('check_pair')
      .select('check_pair.host_id')
      .where('check_pair.check_id', 'in', checkIds)
      .execute();
    for (const row of rows) hostIds.add(row.host_id);
  }
  return [...hostIds];
}

/** Hosts that a change after `version` named, or that have checks of a plugin that one named. */
export async function listChangedHosts(
  sql: Sql,
  version: number,
  current: number,
): Promise<'all' | string[]> {
  if (version === current) return [];
  const changes = await listChanges(sql, version, current);
  if (changes.kind === 'everything') return 'all';
  const hostIds = new Set(changes.hostIds);
  for (const pluginIds of chunksOf(changes.pluginIds, 1_000)) {
    const rows = await sql.db
      .selectFrom('check_pair')
      .select('check_pair.host_id')
      .distinct()
      .where('check_pair.plugin_id', 'in', pluginIds)
      .execute();
    for (const row of rows) hostIds.add(row.host_id);
  }
  return [...hostIds];
}
