/** When event handlers may run. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds the columns; what there is runs always. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  for (const table of ['plugin', 'host']) {
    await db.schema
      .alterTable(table)
      .addColumn('event_handler_period_id', columns.id, (column) =>
        column.references('timeperiod.id'),
      )
      .execute();
  }
}
