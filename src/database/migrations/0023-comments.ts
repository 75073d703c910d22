/** What people note on checks and hosts, and since when these flap. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the table; what flaps already does so since its newest result. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('comment')
    .addColumn('id', columns.id, (column) => column.primaryKey())
    .addColumn('check_id', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'varchar(16)', (column) => column.notNull())
    .addColumn('author', columns.name, (column) => column.notNull())
    .addColumn('text', columns.text, (column) => column.notNull())
    .addColumn('is_persistent', 'smallint', (column) => column.notNull())
    .addColumn('created_at', columns.instant, (column) => column.notNull())
    .addForeignKeyConstraint('comment_pair_fk', ['check_id'], 'check_pair', ['check_id'], (key) =>
      key.onDelete('cascade'),
    )
    .modifyEnd(columns.tableEnd)
    .execute();
  if (columns.kind !== 'mariadb') {
    // There a foreign key brings its index along.
    await db.schema.createIndex('comment_check').on('comment').column('check_id').execute();
  }
  await db.schema.alterTable('check_memory').addColumn('flapping_since', columns.instant).execute();
  await db
    .updateTable('check_memory')
    .set(({ selectFrom }) => ({
      flapping_since: selectFrom('check_state')
        .select('check_state.finished_at')
        .whereRef('check_state.check_id', '=', 'check_memory.check_id'),
    }))
    .where('check_memory.is_flapping', '=', 1)
    .execute();
}
