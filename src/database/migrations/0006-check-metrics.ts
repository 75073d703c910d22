/** Where the values of each metric of each check are kept. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds it. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('check_metric')
    .addColumn('check_id', 'bigint', (column) => column.notNull())
    .addColumn('label', columns.name, (column) => column.notNull())
    .addColumn('unit', 'varchar(50)', (column) => column.notNull())
    .addColumn('file_number', 'integer', (column) => column.notNull())
    .addColumn('source_number', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('check_metric_pk', ['check_id', 'label'])
    .modifyEnd(columns.tableEnd)
    .execute();
}
