/** The first schema: objects, checks, states, results, workers, and what keeps them together. */

import type { AnyKysely, Columns } from './columns.ts';

/** Makes every table of the first release. */
export async function up(db: AnyKysely, columns: Columns): Promise<void> {
  await createObjects(db, columns);
  await createMemberships(db, columns);
  await createChecks(db, columns);
  await createKeeping(db, columns);
}

async function createObjects(db: AnyKysely, columns: Columns): Promise<void> {
  const table = (name: string) =>
    db.schema
      .createTable(name)
      .addColumn('id', columns.id, (column) => column.primaryKey())
      .addColumn('name', columns.name, (column) => column.notNull().unique())
      .addColumn('created_at', columns.instant, (column) => column.notNull())
      .addColumn('updated_at', columns.instant, (column) => column.notNull())
      .addColumn('version', 'bigint', (column) => column.notNull())
      .modifyEnd(columns.tableEnd);

  await table('suite')
    .addColumn('description', columns.text, (column) => column.notNull())
    .execute();
  await table('subnet')
    .addColumn('cidr', 'varchar(64)', (column) => column.notNull())
    .addColumn('exclude', columns.text, (column) => column.notNull())
    .addColumn('auto_discovery', 'smallint', (column) => column.notNull())
    .addColumn('interval_ms', 'bigint', (column) => column.notNull())
    .addColumn('description', columns.text, (column) => column.notNull())
    .execute();
  await table('plugin')
    .addColumn('script', columns.name)
    .addColumn('builtin', columns.name)
    .addColumn('params', columns.text, (column) => column.notNull())
    .addColumn('interval_ms', 'bigint', (column) => column.notNull())
    .addColumn('timeout_ms', 'bigint', (column) => column.notNull())
    .addColumn('description', columns.text, (column) => column.notNull())
    .execute();
  await table('host')
    .addColumn('address', columns.name, (column) => column.notNull().unique())
    .addColumn('login', 'varchar(64)', (column) => column.notNull())
    .addColumn('ssh_port', 'integer', (column) => column.notNull())
    .addColumn('maintenance', 'smallint', (column) => column.notNull())
    .addColumn('history', 'smallint', (column) => column.notNull())
    .addColumn('zone', 'varchar(100)', (column) => column.notNull())
    .addColumn('subnet_id', columns.id)
    .addColumn('labels', columns.text, (column) => column.notNull())
    .addColumn('vars', columns.text, (column) => column.notNull())
    .addForeignKeyConstraint('host_subnet_fk', ['subnet_id'], 'subnet', ['id'], (key) =>
      key.onDelete('set null'),
    )
    .execute();
  await db.schema.createIndex('host_subnet').on('host').column('subnet_id').execute();
}

async function createMemberships(db: AnyKysely, columns: Columns): Promise<void> {
  for (const member of ['host', 'plugin', 'subnet']) {
    await db.schema
      .createTable(`${member}_suite`)
      .addColumn('member_id', columns.id, (column) => column.notNull())
      .addColumn('suite_id', columns.id, (column) => column.notNull())
      .addPrimaryKeyConstraint(`${member}_suite_pk`, ['member_id', 'suite_id'])
      .addForeignKeyConstraint(`${member}_suite_member_fk`, ['member_id'], member, ['id'], (key) =>
        key.onDelete('cascade'),
      )
      .addForeignKeyConstraint(`${member}_suite_suite_fk`, ['suite_id'], 'suite', ['id'], (key) =>
        key.onDelete('cascade'),
      )
      .modifyEnd(columns.tableEnd)
      .execute();
    await db.schema
      .createIndex(`${member}_suite_by_suite`)
      .on(`${member}_suite`)
      .column('suite_id')
      .execute();
  }
}

async function createChecks(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('check_pair')
    .addColumn('check_id', columns.serial, (column) => column.modifyEnd(columns.serialClause))
    .addColumn('host_id', columns.id, (column) => column.notNull())
    .addColumn('plugin_id', columns.id, (column) => column.notNull())
    .addUniqueConstraint('check_pair_unique', ['host_id', 'plugin_id'])
    .addForeignKeyConstraint('check_pair_host_fk', ['host_id'], 'host', ['id'], (key) =>
      key.onDelete('cascade'),
    )
    .addForeignKeyConstraint('check_pair_plugin_fk', ['plugin_id'], 'plugin', ['id'], (key) =>
      key.onDelete('cascade'),
    )
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema.createIndex('check_pair_plugin').on('check_pair').column('plugin_id').execute();

  const run = (name: string) =>
    db.schema
      .createTable(name)
      .addColumn('check_id', 'bigint', (column) => column.notNull())
      .addColumn('scheduled_at', columns.instant, (column) => column.notNull())
      .addColumn('state', 'smallint', (column) => column.notNull())
      .addColumn('exit_code', 'integer', (column) => column.notNull())
      .addColumn('output', columns.text, (column) => column.notNull())
      .addColumn('long_output', columns.text, (column) => column.notNull())
      .addColumn('perfdata', columns.text, (column) => column.notNull())
      .addColumn('started_at', columns.instant, (column) => column.notNull())
      .addColumn('finished_at', columns.instant, (column) => column.notNull())
      .addColumn('worker', columns.name, (column) => column.notNull())
      .modifyEnd(columns.tableEnd);
  // No row without its check: a result that was on its way when the check was deleted leaves none.
  await run('check_state')
    .addColumn('last_state_change_at', columns.instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('check_state_pk', ['check_id'])
    .addForeignKeyConstraint(
      'check_state_pair_fk',
      ['check_id'],
      'check_pair',
      ['check_id'],
      (key) => key.onDelete('cascade'),
    )
    .execute();
  await db.schema.createIndex('check_state_state').on('check_state').column('state').execute();
  // History outlives its check, so nothing refers to it.
  await run('result').addPrimaryKeyConstraint('result_pk', ['check_id', 'scheduled_at']).execute();
}

async function createKeeping(db: AnyKysely, columns: Columns): Promise<void> {
  await db.schema
    .createTable('worker')
    .addColumn('id', columns.name, (column) => column.primaryKey())
    .addColumn('hostname', columns.name, (column) => column.notNull())
    .addColumn('version', 'varchar(50)', (column) => column.notNull())
    .addColumn('zones', columns.text, (column) => column.notNull())
    .addColumn('status', 'varchar(20)', (column) => column.notNull())
    .addColumn('started_at', columns.instant, (column) => column.notNull())
    .addColumn('heartbeat_at', columns.instant, (column) => column.notNull())
    .addColumn('interval_ms', 'bigint', (column) => column.notNull())
    .addColumn('figures', columns.text, (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createTable('lease')
    .addColumn('name', 'varchar(100)', (column) => column.primaryKey())
    .addColumn('holder', columns.name)
    .addColumn('fence', 'bigint', (column) => column.notNull())
    .addColumn('beat', 'bigint', (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createTable('token')
    .addColumn('id', columns.id, (column) => column.primaryKey())
    .addColumn('name', columns.name, (column) => column.notNull().unique())
    .addColumn('hash', 'varchar(64)', (column) => column.notNull().unique())
    .addColumn('role', 'varchar(20)', (column) => column.notNull())
    .addColumn('created_at', columns.instant, (column) => column.notNull())
    .addColumn('expires_at', columns.instant)
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createTable('setting')
    .addColumn('name', 'varchar(100)', (column) => column.primaryKey())
    .addColumn('value', columns.text, (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createTable('config_version')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.insertInto('config_version').values({ id: 1, version: 0 }).execute();
  await db.schema
    .createTable('config_change')
    .addColumn('id', columns.serial, (column) => column.modifyEnd(columns.serialClause))
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'varchar(20)', (column) => column.notNull())
    .addColumn('object_id', columns.id, (column) => column.notNull())
    .modifyEnd(columns.tableEnd)
    .execute();
  await db.schema
    .createIndex('config_change_version')
    .on('config_change')
    .column('version')
    .execute();
}
