/** Plugins that run on the checked host itself. */

import type { AnyKysely } from './columns.ts';

/** Adds the mark; those that there are run where the worker is, as before. */
export async function up(db: AnyKysely): Promise<void> {
  await db.schema
    .alterTable('plugin')
    .addColumn('ssh', 'smallint', (column) => column.notNull().defaultTo(0))
    .execute();
}
