/** The schema of the configured database, for the person who upgrades. */

import type { Config } from '../config/schema.ts';
import type { Database } from '../database/database.ts';
import { listMigrations, type MigrationStatus, migrate } from '../database/migrations/migrate.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { makeFolder, openDatabase } from './adapters.ts';

/** Applies what is missing. Throws `Unavailable` when the database does not answer at once. */
export function migrateSchema(
  config: Config,
  log: Log,
): Promise<{ readonly label: string; readonly applied: readonly string[] }> {
  return withDatabase(config, log, async (database) => ({
    label: database.label,
    applied: await migrate(database),
  }));
}

/** Every migration, applied or not. Throws as `migrateSchema`. */
export function listSchemaMigrations(
  config: Config,
  log: Log,
): Promise<readonly MigrationStatus[]> {
  return withDatabase(config, log, listMigrations);
}

async function withDatabase<Result>(
  config: Config,
  log: Log,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  await makeFolder(config.data, 'its data');
  // A person waits here, so there is no waiting for an absent database.
  const signal = AbortSignal.abort();
  const database = await openDatabase(config, { clock: systemClock, random: () => 0, log, signal });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
