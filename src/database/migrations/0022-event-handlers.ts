/** Event handlers that are to be run: kept until they were handed to the workers. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the table. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('event_handler_run')
    .addColumn('id', columns.serial, (column) => column.modifyEnd(columns.serialClause))
    .addColumn('at', columns.instant, (column) => column.notNull())
    .addColumn('check_id', 'bigint', (column) => column.notNull())
    .addColumn('level', 'varchar(16)', (column) => column.notNull())
    .addColumn('command', columns.text, (column) => column.notNull())
    .addColumn('macros', columns.text, (column) => column.notNull())
    .addForeignKeyConstraint(
      'event_handler_run_pair_fk',
      ['check_id'],
      'check_pair',
      ['check_id'],
      (key) => key.onDelete('cascade'),
    )
    .modifyEnd(columns.tableEnd)
    .execute();
}
