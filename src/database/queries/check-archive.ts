/** Names of checks that are gone, so that their history can be read until its retention ends. */

import { sql } from 'kysely';
import type { Sql } from '../database.ts';

/** Keeps the names of those of these checks that have history. */
export async function archiveChecks(
  { db }: Sql,
  checkIds: readonly number[],
  deletedAt: number,
): Promise<void> {
  await db
    .insertInto('check_archive')
    .columns(['check_id', 'host', 'plugin', 'deleted_at'])
    .expression((builder) =>
      builder
        .selectFrom('check_pair')
        .innerJoin('host', 'host.id', 'check_pair.host_id')
        .leftJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
        .select([
          'check_pair.check_id',
          'host.name as host',
          sql<string>`coalesce(plugin.name, '')`.as('plugin'),
          sql<number>`${sql.lit(deletedAt)}`.as('deleted_at'),
        ])
        .where('check_pair.check_id', 'in', checkIds)
        .where(({ exists, selectFrom, or }) =>
          or([
            exists(
              selectFrom('result')
                .whereRef('result.check_id', '=', 'check_pair.check_id')
                .select('result.check_id'),
            ),
            exists(
              selectFrom('state_interval')
                .whereRef('state_interval.check_id', '=', 'check_pair.check_id')
                .select('state_interval.check_id'),
            ),
          ]),
        ),
    )
    .execute();
}

/** A check that is gone. */
export interface ArchivedCheck {
  readonly checkId: number;
  readonly deletedAt: number;
}

/** The checks of these names that are gone, the latest first; at most 100. No plugin: the host itself. */
export async function listArchivedChecks(
  { db }: Sql,
  host: string,
  plugin: string,
): Promise<ArchivedCheck[]> {
  const rows = await db
    .selectFrom('check_archive')
    .select(['check_archive.check_id', 'check_archive.deleted_at'])
    .where('check_archive.host', '=', host)
    .where('check_archive.plugin', '=', plugin)
    .orderBy('check_archive.deleted_at', 'desc')
    .limit(100)
    .execute();
  return rows.map((row) => ({ checkId: row.check_id, deletedAt: row.deleted_at }));
}
