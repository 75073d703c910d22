/** What every database adapter must do with hosts' own states, and with what hosts hang on. */

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DEFAULT_CONTROL } from '../model/check-control.ts';
import { DEFAULT_HOST_POLICY, DEFAULT_POLICY } from '../model/check-policy.ts';
import { InvalidInput } from '../model/errors.ts';
import type { Host, Plugin } from '../model/objects.ts';
import type { Database } from './database.ts';
import { writeBatch } from './queries/check-states.ts';
import { findHostTargets } from './queries/check-targets.ts';
import { findChecks } from './queries/checks.ts';
import { changeConfiguration } from './queries/configuration.ts';
import { listSilentChecks } from './queries/due-changes.ts';
import { listChildIds, listWaiting, readHostSights } from './queries/host-neighbours.ts';
import { findHostObjects } from './queries/host-objects.ts';
import { findHostState } from './queries/host-states.ts';
import { hostQueries } from './queries/hosts.ts';
import { readHostFacts, readObjectFacts } from './queries/object-facts.ts';
import { pluginQueries } from './queries/plugins.ts';
import { suiteQueries } from './queries/suites.ts';
import { readTotals } from './queries/totals.ts';

const WHOLE_LIST = { limit: 100, sort: [], cursor: null };

/** Adds the tests. */
export function testHosts(getDatabase: () => Database): void {
  const change = <Result>(work: Parameters<typeof changeConfiguration<Result>>[2]) =>
    changeConfiguration(getDatabase(), { at: 1_000, actor: 'test' }, work);
  const addHost = async (name: string, fields: Partial<Host> = {}) => {
    const id = randomUUID();
    await change((one) => hostQueries.insert(one, id, hostSpec(name, fields)));
    return id;
  };
  const addSuite = async (name: string, fields: Partial<Plugin> = {}) => {
    const suite = { name, description: '', hosts: [], plugins: [], subnets: [] };
    await change((one) => suiteQueries.insert(one, randomUUID(), suite));
    await change((one) => pluginQueries.insert(one, randomUUID(), pluginSpec(name, fields)));
  };
  const objectIdOf = async (name: string) =>
    (await findHostState(getDatabase(), name))?.checkId ?? 0;
  const store = (id: number, state: number, waitsUntil: number | null = null) =>
    getDatabase().transaction((sql) =>
      writeBatch(sql, { states: [stateRow(id, state)], memories: [memoryRow(id, waitsUntil)] }),
    );

  describe('hosts', () => {
    test('have states of their own, by which they are listed and counted', async () => {
      const database = getDatabase();
      const before = (await readTotals(database)).hosts;
      await addSuite('own', { hostCheck: true });
      const [up, down] = [await addHost('own-up'), await addHost('own-down')];
      await addHost('own-pending', { suites: ['own'] });
      await addHost('own-maintenance', { maintenance: true });
      // So many that they are sorted.
      for (let count = 0; count < 60; count++) await addHost(`many-${count}`);
      await store(await objectIdOf('own-down'), 11);
      const states = await readHostSights(database, [up, down]);
      expect([up, down].map((id) => states.get(id)?.state)).toEqual(['up', 'down']);
      const list = async (state: string) => {
        const { items } = await hostQueries.list(database, WHOLE_LIST, { q: 'own-', state });
        return items.map(({ spec }) => spec.name);
      };
      expect(await list('down,unreachable')).toEqual(['own-down']);
      expect(await list('pending')).toEqual(['own-pending']);
      expect(await list('up')).toEqual(['own-maintenance', 'own-up']);
      const after = (await readTotals(database)).hosts;
      const grown = Object.entries(after).map(([name, count]) => [
        name,
        count - before[name as 'up'],
      ]);
      expect(Object.fromEntries(grown)).toEqual({
        ...{ all: 64, active: 63, up: 61, down: 1, unreachable: 0, pending: 1 },
      });
      expect(await findHostTargets(database, ['own-up.test', 'none', up])).toMatchObject([
        { host: { id: up } },
        undefined,
        { host: { id: up } },
      ]);
    });

    test('are counted as they are listed, whatever the filters', async () => {
      const database = getDatabase();
      for (const suite of ['counted', 'counted-too']) await addSuite(suite);
      const fields: Partial<Host>[] = [
        { suites: ['counted'] },
        { suites: ['counted', 'counted-too'], zone: 'counted' },
        { zone: 'counted', maintenance: true, labels: { team: 'counted' } },
      ];
      for (const [index, own] of fields.entries()) await addHost(`counted-${index}`, own);
      const list = async (filters: Readonly<Record<string, string>>) => {
        const { items, total } = await hostQueries.list(database, WHOLE_LIST, filters);
        return [total, ...items.map(({ spec }) => spec.name)];
      };
      expect(await list({ suite: 'counted' })).toEqual([2, 'counted-0', 'counted-1']);
      expect(await list({ suite: 'counted', zone: 'counted' })).toEqual([1, 'counted-1']);
      expect(await list({ suite: 'none' })).toEqual([0]);
      expect(await list({ subnet: 'none' })).toEqual([0]);
      expect(await list({ zone: 'counted' })).toEqual([2, 'counted-1', 'counted-2']);
      expect(await list({ q: 'counted', maintenance: 'true' })).toEqual([1, 'counted-2']);
      expect(await list({ label: 'team=counted' })).toEqual([1, 'counted-2']);
    });

    test('rule 4.0.7: the mean interval of a host counts its own intervals', async () => {
      for (const name of ['mean-one', 'mean-two']) await addSuite(name, { intervalMs: 60_000 });
      const overrides = { 'mean-two': { intervalMs: 20_000 } };
      const id = await addHost('mean', { suites: ['mean-one', 'mean-two'], overrides });
      expect(await readHostFacts(getDatabase(), [id])).toMatchObject([{ meanIntervalMs: 40_000 }]);
    });

    test('tell what grey needs to know: host check, parents, overrides', async () => {
      const database = getDatabase();
      await addSuite('facts', { hostCheck: true, intervalMs: 5_000 });
      const parent = await addHost('facts-parent');
      const overrides = { facts: { intervalMs: 7_000, maxCheckAttempts: 4 } };
      const fields = { suites: ['facts'], parents: ['facts-parent'], overrides };
      const child = await addHost('facts-child', fields);
      const [facts] = await readHostFacts(database, [child]);
      expect(facts).toMatchObject({
        ...{ id: child, name: 'facts-child', parentIds: [parent] },
        hostCheck: { intervalMs: 7_000, timeoutMs: 10_000 },
      });
      const checkId = facts?.hostCheck?.checkId ?? 0;
      expect(await readObjectFacts(database, [checkId, facts?.objectId ?? 0, 999_999])).toEqual(
        expect.arrayContaining([
          { id: facts?.objectId, hostId: child, check: null },
          {
            ...{ id: checkId, hostId: child },
            check: expect.objectContaining({
              ...{ plugin: 'facts', intervalMs: 7_000 },
              policy: { ...DEFAULT_POLICY, maxCheckAttempts: 4 },
            }),
          },
        ]),
      );
      expect(await listChildIds(database, [parent])).toEqual(new Map([[parent, [child]]]));
      expect((await hostQueries.find(database, child))?.spec).toMatchObject(fields);
      const [view] = await findChecks(database, [checkId], {});
      expect(view).toMatchObject({ intervalMs: 7_000, maxCheckAttempts: 4, isHostUp: true });
    });

    test('a check is silent by the interval that its host has for it', async () => {
      const database = getDatabase();
      await addSuite('silent', { intervalMs: 1_000, timeoutMs: 1_000 });
      const overrides = { silent: { intervalMs: 100_000 } };
      await addHost('silent-not', { suites: ['silent'], overrides });
      await addHost('silent', { suites: ['silent'] });
      const checks = await database.db
        .selectFrom('check_pair')
        .innerJoin('host', 'host.id', 'check_pair.host_id')
        .select(['check_pair.check_id', 'host.name'])
        .where('host.name', 'like', 'silent%')
        .where('check_pair.plugin_id', 'is not', null)
        .execute();
      for (const { check_id } of checks) await store(check_id, 0);
      const silent = await listSilentChecks(database, {
        ...{ now: 60_000, startedAt: 0, after: 0, limit: 1_000, periods: [] },
      });
      const isSilent = (name: string) => {
        const found = checks.find((check) => check.name === name);
        return silent.some(({ checkId }) => checkId === found?.check_id);
      };
      expect([isSilent('silent'), isSilent('silent-not')]).toEqual([true, false]);
    });

    test('who waits for a host is found: its checks and its children', async () => {
      const database = getDatabase();
      await addSuite('waits', { hostCheck: true });
      const parent = await addHost('waits-parent', { suites: ['waits'] });
      const child = await addHost('waits-child', { parents: ['waits-parent'] });
      await addHost('waits-stranger');
      const [facts] = await readHostFacts(database, [parent]);
      const checkId = facts?.hostCheck?.checkId ?? 0;
      await store(checkId, 2, 50);
      await store(await objectIdOf('waits-child'), 10, 50);
      await store(await objectIdOf('waits-stranger'), 10, 50);
      const waiting = await listWaiting(database, [parent], 10);
      expect(waiting.map(({ hostId }) => hostId).sort()).toEqual([parent, child].sort());
      expect(await listWaiting(database, [parent], 1)).toHaveLength(1);
    });

    test('pass filters that are of hosts, and no others', async () => {
      const database = getDatabase();
      await addSuite('passing');
      await addHost('passing', { suites: ['passing'], zone: 'pass', labels: { team: 'shop' } });
      const id = await objectIdOf('passing');
      const passes = async (filters: Record<string, string>) =>
        (await findHostObjects(database, [id, 999_999], filters)).length;
      const of = { host: 'passing', zone: 'pass', label: 'team=shop', suite: 'passing', q: 'assi' };
      expect(await passes({ ...of, maintenance: 'false' })).toBe(1);
      for (const name of Object.keys(of)) expect(await passes({ ...of, [name]: 'x' })).toBe(0);
      expect(await passes({ subnet: 'none' })).toBe(0);
      expect(await passes({ plugin: 'passing' })).toBe(0);
      // Nothing tells its state, so it is assumed to be up.
      expect(await passes({ state: 'up' })).toBe(1);
      for (const state of ['down', 'ok', 'pending']) expect(await passes({ state })).toBe(0);
      await store(id, 11, 60);
      const down = { state: 'critical,down', problem: 'true', stateType: 'hard', handled: 'false' };
      expect(await passes(down)).toBe(1);
      const others = { state: 'up,unreachable', problem: 'false', stateType: 'soft' };
      for (const [name, value] of Object.entries({ ...others, handled: 'true' })) {
        expect(await passes({ ...down, [name]: value })).toBe(0);
      }
    });

    test('cannot be above themselves; who loses a parent is told', async () => {
      const database = getDatabase();
      const top = await addHost('ring-top');
      await addHost('ring-leaf', { parents: ['ring-top'] });
      const circle = change((one) =>
        hostQueries.update(one, top, hostSpec('ring-top', { parents: ['ring-leaf'] })),
      );
      await expect(circle).rejects.toThrow(InvalidInput);
      const { orphans, removedChecks } = await change((one) => hostQueries.delete(one, top));
      expect([orphans, removedChecks]).toEqual([['ring-leaf'], 0]);
      expect((await hostQueries.find(database, 'ring-leaf'))?.spec.parents).toEqual([]);
    });
  });
}

function hostSpec(name: string, fields: Partial<Host> = {}): Host {
  return {
    ...{ name, address: `${name}.test`, login: 'violet', sshPort: 22, maintenance: false },
    ...{ history: false, zone: 'default', subnet: null, suites: [], labels: {}, vars: {} },
    ...{
      hostCheck: null,
      eventHandlerPeriod: null,
      parents: [],
      policy: DEFAULT_HOST_POLICY,
      overrides: {},
    },
    ...fields,
  };
}

function pluginSpec(name: string, fields: Partial<Plugin> = {}): Plugin {
  return {
    ...{ name, run: { builtin: 'dummy' }, ssh: false, params: '0', intervalMs: 30_000 },
    ...{ timeoutMs: 10_000, policy: DEFAULT_POLICY, hostCheck: false, description: '' },
    ...DEFAULT_CONTROL,
    suites: [name],
    ...fields,
  };
}

function stateRow(id: number, state: number) {
  return {
    ...{ check_id: id, scheduled_at: 10, state, exit_code: 0, output: '', long_output: '' },
    ...{ perfdata: '[]', started_at: 10, finished_at: 10, worker: 'w' },
    ...{ last_state_change_at: 10, last_hard_state_change_at: 10, state_type: 1, attempt: 1 },
    ...{ max_check_attempts: 1, is_passive: 0 as const },
  };
}

function memoryRow(id: number, waitsUntil: number | null) {
  return {
    ...{ check_id: id, is_flapping: 0 as const, flap_percent: 0, is_acknowledged: 0 as const },
    ...{ is_in_downtime: 0 as const, is_measured: 1 as const, next_change_at: waitsUntil },
    ...{ is_silence_expected: 0 as const, stale_since: null },
    ...{ waits_until: waitsUntil, memory: '', revision: 1 },
  };
}
