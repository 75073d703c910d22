/** Counts of hosts and checks by state, kept up with what changes instead of counted each time. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the tables. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  const bucket = ['subject', 'is_active', 'state', 'state_type', 'is_handled'] as const;
  const counts = (name: string) =>
    db.schema
      .createTable(name)
      .addColumn('subject', 'varchar(10)', (column) => column.notNull())
      .addColumn('is_active', 'smallint', (column) => column.notNull())
      .addColumn('state', 'smallint', (column) => column.notNull())
      .addColumn('state_type', 'smallint', (column) => column.notNull())
      .addColumn('is_handled', 'smallint', (column) => column.notNull())
      .addColumn('count', 'bigint', (column) => column.notNull())
      .modifyEnd(columns.tableEnd);
  await counts('tally')
    .addPrimaryKeyConstraint('tally_pk', [...bucket])
    .execute();
  // Outlives its host until that is counted as gone, so it does not refer to it.
  await counts('host_tally')
    .addColumn('host_id', columns.id, (column) => column.notNull())
    .addPrimaryKeyConstraint('host_tally_pk', ['host_id', ...bucket])
    .execute();
  await db.schema
    .createTable('tally_mark')
    .addColumn('id', columns.serial, (column) => column.modifyEnd(columns.serialClause))
    .addColumn('check_id', 'bigint', (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createTable('tally_progress')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('config_version', 'bigint')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db
    .insertInto('tally_progress')
    .values({ id: 1, config_version: null, revision: 0 })
    .execute();
}
