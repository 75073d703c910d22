/** When checks were in downtimes, kept for as long as their states are; and problems of the site itself. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the tables. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('downtime_stretch')
    .addColumn('check_id', 'bigint', (column) => column.notNull())
    .addColumn('downtime', 'varchar(100)', (column) => column.notNull())
    .addColumn('from_at', columns.instant, (column) => column.notNull())
    .addColumn('to_at', columns.instant)
    .addPrimaryKeyConstraint('downtime_stretch_pk', ['check_id', 'downtime'])
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createIndex('downtime_stretch_to')
    .on('downtime_stretch')
    .column('to_at')
    .execute();
  await db.schema
    .createTable('site_problem')
    .addColumn('kind', 'varchar(20)', (column) => column.notNull())
    .addColumn('subject', columns.name, (column) => column.notNull())
    .addColumn('since_at', columns.instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('site_problem_pk', ['kind', 'subject'])
    .modifyEnd(columns.tableEnd)
    .execute();
}
