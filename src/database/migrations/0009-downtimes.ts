/** Planned downtimes, and of which checks each is known already. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the tables. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  let table = db.schema
    .createTable('downtime')
    .addColumn('id', columns.id, (column) => column.primaryKey())
    .addColumn('labels', columns.text, (column) => column.notNull())
    .addColumn('start_at', columns.instant, (column) => column.notNull())
    .addColumn('end_at', columns.instant, (column) => column.notNull())
    .addColumn('is_fixed', 'smallint', (column) => column.notNull())
    .addColumn('duration_ms', 'bigint', (column) => column.notNull())
    .addColumn('recurrence', columns.text, (column) => column.notNull())
    .addColumn('time_zone', 'varchar(100)', (column) => column.notNull())
    .addColumn('author', columns.name, (column) => column.notNull())
    .addColumn('comment', columns.text, (column) => column.notNull())
    .addColumn('created_at', columns.instant, (column) => column.notNull())
    .addColumn('cancelled_at', columns.instant)
    .addColumn('over_at', columns.instant);
  for (const kind of ['host', 'plugin', 'suite', 'subnet']) {
    table = table
      .addColumn(`${kind}_id`, columns.id)
      .addForeignKeyConstraint(`downtime_${kind}_fk`, [`${kind}_id`], kind, ['id'], (key) =>
        key.onDelete('cascade'),
      );
  }
  await table.modifyEnd(columns.tableEnd).execute();
  await db.schema
    .createTable('downtime_check')
    .addColumn('downtime_id', columns.id, (column) => column.notNull())
    .addColumn('start_at', columns.instant, (column) => column.notNull())
    .addColumn('check_id', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('downtime_check_pk', ['downtime_id', 'start_at', 'check_id'])
    .addForeignKeyConstraint(
      'downtime_check_downtime_fk',
      ['downtime_id'],
      'downtime',
      ['id'],
      (key) => key.onDelete('cascade'),
    )
    .addForeignKeyConstraint(
      'downtime_check_pair_fk',
      ['check_id'],
      'check_pair',
      ['check_id'],
      (key) => key.onDelete('cascade'),
    )
    .modifyEnd(columns.tableEnd)
    .execute();
}
