/** What every database must do about transactions that cannot both go on. */

import { expect, test } from 'vitest';
import { Unavailable } from '../model/errors.ts';
import { type Database, TransactionCollision } from './database.ts';
import { findSetting, writeSetting } from './queries/settings.ts';

/** Adds the tests. */
export function testCollisions(getDatabase: () => Database): void {
  test('a transaction that keeps colliding is given up after a few times, as unavailable', async () => {
    let tries = 0;
    const attempt = getDatabase().transaction(async (sql) => {
      tries++;
      await writeSetting(sql, 'collided', String(tries));
      throw new TransactionCollision('once more');
    });
    await expect(attempt).rejects.toThrow(Unavailable);
    expect(tries).toBe(5);
    expect(await findSetting(getDatabase(), 'collided')).toBeUndefined();
  });

  test('of two transactions that wait for each other one begins anew, and both succeed', async () => {
    const database = getDatabase();
    // It has one writer at a time, so nothing waits for each other.
    const isSqlite = database.traits.kind === 'sqlite';
    const both = ['first', 'second'];
    for (const name of both) await writeSetting(database, name, 'none');
    let began = 0;
    let tellBoth: () => void = () => undefined;
    const haveBegun = new Promise<void>((resolve) => {
      tellBoth = resolve;
    });
    const writeIn = (names: readonly string[], value: string) =>
      database.transaction(async (sql) => {
        for (const name of names) {
          await writeSetting(sql, name, value);
          began++;
          if (began === 2 || isSqlite) tellBoth();
          await haveBegun;
        }
      });
    await Promise.all([writeIn(both, 'a'), writeIn(both.toReversed(), 'b')]);
    const values = await Promise.all(both.map((name) => findSetting(database, name)));
    expect(new Set(values).size).toBe(1);
    expect(began).toBeGreaterThanOrEqual(isSqlite ? 4 : 5);
  });
}
