/** When checks run by themselves, whether they do, and how old their results may be. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds the columns; what there is runs always, takes results from outside, and is never stale. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .alterTable('plugin')
    .addColumn('check_period_id', columns.id, (column) => column.references('timeperiod.id'))
    .execute();
  for (const name of ['active_checks', 'passive_checks']) {
    await db.schema
      .alterTable('plugin')
      .addColumn(name, 'smallint', (column) => column.notNull().defaultTo(1))
      .execute();
  }
  await db.schema.alterTable('plugin').addColumn('freshness_ms', 'bigint').execute();
  await db.schema
    .alterTable('check_memory')
    .addColumn('is_silence_expected', 'smallint', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('check_memory').addColumn('stale_since', columns.instant).execute();
}
