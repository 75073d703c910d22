/** State history: one row for each stretch of one state. It ends where the next one begins. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds it, beginning with the states that are known. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('state_interval')
    .addColumn('check_id', 'bigint', (column) => column.notNull())
    .addColumn('from_at', columns.instant, (column) => column.notNull())
    .addColumn('state', 'smallint', (column) => column.notNull())
    .addColumn('output', columns.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('state_interval_pk', ['check_id', 'from_at'])
    .modifyEnd(columns.tableEnd)
    .execute();
  await db
    .insertInto('state_interval')
    .columns(['check_id', 'from_at', 'state', 'output'])
    .expression((builder) =>
      builder
        .selectFrom('check_state')
        .select(['check_id', 'last_state_change_at as from_at', 'state', 'output']),
    )
    .execute();
}
