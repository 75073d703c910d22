import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { createTestDatabase } from '../../test/servers/test-database.ts';
import { hostSpec, pluginSpec } from '../../test/site.ts';
import { hidePassword } from '../lib/hide-password.ts';
import { silentLog } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';
import { describeDatabase } from './database.contract.ts';
import type { Database } from './database.ts';
import { migrate } from './migrations/migrate.ts';
import { openPostgres } from './postgres.ts';
import { listChecks } from './queries/checks.ts';
import { changeConfiguration } from './queries/configuration.ts';
import { hostQueries } from './queries/hosts.ts';
import { pluginQueries } from './queries/plugins.ts';
import { suiteQueries } from './queries/suites.ts';

describe.skipIf(needs('postgres'))('PostgreSQL', () => {
  describeDatabase('PostgreSQL', async () => {
    const created = await createTestDatabase('postgres');
    return {
      open: async () => openPostgres(created.url, { poolSize: 5, log: silentLog() }),
      [Symbol.asyncDispose]: () => created[Symbol.asyncDispose](),
    };
  });

  test('lists keep a bounded number of statements prepared, which outlive a new column', async () => {
    await using created = await createTestDatabase('postgres');
    const database = openPostgres(created.url, { poolSize: 1, log: silentLog() });
    try {
      await migrate(database);
      await addChecks(database, 7);
      const list = async (limit: number) =>
        (await listChecks(database, { limit, sort: [], cursor: null }, {})).items.length;
      const countPrepared = async () => {
        const { rows } = await sql<{
          count: number;
        }>`select count(*) as count from pg_prepared_statements`.execute(database.db);
        return rows[0]?.count;
      };
      // Often enough for a plan that is kept.
      for (let count = 0; count < 7; count++) expect(await list(7)).toBe(7);
      const prepared = await countPrepared();
      expect(prepared).toBeGreaterThan(0);
      for (let limit = 1; limit < 7; limit++) expect(await list(limit)).toBe(limit);
      expect(await countPrepared()).toBe(prepared);
      for (const table of ['check_state', 'check_pair', 'host', 'plugin', 'tally_progress']) {
        await database.db.schema.alterTable(table).addColumn('later', 'integer').execute();
      }
      expect(await list(7)).toBe(7);
    } finally {
      await database.close();
    }
  });
});

/** So many checks of one host. */
async function addChecks(database: Database, count: number): Promise<void> {
  const origin = { at: 1, actor: 'test' };
  await changeConfiguration(database, origin, async (change) => {
    const suite = { name: 'all', description: '', hosts: [], plugins: [], subnets: [] };
    await suiteQueries.insert(change, randomUUID(), suite);
    for (let index = 0; index < count; index++) {
      const spec = pluginSpec(`p${index}`, { suites: ['all'] });
      await pluginQueries.insert(change, randomUUID(), spec);
    }
    await hostQueries.insert(change, randomUUID(), hostSpec('h', { suites: ['all'] }));
  });
}

test('a server that is away is Unavailable, and its password is not told', async () => {
  const url = 'postgres://u:secret-word@127.0.0.1:1/none';
  const database = openPostgres(url, { poolSize: 1, log: silentLog() });
  const failure = await database.ping().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Unavailable);
  expect(`${failure} ${database.label}`).not.toContain('secret-word');
  expect(hidePassword(url)).toBe('postgres://u:***@127.0.0.1:1/none');
  await database.close();
});
