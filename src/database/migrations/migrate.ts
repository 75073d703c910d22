/** Brings the schema up to date, and tells how it stands. One list of migrations for all databases. */

import { type Migration, Migrator } from 'kysely';
import { ConfigError } from '../../model/errors.ts';
import type { Database } from '../database.ts';
import { up as firstSchema } from './0001-first-schema.ts';
import { up as accessAndEvents } from './0003-access-and-events.ts';
import { up as discoveries } from './0004-discoveries.ts';
import { up as stateIntervals } from './0005-state-intervals.ts';
import { up as checkMetrics } from './0006-check-metrics.ts';
import { up as pluginSsh } from './0007-plugin-ssh.ts';
import { up as stateEngine } from './0008-state-engine.ts';
import { up as downtimes } from './0009-downtimes.ts';
import { up as listIndexes } from './0010-list-indexes.ts';
import { up as hostObjects } from './0011-host-objects.ts';
import { up as hostConfiguration } from './0012-host-configuration.ts';
import { up as tallies } from './0014-tallies.ts';
import { up as serviceFigures } from './0015-service-figures.ts';
import { up as traces } from './0016-traces.ts';
import { up as shardOwners } from './0017-shard-owners.ts';
import { up as stretchesAndProblems } from './0018-stretches-and-problems.ts';
import { up as retention } from './0019-retention.ts';
import { up as timeperiods } from './0020-timeperiods.ts';
import { up as checkControl } from './0021-check-control.ts';
import { up as eventHandlers } from './0022-event-handlers.ts';
import { up as comments } from './0023-comments.ts';
import { up as downtimeChanges } from './0024-downtime-changes.ts';
import { up as dependencies } from './0025-dependencies.ts';
import { up as handlerReports } from './0026-handler-reports.ts';
import { up as eventHandlerPeriods } from './0027-event-handler-periods.ts';
import { up as countIndexes } from './0029-count-indexes.ts';
import { type AnyKysely, type Columns, columnsOf } from './columns.ts';

/** In order; a released one is never changed, only followed by another. */
const MIGRATIONS: Readonly<Record<string, (db: AnyKysely, columns: Columns) => Promise<void>>> = {
  '0001-first-schema': firstSchema,
  '0003-access-and-events': accessAndEvents,
  '0004-discoveries': discoveries,
  '0005-state-intervals': stateIntervals,
  '0006-check-metrics': checkMetrics,
  '0007-plugin-ssh': pluginSsh,
  '0008-state-engine': stateEngine,
  '0009-downtimes': downtimes,
  '0010-list-indexes': listIndexes,
  '0011-host-objects': hostObjects,
  '0012-host-configuration': hostConfiguration,
  '0014-tallies': tallies,
  '0015-service-figures': serviceFigures,
  '0016-traces': traces,
  '0017-shard-owners': shardOwners,
  '0018-stretches-and-problems': stretchesAndProblems,
  '0019-retention': retention,
  '0020-timeperiods': timeperiods,
  '0021-check-control': checkControl,
  '0022-event-handlers': eventHandlers,
  '0023-comments': comments,
  '0024-downtime-changes': downtimeChanges,
  '0025-dependencies': dependencies,
  '0026-handler-reports': handlerReports,
  '0027-event-handler-periods': eventHandlerPeriods,
  '0029-count-indexes': countIndexes,
};

/** One migration and when it was applied; null = not yet. */
export interface MigrationStatus {
  readonly name: string;
  readonly appliedAt: number | null;
}

/**
 * Applies what is missing; resolves to the names applied now. Several services may call it at once:
 * one works, the others wait. `until`: the last to be applied; default: all. Throws `ConfigError` when
 * the schema is newer than this program.
 */
export async function migrate(database: Database, until?: string): Promise<readonly string[]> {
  await refuseNewerSchema(database);
  const migrator = createMigrator(database);
  const { error, results } = await (until === undefined
    ? migrator.migrateToLatest()
    : migrator.migrateTo(until));
  if (error) throw error;
  return (results ?? []).map((result) => result.migrationName);
}

/** Every migration of this program, in order. */
export async function listMigrations(database: Database): Promise<readonly MigrationStatus[]> {
  await refuseNewerSchema(database);
  const migrations = await createMigrator(database).getMigrations();
  return migrations.map(({ name, executedAt }) => ({
    name,
    appliedAt: executedAt ? executedAt.getTime() : null,
  }));
}

function createMigrator(database: Database): Migrator {
  const columns = columnsOf(database.traits.kind);
  const migrations: Record<string, Migration> = {};
  for (const [name, up] of Object.entries(MIGRATIONS)) {
    migrations[name] = { up: (db) => up(db, columns) };
  }
  return new Migrator({
    db: database.db,
    provider: { getMigrations: async () => migrations },
    // Numbers are given out before they are used, so one may come behind a higher one.
    allowUnorderedMigrations: true,
  });
}

async function refuseNewerSchema(database: Database): Promise<void> {
  const tables = await database.db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return;
  const applied = await (database.db as AnyKysely)
    .selectFrom('kysely_migration')
    .select('kysely_migration.name')
    .execute();
  const unknown = applied.map((row) => String(row['name'])).filter((name) => !(name in MIGRATIONS));
  if (unknown.length === 0) return;
  throw new ConfigError(
    `The database ${database.label} was made by a newer ppalette (it has "${unknown[0]}"): upgrade this one.`,
  );
}
