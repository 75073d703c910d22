/** What every database adapter must do with the data of an older version. */

import { expect, test } from 'vitest';
import type { Database } from './database.ts';
import type { AnyKysely } from './migrations/columns.ts';
import { migrate } from './migrations/migrate.ts';
import { changeConfiguration } from './queries/configuration.ts';
import { findHostState } from './queries/host-states.ts';
import { hostQueries } from './queries/hosts.ts';

/** Adds the tests; each opens an empty database of its own. */
export function testUpgrade(
  createSource: () => Promise<AsyncDisposable & { open(): Promise<Database> }>,
): void {
  test('checks keep their ids, states and history when hosts become objects of their own', async () => {
    await using source = await createSource();
    const database = await source.open();
    try {
      await migrate(database, '0009-downtimes');
      const checkId = await fillOldDatabase(database.db as AnyKysely);
      await migrate(database);
      await expectAll(database, checkId);
      const host = await findHostState(database, 'old');
      expect(host).toMatchObject({ host: 'old', state: 'up', hostCheck: null, run: null });
      expect(host?.checkId).toBeGreaterThan(checkId);
      const stored = await hostQueries.find(database, 'old');
      expect(stored?.spec).toMatchObject({ parents: [], hostCheck: null, overrides: {} });
      // References count again: what is deleted takes along what is its own.
      const origin = { at: 9, actor: 'test' };
      await changeConfiguration(database, origin, (change) => hostQueries.delete(change, 'h'));
      expect(await database.db.selectFrom('check_state').selectAll().execute()).toEqual([]);
      expect(await database.db.selectFrom('downtime_check').selectAll().execute()).toEqual([]);
      expect(await database.db.selectFrom('result').selectAll().execute()).toHaveLength(1);
    } finally {
      await database.close();
    }
  });
}

async function expectAll({ db }: Database, checkId: number): Promise<void> {
  const pairs = await db.selectFrom('check_pair').selectAll().orderBy('check_id').execute();
  expect(pairs.map(({ host_id, plugin_id }) => [host_id, plugin_id])).toEqual([
    ['h', 'p'],
    ['h', null],
  ]);
  // The id of a check that was deleted is not given out again: its history is there still.
  expect(pairs[1]?.check_id).toBeGreaterThan(checkId + 1);
  const ids = { check_id: checkId };
  expect(await db.selectFrom('check_state').selectAll().execute()).toMatchObject([ids]);
  expect(await db.selectFrom('check_memory').selectAll().execute()).toMatchObject([
    { ...ids, waits_until: null },
  ]);
  expect(await db.selectFrom('state_interval').selectAll().execute()).toMatchObject([ids]);
  expect(await db.selectFrom('downtime').selectAll().execute()).toMatchObject([{ all_checks: 1 }]);
  expect(await db.selectFrom('downtime_check').selectAll().execute()).toMatchObject([ids]);
}

/** A host with one check, of which all there can be is there, and one that was deleted. */
async function fillOldDatabase(db: AnyKysely): Promise<number> {
  const dated = { created_at: 1, updated_at: 1, version: 0 };
  await db
    .insertInto('host')
    .values({
      ...{ id: 'h', name: 'old', address: 'old.test', login: 'violet', ssh_port: 22 },
      ...{ maintenance: 0, history: 1, zone: 'default', labels: '{}', vars: '{}', ...dated },
    })
    .execute();
  const plugin = { builtin: 'dummy', params: '', interval_ms: 1_000, timeout_ms: 1_000 };
  for (const id of ['p', 'gone']) {
    const names = { id, name: id, description: '' };
    await db
      .insertInto('plugin')
      .values({ ...names, ...plugin, ...dated })
      .execute();
    await db.insertInto('check_pair').values({ host_id: 'h', plugin_id: id }).execute();
  }
  await db.deleteFrom('check_pair').where('plugin_id', '=', 'gone').execute();
  const { check_id: checkId } = await db
    .selectFrom('check_pair')
    .select('check_id')
    .executeTakeFirstOrThrow();
  const run = {
    ...{ check_id: checkId, scheduled_at: 5, state: 2, exit_code: 2, output: 'o' },
    ...{ long_output: '', perfdata: '[]', started_at: 5, finished_at: 5, worker: 'w' },
  };
  await db
    .insertInto('check_state')
    .values({ ...run, last_state_change_at: 5 })
    .execute();
  await db.insertInto('result').values(run).execute();
  await db
    .insertInto('state_interval')
    .values({ check_id: checkId, from_at: 5, state: 2, output: 'o' })
    .execute();
  await db
    .insertInto('check_memory')
    .values({
      ...{ check_id: checkId, is_flapping: 0, flap_percent: 0, is_acknowledged: 0 },
      ...{ is_in_downtime: 0, is_measured: 1, memory: '{}', revision: 1 },
    })
    .execute();
  await db
    .insertInto('downtime')
    .values({
      ...{ id: 'd', host_id: 'h', labels: '', start_at: 1, end_at: 9, is_fixed: 1 },
      ...{ duration_ms: 0, recurrence: '', time_zone: 'UTC', author: 'a', comment: 'c' },
      created_at: 1,
    })
    .execute();
  await db
    .insertInto('downtime_check')
    .values({ downtime_id: 'd', start_at: 1, check_id: checkId })
    .execute();
  return Number(checkId);
}
