/** Event handlers that were handed out are kept until it is told what became of them. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds the column; what there is was not handed out yet. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema.alterTable('event_handler_run').addColumn('sent_at', columns.instant).execute();
  await db.schema
    .createIndex('event_handler_run_sent')
    .on('event_handler_run')
    .columns(['sent_at', 'id'])
    .execute();
}
