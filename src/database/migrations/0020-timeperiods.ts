/** Time periods, and which of them are taken out of others. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the tables. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('timeperiod')
    .addColumn('id', columns.id, (column) => column.primaryKey())
    .addColumn('name', columns.name, (column) => column.notNull().unique())
    .addColumn('time_zone', 'varchar(100)', (column) => column.notNull())
    .addColumn('weekdays', columns.text, (column) => column.notNull())
    .addColumn('exceptions', columns.text, (column) => column.notNull())
    .addColumn('description', columns.text, (column) => column.notNull())
    .addColumn('created_at', columns.instant, (column) => column.notNull())
    .addColumn('updated_at', columns.instant, (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createTable('timeperiod_exclude')
    .addColumn('timeperiod_id', columns.id, (column) => column.notNull())
    .addColumn('excluded_id', columns.id, (column) => column.notNull())
    .addPrimaryKeyConstraint('timeperiod_exclude_pk', ['timeperiod_id', 'excluded_id'])
    .addForeignKeyConstraint(
      'timeperiod_exclude_period_fk',
      ['timeperiod_id'],
      'timeperiod',
      ['id'],
      (key) => key.onDelete('cascade'),
    )
    .addForeignKeyConstraint('timeperiod_exclude_excluded_fk', ['excluded_id'], 'timeperiod', [
      'id',
    ])
    .modifyEnd(columns.tableEnd)
    .execute();
}
