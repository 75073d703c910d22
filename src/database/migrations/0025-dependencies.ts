/** What depends on what. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes the table. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('dependency')
    .addColumn('id', columns.id, (column) => column.primaryKey())
    .addColumn('name', columns.name, (column) => column.notNull().unique())
    .addColumn('host_id', columns.id)
    .addColumn('plugin_id', columns.id)
    .addColumn('master_host_id', columns.id)
    .addColumn('master_plugin_id', columns.id)
    .addColumn('kinds', columns.text, (column) => column.notNull())
    .addColumn('fails_on', columns.text, (column) => column.notNull())
    .addColumn('period_id', columns.id)
    .addColumn('inherits_parent', 'smallint', (column) => column.notNull())
    .addColumn('description', columns.text, (column) => column.notNull())
    .addColumn('created_at', columns.instant, (column) => column.notNull())
    .addColumn('updated_at', columns.instant, (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addForeignKeyConstraint('dependency_host_fk', ['host_id'], 'host', ['id'])
    .addForeignKeyConstraint('dependency_plugin_fk', ['plugin_id'], 'plugin', ['id'])
    .addForeignKeyConstraint('dependency_master_host_fk', ['master_host_id'], 'host', ['id'])
    .addForeignKeyConstraint('dependency_master_plugin_fk', ['master_plugin_id'], 'plugin', ['id'])
    .addForeignKeyConstraint('dependency_period_fk', ['period_id'], 'timeperiod', ['id'])
    .modifyEnd(columns.tableEnd)
    .execute();
}
