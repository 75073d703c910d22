/** What every database must do about tokens. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Database } from './database.ts';
import {
  deleteToken,
  deleteTokenByName,
  findTokenByHash,
  holdAdministrators,
  insertToken,
} from './queries/tokens.ts';

/** Adds the tests. `openOther` opens the same database once more. */
export function testTokens(getDatabase: () => Database, openOther: () => Promise<Database>): void {
  const token = { role: 'admin', expiresAt: null, createdAt: 1 } as const;

  test('a token is found by its hash and replaced by name', async () => {
    const database = getDatabase();
    await insertToken(database, { ...token, name: 't', id: randomUUID(), hash: 'aa' });
    await deleteTokenByName(database, 't');
    await insertToken(database, { ...token, name: 't', id: randomUUID(), hash: 'bb' });
    expect(await findTokenByHash(database, 'aa')).toBeUndefined();
    expect(await findTokenByHash(database, 'bb')).toMatchObject({ name: 't', role: 'admin' });
    await deleteTokenByName(database, 't');
  });

  test('of two who delete the tokens of each other, one finds itself the last', async () => {
    const database = getDatabase();
    const isSqlite = database.traits.kind === 'sqlite';
    // A second writer of SQLite waits without giving way to the first.
    const other = isSqlite ? database : await openOther();
    const deleteUnlessLast = (sqlOf: Database, id: string) =>
      sqlOf.transaction(async (sql) => {
        const administrators = await holdAdministrators(sql, 2);
        if (administrators.every((one) => one === id)) return false;
        await deleteToken(sql, id);
        return true;
      });
    try {
      for (let round = 0; round < 5; round++) {
        const ids = [randomUUID(), randomUUID()];
        for (const id of ids) await insertToken(database, { ...token, name: id, id, hash: id });
        const [one = '', two = ''] = ids;
        const deleted = await Promise.all([
          deleteUnlessLast(database, one),
          deleteUnlessLast(other, two),
        ]);
        expect(deleted.filter(Boolean)).toHaveLength(1);
        for (const id of ids) await deleteToken(database, id);
      }
    } finally {
      if (!isSqlite) await other.close();
    }
  });

  test('a token that has expired is none of an administrator', async () => {
    const database = getDatabase();
    const id = randomUUID();
    await insertToken(database, { ...token, expiresAt: 10, name: id, id, hash: id });
    expect(await holdAdministrators(database, 9)).toEqual([id]);
    expect(await holdAdministrators(database, 10)).toEqual([]);
    await deleteToken(database, id);
  });
}
