/** What time periods must do on every database; a part of the contract in `database.contract.ts`. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Timeperiod } from '../model/objects.ts';
import { type Database, ForeignKeyViolation } from './database.ts';
import { changeConfiguration, getConfigVersion, listChanges } from './queries/configuration.ts';
import {
  listTimeperiodUsers,
  readAllTimeperiods,
  timeperiodQueries,
} from './queries/timeperiods.ts';

const ORIGIN = { at: 5, actor: 'test' };

/** Adds the tests; `open` gives the database once they run. */
export function testTimeperiods(open: () => Database): void {
  const add = async (name: string, fields: Partial<Timeperiod> = {}) => {
    const id = randomUUID();
    const spec = { ...EMPTY, name, ...fields };
    await changeConfiguration(open(), ORIGIN, (change) =>
      timeperiodQueries.insert(change, id, spec),
    );
    return id;
  };

  test('a time period comes back as it was written, exceptions in their order', async () => {
    const exceptions = { 'december 24': '00:00-12:00', '2026-01-02': '00:00-00:00' };
    const spec = {
      ...{ ...EMPTY, name: 'written', timeZone: 'Europe/Helsinki', exceptions },
      ...{ weekdays: { friday: '09:00-12:00' }, description: 'Zeit \u{1F550}' },
    };
    const id = await add('written', spec);
    const found = await timeperiodQueries.find(open(), 'written');
    expect(found).toMatchObject({ id, createdAt: 5, spec });
    expect(Object.keys(found?.spec.exceptions ?? {})).toEqual(Object.keys(exceptions));
    const page = { limit: 10, sort: [], cursor: null };
    const { items } = await timeperiodQueries.list(open(), page, { q: 'ritte' });
    expect(items.map((one) => one.spec)).toEqual([spec]);
  });

  test('excluded ones are kept by id, follow a new name, and cannot go', async () => {
    const holidays = await add('holidays');
    const work = await add('work', { exclude: ['holidays'] });
    const before = await getConfigVersion(open());
    await changeConfiguration(open(), ORIGIN, (change) =>
      timeperiodQueries.update(change, holidays, { ...EMPTY, name: 'feasts' }),
    );
    expect((await timeperiodQueries.find(open(), work))?.spec.exclude).toEqual(['feasts']);
    const all = await readAllTimeperiods(open());
    expect(all.find(({ id }) => id === work)?.exclude).toEqual([holidays]);
    expect(await listTimeperiodUsers(open(), holidays, 5)).toEqual([
      { kind: 'timeperiod', names: ['work'] },
    ]);
    expect(await listTimeperiodUsers(open(), work, 5)).toEqual([]);
    const remove = (id: string) =>
      changeConfiguration(open(), ORIGIN, (change) => timeperiodQueries.delete(change, id));
    await expect(remove(holidays)).rejects.toThrow(ForeignKeyViolation);
    await remove(work);
    await remove(holidays);
    expect(await listChanges(open(), before, await getConfigVersion(open()))).toMatchObject({
      timeperiodIds: expect.arrayContaining([holidays, work]),
    });
  });
}

const EMPTY: Timeperiod = {
  ...{ name: '', timeZone: 'UTC', weekdays: {}, exceptions: {}, exclude: [], description: '' },
};
