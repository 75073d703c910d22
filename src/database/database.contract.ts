/** What every database adapter must do: the port's promises, and the queries on top of them. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { DEFAULT_CONTROL } from '../model/check-control.ts';
import { DEFAULT_HOST_POLICY, DEFAULT_POLICY } from '../model/check-policy.ts';
import type { Host, Plugin, Suite } from '../model/objects.ts';
import { testCheckControl } from './check-control.contract.ts';
import { testCheckLists } from './check-lists.contract.ts';
import { testCollisions } from './collisions.contract.ts';
import { testComments } from './comments.contract.ts';
import { type Database, ForeignKeyViolation, UniqueViolation } from './database.ts';
import { testDependencies } from './dependencies.contract.ts';
import { testDiscoveries } from './discoveries.contract.ts';
import { testDowntimes } from './downtimes.contract.ts';
import { testHosts } from './hosts.contract.ts';
import { startLease } from './lease.ts';
import { listMigrations, migrate } from './migrations/migrate.ts';
import {
  type AgendaCheck,
  readAgendaChecks,
  readAgendaHosts,
  readAgendaPlugins,
} from './queries/agenda.ts';
import { listArchivedChecks } from './queries/check-archive.ts';
import { readCheckStates, writeBatch } from './queries/check-states.ts';
import { findCheck, listChecks, listResults } from './queries/checks.ts';
import { changeConfiguration, getConfigVersion, listChanges } from './queries/configuration.ts';
import {
  deleteOldEvents,
  findEvents,
  getNewestEventId,
  insertEvents,
  listEventsAfter,
} from './queries/events.ts';
import { hostQueries } from './queries/hosts.ts';
import { readLease, replaceLease } from './queries/lease.ts';
import type { ObjectQueries } from './queries/objects.ts';
import { pluginQueries } from './queries/plugins.ts';
import { agreeOnSetting } from './queries/settings.ts';
import { readCheckCode } from './queries/state-codes.ts';
import { suiteQueries } from './queries/suites.ts';
import { readTotals } from './queries/totals.ts';
import { findWorker, markLostWorkers, writeWorkers } from './queries/workers.ts';
import { testShardOwners } from './shard-owners.contract.ts';
import { testTimeperiods } from './timeperiods.contract.ts';
import { testTokens } from './tokens.contract.ts';
import { testUpgrade } from './upgrade.contract.ts';

/** Where a contract suite gets its databases: each call opens the same, initially empty one. */
export interface DatabaseSource extends AsyncDisposable {
  open(): Promise<Database>;
}

const WHOLE_LIST = { limit: 1_000, sort: [], cursor: null };

/** Runs the suite against one kind of database. */
export function describeDatabase(name: string, createSource: () => Promise<DatabaseSource>): void {
  describe(`database contract: ${name}`, () => {
    let source: DatabaseSource;
    let database: Database;
    beforeAll(async () => {
      source = await createSource();
      database = await source.open();
      await migrate(database);
    });
    afterAll(async () => {
      await database?.close();
      await source?.[Symbol.asyncDispose]();
    });

    const add = <Spec>(queries: ObjectQueries<Spec>, spec: Spec) =>
      changeConfiguration(database, { at: 1_000, actor: 'test' }, async (change) => {
        const id = randomUUID();
        await queries.insert(change, id, spec);
        return id;
      });

    testDiscoveries(() => database);
    testHosts(() => database);
    testUpgrade(createSource);
    testCheckLists(() => database);
    testShardOwners(
      () => database,
      () => source.open(),
    );
    testTokens(
      () => database,
      () => source.open(),
    );
    testCollisions(() => database);
    testTimeperiods(() => database);
    testComments(() => database);
    testDowntimes(() => database);
    testDependencies(() => database);
    testCheckControl(() => database);

    test('migrations are applied once, and all are listed', async () => {
      expect(await migrate(database)).toEqual([]);
      const migrations = await listMigrations(database);
      expect(migrations.length).toBeGreaterThan(0);
      expect(migrations.every((migration) => migration.appliedAt !== null)).toBe(true);
    });

    test('two programs that migrate at once both succeed', async () => {
      const other = await source.open();
      try {
        await Promise.all([migrate(database), migrate(other)]);
      } finally {
        await other.close();
      }
    });

    test('a schema of a newer program is refused with a clear text', async () => {
      const row = { name: '9999-future', timestamp: '2030-01-01' };
      const table = database.db as never as { insertInto(table: string): never };
      // biome-ignore lint/suspicious/noExplicitAny: the migrator's own table is not in the schema
      const migrations = table as any;
      await migrations.insertInto('kysely_migration').values(row).execute();
      try {
        await expect(migrate(database)).rejects.toThrow(/newer ppalette.*9999-future/);
      } finally {
        await migrations.deleteFrom('kysely_migration').where('name', '=', row.name).execute();
      }
    });

    test('a transaction that fails leaves nothing', async () => {
      const before = await getConfigVersion(database);
      const failing = changeConfiguration(database, { at: 1, actor: 'test' }, async (change) => {
        await suiteQueries.insert(change, randomUUID(), suite('half'));
        throw new Error('on purpose');
      });
      await expect(failing).rejects.toThrow('on purpose');
      expect(await suiteQueries.find(database, 'half')).toBeUndefined();
      expect(await getConfigVersion(database)).toBe(before);
    });

    test('violations have the same name everywhere', async () => {
      await add(suiteQueries, suite('unique'));
      await expect(add(suiteQueries, suite('unique'))).rejects.toThrow(UniqueViolation);
      const orphan = { member_id: randomUUID(), suite_id: randomUUID() };
      const insert = database.db.insertInto('host_suite').values(orphan).execute();
      await expect(insert).rejects.toThrow(ForeignKeyViolation);
    });

    test('names are compared byte by byte and keep any character', async () => {
      for (const name of ['Case', 'case', 'Ünïcode 雪 🎨', 'ünïcode 雪 🎨']) {
        await add(suiteQueries, suite(name));
        expect((await suiteQueries.find(database, name))?.spec.name).toBe(name);
      }
    });

    test('an object comes back as it was written', async () => {
      await add(suiteQueries, suite('round-trip'));
      const spec = host('round-trip', {
        suites: ['round-trip'],
        vars: { a: '$x;"\'' },
        history: true,
      });
      const { result: id, version } = await add(hostQueries, spec);
      const stored = await hostQueries.find(database, id);
      expect(stored).toEqual({ id, createdAt: 1_000, updatedAt: 1_000, version, spec });
      expect((await hostQueries.find(database, spec.address))?.id).toBe(id);
    });

    test('each host x plugin is one check, however many suites lead to it', async () => {
      await add(suiteQueries, suite('twice-a'));
      await add(suiteQueries, suite('twice-b'));
      const suites = ['twice-a', 'twice-b'];
      const { result: pluginId } = await add(pluginQueries, plugin('twice', { suites }));
      const { result: hostId } = await add(hostQueries, host('twice', { suites }));
      expect(await checksOf(database, hostId)).toMatchObject([{ pluginId, lastScheduledAt: null }]);
      const [before] = await checksOf(database, hostId);
      await changeConfiguration(database, { at: 2, actor: 'test' }, (change) =>
        hostQueries.update(change, hostId, host('twice', { suites: ['twice-b'] })),
      );
      expect(await checksOf(database, hostId)).toEqual([before]);
      await changeConfiguration(database, { at: 3, actor: 'test' }, async (change) => {
        const found = await suiteQueries.find(change, 'twice-b');
        await suiteQueries.delete(change, found?.id ?? '');
      });
      expect(await checksOf(database, hostId)).toEqual([]);
    });

    test('a change tells which hosts and plugins to look at again', async () => {
      await add(suiteQueries, suite('touched'));
      const { result: hostId } = await add(hostQueries, host('touched', { suites: ['touched'] }));
      const before = await getConfigVersion(database);
      const { result: pluginId } = await add(
        pluginQueries,
        plugin('touched', { suites: ['touched'] }),
      );
      const after = await getConfigVersion(database);
      expect(await listChanges(database, before, after)).toEqual({
        kind: 'touched',
        hostIds: [hostId],
        pluginIds: [pluginId],
        timeperiodIds: [],
      });
      expect(await listChanges(database, after, after)).toMatchObject({
        hostIds: [],
        pluginIds: [],
      });
    });

    test('pages follow one another without gap or overlap in any order', async () => {
      for (let index = 0; index < 7; index++) {
        await add(hostQueries, host(`page-${index}`, { zone: index < 3 ? 'near' : 'far' }));
      }
      for (const sort of [
        [],
        [
          { name: 'zone', descending: true },
          { name: 'name', descending: false },
        ],
      ]) {
        const names: string[] = [];
        let cursor: string | null = null;
        do {
          const page = await hostQueries.list(database, { limit: 3, sort, cursor }, { q: 'PAGE-' });
          expect(page.total).toBe(7);
          names.push(...page.items.map((item) => item.spec.name));
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(new Set(names).size).toBe(7);
        const zoneFirst = ['page-0', 'page-1', 'page-2', 'page-3', 'page-4', 'page-5', 'page-6'];
        expect(names).toEqual(zoneFirst);
      }
    });

    test('a search takes wildcards literally', async () => {
      await add(suiteQueries, suite('100% sure'));
      await add(suiteQueries, suite('100 sure'));
      const found = await suiteQueries.list(database, WHOLE_LIST, { q: '0% S' });
      expect(found.items.map((item) => item.spec.name)).toEqual(['100% sure']);
    });

    test('a state is overwritten only by a newer one, a result is stored once', async () => {
      const checkId = await addCheck('guard');
      const write = (scheduledAt: number, state: number) =>
        database.transaction((sql) =>
          writeBatch(sql, {
            states: [stateOf(run(checkId, scheduledAt, state))],
            results: [run(checkId, scheduledAt, state)],
          }),
        );
      await write(2_000, 2);
      await write(2_000, 1);
      await write(1_000, 0);
      const [state] = await readCheckStates(database, [checkId]);
      expect(state).toMatchObject({ state: 2, scheduled_at: 2_000, last_state_change_at: 2_000 });
      const results = await listResults(
        database,
        [checkId],
        { from: 0, to: 9_999, limit: 10 },
        readCheckCode,
      );
      expect(results.map((result) => [result.scheduledAt, result.state])).toEqual([
        [2_000, 'critical'],
        [1_000, 'ok'],
      ]);
      await write(3_000, 0);
      expect((await readCheckStates(database, [checkId]))[0]).toMatchObject({ state: 0 });
    });

    test('a result of a check that was deleted is refused as a whole', async () => {
      const checkId = await addCheck('ghost');
      const found = await hostQueries.find(database, 'ghost');
      await changeConfiguration(database, { at: 5, actor: 'test' }, (change) =>
        hostQueries.delete(change, found?.id ?? ''),
      );
      const writing = database.transaction((sql) =>
        writeBatch(sql, {
          states: [stateOf(run(checkId, 1, 0))],
          results: [run(checkId, 1, 0)],
        }),
      );
      await expect(writing).rejects.toThrow(ForeignKeyViolation);
    });

    test('large batches are cut to what a statement takes', async () => {
      const checkId = await addCheck('large');
      const results = Array.from({ length: 12_000 }, (_, index) => run(checkId, index, 0));
      await database.transaction((sql) => writeBatch(sql, { results }));
      const kept = await listResults(
        database,
        [checkId],
        { from: 0, to: 99_999, limit: 20_000 },
        readCheckCode,
      );
      expect(kept.length).toBe(12_000);
    });

    test('output of any kind and size is kept to the character', async () => {
      const checkId = await addCheck('text');
      const output = `日本 \u{1f4a9} '"\\;%_ \u202e`.repeat(2_000);
      const state = { ...stateOf(run(checkId, 1, 0)), output };
      await database.transaction((sql) => writeBatch(sql, { states: [state] }));
      expect((await findCheck(database, 'text', 'text'))?.run?.output).toBe(output);
    });

    test('checks are listed with their state and filtered', async () => {
      const labels = { team: 'shop "1"', env: 'Prod' };
      const checkId = await addCheck('filter', { labels, zone: 'filter-zone' });
      await addCheck('filter-pending', { labels: { note: '"team":"shop' } });
      const state = stateOf(run(checkId, 1, 2));
      await database.transaction((sql) => writeBatch(sql, { states: [state] }));
      const list = async (filters: Record<string, string>) => {
        const page = await listChecks(database, WHOLE_LIST, { q: 'filter', ...filters });
        expect(page.total).toBe(page.items.length);
        return page.items.map((item) => `${item.host} ${item.run?.state ?? 'pending'}`);
      };
      expect(await list({})).toEqual(['filter critical', 'filter-pending pending']);
      expect(await list({ state: 'critical,ok' })).toEqual(['filter critical']);
      expect(await list({ state: 'pending' })).toEqual(['filter-pending pending']);
      expect(await list({ problem: 'true' })).toEqual(['filter critical']);
      expect(await list({ problem: 'false' })).toEqual(['filter-pending pending']);
      expect(await list({ suite: 'filter' })).toEqual(['filter critical']);
      expect(await list({ host: 'filter-pending', plugin: 'filter' })).toEqual([]);
      expect(await list({ zone: 'filter-zone' })).toEqual(['filter critical']);
      expect(await list({ q: 'no such' })).toEqual([]);
      expect(await list({ label: 'team' })).toEqual(['filter critical']);
      expect(await list({ label: 'team=shop "1",env=Prod' })).toEqual(['filter critical']);
      expect(await list({ label: 'env=prod' })).toEqual([]);
      expect(await list({ label: 'team=shop' })).toEqual([]);
      const sorted = async (name: string, descending: boolean) => {
        const sort = [{ name, descending }];
        const page = await listChecks(database, { ...WHOLE_LIST, sort }, { q: 'filter' });
        return page.items.map((item) => item.host);
      };
      expect(await sorted('state', false)).toEqual(['filter-pending', 'filter']);
      expect(await sorted('lastStateChange', true)).toEqual(['filter', 'filter-pending']);
    });

    test('totals count states of hosts that are not in maintenance', async () => {
      const before = await readTotals(database);
      const checkId = await addCheck('total');
      await addCheck('total-maintenance', { maintenance: true });
      const state = stateOf(run(checkId, 1, 1));
      await database.transaction((sql) => writeBatch(sql, { states: [state] }));
      const after = await readTotals(database);
      expect(after.states.warning - before.states.warning).toBe(1);
      expect(after.checksAll - before.checksAll).toBe(2);
      expect(after.checksActive - before.checksActive).toBe(1);
      expect(after.hosts.all - before.hosts.all).toBe(2);
      expect(after.hosts.active - before.hosts.active).toBe(1);
    });

    test('the scheduler reads everything, and parts by id', async () => {
      const checkId = await addCheck('agenda', { vars: { k: 'v' } });
      const hosts = (await collect(readAgendaHosts(database))).filter(
        ({ name }) => name === 'agenda',
      );
      expect(hosts).toMatchObject([{ name: 'agenda', vars: { k: 'v' }, maintenance: false }]);
      const [hostId = ''] = hosts.map(({ id }) => id);
      expect(await collect(readAgendaHosts(database, [hostId, randomUUID()]))).toEqual(hosts);
      const plugins = await collect(readAgendaPlugins(database));
      expect(plugins.find(({ name }) => name === 'agenda')).toMatchObject({ intervalMs: 30_000 });
      const checks = await collect(readAgendaChecks(database));
      expect(checks.some((check) => check.checkId === checkId)).toBe(true);
      expect(await checksOf(database, hostId)).toMatchObject([{ checkId }]);
    });

    test('events are kept in the order of their ids and forgotten by age', async () => {
      const first = await getNewestEventId(database);
      const event = (at: number) =>
        ({ at, type: 'worker', checkId: null, payload: { worker: `at ${at}` } }) as const;
      await insertEvents(database, [event(10), event(20), event(30)]);
      const ids = (await listEventsAfter(database, first, 10)).map(({ id }) => id);
      expect(await listEventsAfter(database, first, 2)).toMatchObject([event(10), event(20)]);
      expect(await findEvents(database, ids.slice(1, 2))).toMatchObject([event(20)]);
      expect(await deleteOldEvents(database, 30, 1)).toBe(1);
      expect(await deleteOldEvents(database, 30, 100)).toBeGreaterThanOrEqual(1);
      expect(await listEventsAfter(database, first, 10)).toMatchObject([event(30)]);
    });

    test('results of a check that is gone are found by its names', async () => {
      const checkId = await addCheck('archived');
      const bare = await addCheck('bare');
      await database.transaction((sql) => writeBatch(sql, { results: [run(checkId, 7, 2)] }));
      for (const name of ['archived', 'bare']) {
        const host = await hostQueries.find(database, name);
        const { removedChecks } = await changeConfiguration(
          database,
          { at: 50, actor: 'test' },
          (change) => hostQueries.delete(change, host?.id ?? ''),
        );
        expect(removedChecks).toBe(1);
      }
      expect(await listArchivedChecks(database, 'archived', 'archived')).toEqual([
        { checkId, deletedAt: 50 },
      ]);
      expect(await listArchivedChecks(database, 'bare', 'bare')).toEqual([]);
      expect(bare).not.toBe(checkId);
      const [result] = await listResults(
        database,
        [checkId],
        { from: 0, to: 99, limit: 9 },
        readCheckCode,
      );
      expect(result).toMatchObject({ scheduledAt: 7, state: 'critical' });
    });

    test('the lease is taken by one of two who see it free', async () => {
      const seen = await readLease(database, 'race');
      const take = (holder: string) =>
        replaceLease(database, 'race', seen, {
          holder,
          fence: seen.fence + 1,
          beat: seen.beat + 1,
        });
      const won = await Promise.all([take('a'), take('b')]);
      expect(won.filter(Boolean).length).toBe(1);
    });

    test('a lease given back is taken over at once, by one holder at a time', async () => {
      const start = (holder: string) =>
        startLease({ database, name: 'handover', holder, clock: systemClock, log: silentLog() });
      const first = await start('first');
      const second = await start('second');
      expect([first.isHeld(), second.isHeld()]).toEqual([true, false]);
      await first.stop();
      await expect.poll(() => second.isHeld(), { timeout: 5_000 }).toBe(true);
      expect(first.isHeld()).toBe(false);
      await second.stop();
    });

    test('heartbeats update a worker unless they are older', async () => {
      const worker = (heartbeatAt: number, figure: number) => ({
        id: 'violet-1',
        hostname: 'node',
        version: '1',
        zones: ['default', 'dmz'],
        status: 'running',
        startedAt: 1,
        heartbeatAt,
        intervalMs: 1_000,
        figures: { throughput: figure },
      });
      await writeWorkers(database, [worker(20, 2)]);
      await writeWorkers(database, [worker(10, 1)]);
      expect(await findWorker(database, 'violet-1')).toEqual(worker(20, 2));
    });

    test('a worker that comes, falls silent and comes back is told each time, once', async () => {
      const first = await getNewestEventId(database);
      const beat = (heartbeatAt: number, status = 'running') =>
        database.transaction((sql) =>
          writeWorkers(sql, [
            {
              id: 'violet-2',
              hostname: 'h',
              version: '1',
              zones: ['default'],
              status,
              startedAt: 1,
              heartbeatAt,
              intervalMs: 1_000,
              figures: {},
            },
          ]),
        );
      const lost = (now: number) => database.transaction((sql) => markLostWorkers(sql, now, 3));
      await beat(10_000);
      await beat(11_000);
      expect(await lost(14_000)).not.toContain('violet-2');
      expect(await lost(14_001)).toContain('violet-2');
      expect(await lost(15_000)).not.toContain('violet-2');
      await beat(20_000);
      await beat(21_000, 'draining');
      const events = await listEventsAfter(database, first, 100);
      const told = events.map(({ payload }) => payload);
      expect(told.filter(({ worker }) => worker === 'violet-2')).toEqual(
        ['running', 'lost', 'running', 'draining'].map((status) => ({
          worker: 'violet-2',
          status,
        })),
      );
    });

    test('the first who states a fact is right', async () => {
      expect(await agreeOnSetting(database, 'fact', '4')).toBe('4');
      expect(await agreeOnSetting(database, 'fact', '8')).toBe('4');
    });

    test('many changes at once get one version each', async () => {
      const before = await getConfigVersion(database);
      await Promise.all(
        Array.from({ length: 8 }, (_, index) => add(suiteQueries, suite(`parallel-${index}`))),
      );
      expect(await getConfigVersion(database)).toBe(before + 8);
    });

    /** One host, plugin and suite of this name, and with them one check; its id. */
    async function addCheck(checkName: string, fields: Partial<Host> = {}): Promise<number> {
      await add(suiteQueries, suite(checkName));
      await add(pluginQueries, plugin(checkName, { suites: [checkName] }));
      const spec = host(checkName, { suites: [checkName], ...fields });
      const { result: hostId } = await add(hostQueries, spec);
      const [check] = await checksOf(database, hostId);
      return check?.checkId ?? 0;
    }
  });
}

async function checksOf(database: Database, hostId: string): Promise<AgendaCheck[]> {
  return collect(readAgendaChecks(database, [hostId]));
}

async function collect<Item>(parts: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const part of parts) all.push(...part);
  return all;
}

function suite(name: string): Suite {
  return { name, description: '', hosts: [], plugins: [], subnets: [] };
}

function plugin(name: string, fields: Partial<Plugin> = {}): Plugin {
  const timing = {
    intervalMs: 30_000,
    timeoutMs: 10_000,
    policy: DEFAULT_POLICY,
    hostCheck: false,
  };
  const base = {
    name,
    run: { builtin: 'dummy' },
    ssh: false,
    params: '0',
    description: '',
    suites: [],
    ...DEFAULT_CONTROL,
  };
  return { ...base, ...timing, ...fields };
}

function host(name: string, fields: Partial<Host> = {}): Host {
  return {
    name,
    address: `${name}.test`,
    login: 'violet',
    sshPort: 22,
    maintenance: false,
    history: false,
    zone: 'default',
    subnet: null,
    suites: [],
    hostCheck: null,
    eventHandlerPeriod: null,
    parents: [],
    policy: DEFAULT_HOST_POLICY,
    overrides: {},
    labels: {},
    vars: {},
    ...fields,
  };
}

function stateOf(row: ReturnType<typeof run>) {
  const at = row.scheduled_at;
  const since = { last_state_change_at: at, last_hard_state_change_at: at };
  return {
    ...row,
    ...since,
    state_type: 1,
    attempt: 1,
    max_check_attempts: 1,
    is_passive: 0 as const,
  };
}

function run(checkId: number, scheduledAt: number, state: number) {
  return {
    check_id: checkId,
    scheduled_at: scheduledAt,
    state,
    exit_code: state,
    output: '',
    long_output: '',
    perfdata: '[]',
    started_at: scheduledAt,
    finished_at: scheduledAt,
    worker: 'w',
  };
}
