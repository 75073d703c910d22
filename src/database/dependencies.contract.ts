/** What dependencies must do on every database; a part of the contract in `database.contract.ts`. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { addCheck, deleteHost } from '../../test/site.ts';
import { InvalidInput } from '../model/errors.ts';
import type { Dependency } from '../model/objects.ts';
import { type Database, ForeignKeyViolation } from './database.ts';
import { writeBatch } from './queries/check-states.ts';
import { changeConfiguration } from './queries/configuration.ts';
import { dependencyQueries, listNamesById, readAllDependencies } from './queries/dependencies.ts';
import { listDependents } from './queries/dependents.ts';
import { listGroundedChecks, listHostsByObject } from './queries/grounded-checks.ts';
import { readMasterSights } from './queries/master-states.ts';
import { pluginQueries } from './queries/plugins.ts';
import { listTimeperiodUsers, timeperiodQueries } from './queries/timeperiods.ts';

const ORIGIN = { at: 5, actor: 'test' };

/** Adds the tests; `open` gives the database once they run. */
export function testDependencies(open: () => Database): void {
  const add = async (name: string, fields: Partial<Dependency>) => {
    const id = randomUUID();
    await changeConfiguration(open(), ORIGIN, (change) =>
      dependencyQueries.insert(change, id, { ...EMPTY, name, ...fields }),
    );
    return id;
  };
  const find = async (name: string) => (await dependencyQueries.find(open(), name))?.spec;
  const pluginIdOf = async (name: string) => (await pluginQueries.find(open(), name))?.id ?? '';

  test('a dependency comes back as it was written, in lists and by ids too', async () => {
    const dependent = await addCheck(open(), 'dep-web');
    const master = await addCheck(open(), 'dep-db');
    const periodId = randomUUID();
    const period = {
      ...{ name: 'dep-work', timeZone: 'UTC', weekdays: {}, exceptions: {}, exclude: [] },
      description: '',
    };
    await changeConfiguration(open(), ORIGIN, (change) =>
      timeperiodQueries.insert(change, periodId, period),
    );
    const spec: Dependency = {
      ...{ name: 'dep-written', host: 'dep-web', plugin: 'dep-web' },
      ...{ masterHost: 'dep-db', masterPlugin: 'dep-db', kinds: ['execution'] },
      ...{ failsOn: ['critical', 'pending'], period: 'dep-work', inheritsParent: true },
      description: 'Zeit \u{1F550}',
    };
    const id = await add('dep-written', spec);
    expect(await dependencyQueries.find(open(), id)).toMatchObject({ id, createdAt: 5, spec });
    const page = { limit: 10, sort: [], cursor: null };
    const { items } = await dependencyQueries.list(open(), page, { q: 'ep-writt' });
    expect(items.map((one) => one.spec)).toEqual([spec]);
    expect(await readAllDependencies(open())).toContainEqual({
      ...{ hostId: dependent.hostId, pluginId: await pluginIdOf('dep-web') },
      ...{ masterHostId: master.hostId, masterPluginId: await pluginIdOf('dep-db') },
      ...{ kinds: ['execution'], failsOn: ['critical', 'pending'], inheritsParent: true },
      periodId,
    });
    expect(await listTimeperiodUsers(open(), periodId, 5)).toEqual([
      { kind: 'dependency', names: ['dep-written'] },
    ]);
    const removal = changeConfiguration(open(), ORIGIN, (change) =>
      timeperiodQueries.delete(change, periodId),
    );
    await expect(removal).rejects.toThrow(ForeignKeyViolation);
    const names = await listNamesById(open(), 'host', [master.hostId]);
    expect([...names]).toEqual([[master.hostId, 'dep-db']]);
  });

  test('names that are not there are all told, with near ones', async () => {
    await addCheck(open(), 'dep-router');
    const refusal = await add('dep-wrong', {
      ...{ plugin: 'dep-ruoter', masterHost: 'dep-routr', masterPlugin: 'x', period: 'never' },
    }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(InvalidInput);
    expect((refusal as InvalidInput).errors.map(({ path, message }) => [path, message])).toEqual([
      ['/plugin', 'there is no plugin "dep-ruoter"; did you mean "dep-router"?'],
      ['/masterHost', 'there is no host "dep-routr"; did you mean "dep-router"?'],
      ['/masterPlugin', 'there is no plugin "x"'],
      ['/period', 'there is no timeperiod "never"'],
    ]);
    expect(await find('dep-wrong')).toBeUndefined();
  });

  test('one goes with the host or plugin that it names, whichever it names', async () => {
    const { hostId } = await addCheck(open(), 'dep-going');
    await addCheck(open(), 'dep-staying');
    const onMaster = { plugin: 'dep-staying', masterPlugin: 'dep-going' };
    await add('dep-by-plugin', onMaster);
    await add('dep-by-host', { host: 'dep-staying', masterHost: 'dep-going' });
    await deleteHost(open(), hostId);
    expect(await find('dep-by-host')).toBeUndefined();
    expect(await find('dep-by-plugin')).toMatchObject(onMaster);
    const pluginId = await pluginIdOf('dep-going');
    const { removedDependencies } = await changeConfiguration(open(), ORIGIN, (change) =>
      pluginQueries.delete(change, pluginId),
    );
    expect(removedDependencies).toEqual(['dep-by-plugin']);
  });

  test('what depends is found by the check that would be run, with the object that has the state', async () => {
    const plugin = { hostCheck: true };
    const { checkId, hostId } = await addCheck(open(), 'dep-held', { plugin });
    const pluginId = await pluginIdOf('dep-held');
    const dependents = await listDependents(open(), [
      { hostId: null, pluginId },
      { hostId, pluginId: null },
    ]);
    const objectId = [...(await listHostsByObject(open()))].find(([, id]) => id === hostId)?.[0];
    expect(objectId).not.toBe(checkId);
    expect(dependents).toEqual([
      { checkId, objectId: checkId, hostId, pluginId },
      { checkId, objectId, hostId, pluginId: null },
    ]);
  });

  test('checks of hosts that are not up are found, but for host checks', async () => {
    const { hostId, checkId } = await addCheck(open(), 'dep-down');
    const well = await addCheck(open(), 'dep-well');
    const judged = await addCheck(open(), 'dep-judged', { plugin: { hostCheck: true } });
    const objects = [...(await listHostsByObject(open()))];
    const stateOf = (host: string, state: number) => {
      const check_id = objects.find(([, id]) => id === host)?.[0] ?? 0;
      return { ...SOFT_RUN, check_id, state };
    };
    const states = [stateOf(hostId, 11), stateOf(well.hostId, 10), stateOf(judged.hostId, 12)];
    await open().transaction((sql) => writeBatch(sql, { states }));
    const pluginId = await pluginIdOf('dep-down');
    const all = await listGroundedChecks(open(), null);
    expect(all).toContainEqual({ checkId, hostId, pluginId });
    const others = [well.checkId, judged.checkId];
    expect(all.filter((one) => others.includes(one.checkId))).toEqual([]);
    expect(await listGroundedChecks(open(), [hostId])).toEqual([{ checkId, hostId, pluginId }]);
    expect(await listGroundedChecks(open(), [well.hostId, judged.hostId])).toEqual([]);
  });

  test('masters are seen with their last hard states, pending ones and hosts as well', async () => {
    const soft = await addCheck(open(), 'dep-soft');
    const pending = await addCheck(open(), 'dep-pending', { plugin: { hostCheck: true } });
    const pluginId = await pluginIdOf('dep-soft');
    const state = { ...SOFT_RUN, check_id: soft.checkId, state: 2 };
    const memory = {
      ...{ check_id: soft.checkId, is_flapping: 0 as const, flap_percent: 0 },
      ...{ is_acknowledged: 0 as const, is_in_downtime: 0 as const, is_measured: 1 as const },
      ...{ is_silence_expected: 0 as const, stale_since: null, next_change_at: null },
      ...{ memory: JSON.stringify({ lastHardState: 'warning' }), revision: 1 },
    };
    await open().transaction((sql) => writeBatch(sql, { states: [state], memories: [memory] }));
    const sights = await readMasterSights(open(), [
      { hostId: soft.hostId, pluginId },
      { hostId: soft.hostId, pluginId: null },
      { hostId: pending.hostId, pluginId },
      { hostId: pending.hostId, pluginId: null },
    ]);
    expect(sights).toHaveLength(3);
    expect(sights).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...{ objectId: soft.checkId, checkId: soft.checkId, name: 'dep-soft/dep-soft' },
          ...{ state: 'critical', stateType: 'soft', lastHardState: 'warning', isPending: false },
        }),
        expect.objectContaining({ name: 'dep-soft', checkId: null, state: 'up', isPending: false }),
        expect.objectContaining({
          ...{ name: 'dep-pending', checkId: pending.checkId, isPending: true },
        }),
      ]),
    );
  });
}

const SOFT_RUN = {
  ...{ state_type: 0, attempt: 1, max_check_attempts: 3 },
  ...{ exit_code: 2, output: '', long_output: '', perfdata: '[]', worker: 'w' },
  ...{ scheduled_at: 10, started_at: 10, finished_at: 10, is_passive: 0 as const },
  ...{ last_state_change_at: 10, last_hard_state_change_at: 10 },
};

const EMPTY: Dependency = {
  ...{ name: '', host: null, plugin: null, masterHost: null, masterPlugin: null },
  ...{ kinds: ['notification'], failsOn: ['critical'], period: null, inheritsParent: false },
  description: '',
};
