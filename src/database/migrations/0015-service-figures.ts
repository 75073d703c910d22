/** What each running service tells of itself, for the common statistics. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the table. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('service_figures')
    .addColumn('id', columns.id, (column) => column.primaryKey())
    .addColumn('role', 'varchar(10)', (column) => column.notNull())
    .addColumn('at', columns.instant, (column) => column.notNull())
    .addColumn('figures', columns.text, (column) => column.notNull())
    .addColumn('problem', columns.text)
    .modifyEnd(columns.tableEnd)
    .execute();
}
