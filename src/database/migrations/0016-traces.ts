/** When a check's request and result were at which step of their way. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds the instants; of results that there are they are not known. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  for (const table of ['check_state', 'result']) {
    for (const column of ['sent_at', 'received_at', 'collected_at']) {
      // One at a time: SQLite takes no more.
      await db.schema.alterTable(table).addColumn(column, columns.instant).execute();
    }
  }
}
