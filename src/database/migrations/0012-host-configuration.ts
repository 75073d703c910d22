/** What configuration says of a host's own state: its host check, its parents, its policy. */

import type { AnyKysely, Columns } from './columns.ts';

/** Adds columns and tables; hosts that there are have no host check, as before. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .alterTable('plugin')
    .addColumn('host_check', 'smallint', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('host').addColumn('host_check_id', columns.id).execute();
  await db.schema
    .alterTable('host')
    .addColumn('policy', columns.text, (column) => column.notNull().defaultTo('{}'))
    .execute();
  await db.schema
    .alterTable('downtime')
    .addColumn('all_checks', 'smallint', (column) => column.notNull().defaultTo(1))
    .execute();
  await createRelation(db, columns, { table: 'host_parent', other: 'parent', kind: 'host' });
  await createRelation(db, columns, { table: 'host_override', other: 'plugin', kind: 'plugin' });
  for (const name of ['interval_ms', 'timeout_ms']) {
    await db.schema.alterTable('host_override').addColumn(name, 'bigint').execute();
  }
  await db.schema
    .alterTable('host_override')
    .addColumn('policy', columns.text, (column) => column.notNull().defaultTo('{}'))
    .execute();
}

async function createRelation(
  db: AnyKysely,
  columns: Columns,
  { table, other, kind }: { readonly table: string; readonly other: string; readonly kind: string },
): Promise<void> {
  await db.schema
    .createTable(table)
    .addColumn('host_id', columns.id, (column) => column.notNull())
    .addColumn(`${other}_id`, columns.id, (column) => column.notNull())
    .addPrimaryKeyConstraint(`${table}_pk`, ['host_id', `${other}_id`])
    .addForeignKeyConstraint(`${table}_host_fk`, ['host_id'], 'host', ['id'], (key) =>
      key.onDelete('cascade'),
    )
    .addForeignKeyConstraint(`${table}_${other}_fk`, [`${other}_id`], kind, ['id'], (key) =>
      key.onDelete('cascade'),
    )
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema.createIndex(`${table}_${other}`).on(table).column(`${other}_id`).execute();
}
