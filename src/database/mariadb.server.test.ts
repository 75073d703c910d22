import { describe, expect, test } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { createTestDatabase } from '../../test/servers/test-database.ts';
import { Unavailable } from '../model/errors.ts';
import { describeDatabase } from './database.contract.ts';
import { openMariadb } from './mariadb.ts';

describe.skipIf(needs('mariadb'))('MariaDB', () => {
  describeDatabase('MariaDB', async () => {
    const created = await createTestDatabase('mariadb');
    return {
      open: async () => openMariadb(created.url, { poolSize: 5 }),
      [Symbol.asyncDispose]: () => created[Symbol.asyncDispose](),
    };
  });
});

test('a server that is away is Unavailable, and its password is not told', async () => {
  const database = openMariadb('mysql://u:secret-word@127.0.0.1:1/none', { poolSize: 1 });
  const failure = await database.ping().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Unavailable);
  expect(`${failure} ${database.label}`).not.toContain('secret-word');
  await database.close();
});
