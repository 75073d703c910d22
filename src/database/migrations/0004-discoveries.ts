/** Discoveries of subnets, and the zone whose workers make them. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds them. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .alterTable('subnet')
    .addColumn('zone', 'varchar(100)', (column) => column.notNull().defaultTo('default'))
    .execute();

  await db.schema
    .createTable('discovery')
    .addColumn('id', columns.id, (column) => column.primaryKey())
    .addColumn('subnet_id', columns.id, (column) => column.notNull())
    // One at a time: the subnet while it runs, null afterwards.
    .addColumn('running_subnet_id', columns.id, (column) => column.unique())
    .addColumn('cidr', 'varchar(64)', (column) => column.notNull())
    .addColumn('exclude', columns.text, (column) => column.notNull())
    .addColumn('zone', 'varchar(100)', (column) => column.notNull())
    .addColumn('slice_size', 'integer', (column) => column.notNull())
    .addColumn('total', 'integer', (column) => column.notNull())
    .addColumn('state', 'varchar(20)', (column) => column.notNull())
    .addColumn('requested_by', columns.name)
    .addColumn('started_at', columns.instant, (column) => column.notNull())
    .addColumn('finished_at', columns.instant)
    .addColumn('scanned', 'integer', (column) => column.notNull())
    .addColumn('added_count', 'integer', (column) => column.notNull())
    .addColumn('known_count', 'integer', (column) => column.notNull())
    .addColumn('gone_count', 'integer', (column) => column.notNull())
    .addColumn('added', columns.text, (column) => column.notNull())
    .addColumn('known', columns.text, (column) => column.notNull())
    .addColumn('gone', columns.text, (column) => column.notNull())
    .addColumn('problem', columns.text)
    .addForeignKeyConstraint('discovery_subnet_fk', ['subnet_id'], 'subnet', ['id'], (key) =>
      key.onDelete('cascade'),
    )
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createIndex('discovery_subnet')
    .on('discovery')
    .columns(['subnet_id', 'started_at'])
    .execute();
  await db.schema.createIndex('discovery_finished').on('discovery').column('finished_at').execute();

  // A row for each slice that was counted, until the discovery ends.
  await db.schema
    .createTable('discovery_slice')
    .addColumn('discovery_id', columns.id, (column) => column.notNull())
    .addColumn('slice', 'integer', (column) => column.notNull())
    .addColumn('answered', columns.text, (column) => column.notNull())
    .addPrimaryKeyConstraint('discovery_slice_pk', ['discovery_id', 'slice'])
    .addForeignKeyConstraint(
      'discovery_slice_discovery_fk',
      ['discovery_id'],
      'discovery',
      ['id'],
      (key) => key.onDelete('cascade'),
    )
    .modifyEnd(columns.tableEnd)
    .execute();
}
