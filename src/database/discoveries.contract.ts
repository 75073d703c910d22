/** What discoveries must do on every database; a part of the contract in `database.contract.ts`. */

import { expect, test } from 'vitest';
import { addSubnet, changeSubnet, countSlices, deleteSubnet } from '../../test/subnets.ts';
import { type Database, UniqueViolation } from './database.ts';
import {
  deleteOldDiscoveries,
  endDiscovery,
  findDiscovery,
  insertDiscovery,
  listAutomaticSubnets,
  listDiscoveries,
  listRunning,
  listSlices,
} from './queries/discoveries.ts';
import {
  countSlice,
  finishDiscovery,
  listAnswered,
  lockForSlice,
} from './queries/discovery-progress.ts';

/** Adds the tests; `open` gives the database once they run. */
export function testDiscoveries(open: () => Database): void {
  const begin = async (name: string, at: number, fields = {}) => {
    const subnet = await addSubnet(open(), name, fields);
    const start = { subnet, sliceSize: 100, total: 254, requestedBy: 'me', at };
    return { subnet, start, id: await open().transaction((sql) => insertDiscovery(sql, start)) };
  };
  const fail = (id: string, at: number) =>
    open().transaction((sql) => endDiscovery(sql, id, { state: 'failed', problem: 'why', at }));

  test('one discovery of a subnet runs at a time', async () => {
    const { id, start } = await begin('single', 10);
    const again = () => open().transaction((sql) => insertDiscovery(sql, start));
    await expect(again()).rejects.toThrow(UniqueViolation);
    expect(await fail(id, 20)).toBe(true);
    expect(await fail(id, 30)).toBe(false);
    expect(await findDiscovery(open(), id)).toMatchObject({
      ...{ state: 'failed', problem: 'why', startedAt: 10, finishedAt: 20 },
    });
    await fail(await again(), 40);
  });

  test('a slice of a discovery counts once, whoever counts it, and all of them to the end', async () => {
    const { id } = await begin('counted', 10);
    const twice = await Promise.all([1, 2, 3].map(() => countSlices(open(), id, [0, 1])));
    expect(twice.reduce((sum, one) => sum + one)).toBe(2);
    expect((await listSlices(open(), id)).sort()).toEqual([0, 1]);
    await open().transaction(async (sql) => {
      const locked = await lockForSlice(sql, id, 2);
      if (!locked) throw new Error('it is not running');
      const names = { added: ['new'], known: ['old'], answered: ['192.0.2.1', '192.0.2.2'] };
      expect(await countSlice(sql, locked, { slice: 2, scanned: 54, ...names })).toBe(true);
      expect(await listAnswered(sql, id)).toEqual(new Set(names.answered));
      await finishDiscovery(sql, locked, { gone: ['away'], at: 99 });
    });
    expect(await findDiscovery(open(), id)).toMatchObject({
      ...{ state: 'done', scanned: 254, finishedAt: 99, addedCount: 1, knownCount: 1 },
      ...{ goneCount: 1, added: ['new'], known: ['old'], gone: ['away'] },
    });
    expect(await listSlices(open(), id)).toEqual([]);
    expect(await countSlices(open(), id, [0])).toBe(0);
  });

  test('running discoveries are listed until their subnet is gone', async () => {
    const { id, subnet } = await begin('listed', 10);
    const running = async () => (await listRunning(open(), 100)).find((one) => one.id === id);
    expect(await running()).toMatchObject({ subnet: 'listed', isWanted: true, sliceSize: 100 });
    const page = { limit: 10, sort: [], cursor: null };
    const filters = { subnet: 'listed', state: 'running,done' };
    expect(await listDiscoveries(open(), page, filters)).toMatchObject({ total: 1 });
    await deleteSubnet(open(), subnet);
    expect(await running()).toBeUndefined();
    expect(await findDiscovery(open(), id)).toBeUndefined();
  });

  test('subnets that are searched by themselves are listed while they are not', async () => {
    const { id, subnet } = await begin('automatic', 10, { autoDiscovery: true });
    const automatic = async () =>
      (await listAutomaticSubnets(open())).find((one) => one.id === subnet.id);
    expect(await automatic()).toBeUndefined();
    await fail(id, 20);
    expect(await automatic()).toEqual({ id: subnet.id, intervalMs: 600_000, lastStartedAt: 10 });
    const never = await addSubnet(open(), 'never', { autoDiscovery: true });
    expect(await listAutomaticSubnets(open())).toContainEqual({
      ...{ id: never.id, intervalMs: 600_000, lastStartedAt: null },
    });
    await changeSubnet(open(), subnet, { autoDiscovery: false });
    expect(await automatic()).toBeUndefined();
  });

  test('old discoveries are forgotten, but not the last one of a subnet', async () => {
    const { id: old, start } = await begin('old', 10);
    await fail(old, 20);
    const last = await open().transaction((sql) => insertDiscovery(sql, { ...start, at: 30 }));
    await fail(last, 40);
    expect(await deleteOldDiscoveries(open(), 20, 100)).toBe(0);
    expect(await deleteOldDiscoveries(open(), 1_000, 100)).toBeGreaterThanOrEqual(1);
    expect(await findDiscovery(open(), old)).toBeUndefined();
    expect(await findDiscovery(open(), last)).toBeDefined();
  });
}
