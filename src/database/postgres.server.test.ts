import { describe, expect, test } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { createTestDatabase } from '../../test/servers/test-database.ts';
import { hidePassword } from '../lib/hide-password.ts';
import { silentLog } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';
import { describeDatabase } from './database.contract.ts';
import { openPostgres } from './postgres.ts';

describe.skipIf(needs('postgres'))('PostgreSQL', () => {
  describeDatabase('PostgreSQL', async () => {
    const created = await createTestDatabase('postgres');
    return {
      open: async () => openPostgres(created.url, { poolSize: 5, log: silentLog() }),
      [Symbol.asyncDispose]: () => created[Symbol.asyncDispose](),
    };
  });
});

test('a server that is away is Unavailable, and its password is not told', async () => {
  const url = 'postgres://u:secret-word@127.0.0.1:1/none';
  const database = openPostgres(url, { poolSize: 1, log: silentLog() });
  const failure = await database.ping().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Unavailable);
  expect(`${failure} ${database.label}`).not.toContain('secret-word');
  expect(hidePassword(url)).toBe('postgres://u:***@127.0.0.1:1/none');
  await database.close();
});
