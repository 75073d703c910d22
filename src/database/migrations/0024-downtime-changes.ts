/** Downtimes that are changed, and those that hang on others. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds the columns; what there is was never changed and hangs on nothing. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  for (const table of ['downtime', 'downtime_check']) {
    await db.schema
      .alterTable(table)
      .addColumn('revision', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
  }
  await db.schema.alterTable('downtime').addColumn('key_at', columns.instant).execute();
  await db.schema.alterTable('downtime').addColumn('triggered_by', columns.id).execute();
  await db.schema
    .alterTable('downtime')
    .addColumn('children', 'varchar(16)', (column) => column.notNull().defaultTo('none'))
    .execute();
}
