/** `ppalette db` on every kind of database, as the person who installs or upgrades runs it. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../servers/needs.ts';
import { startPpalette } from '../servers/program.ts';
import { type TempFolder, tempFolder } from '../servers/temp.ts';
import { createTestDatabase } from '../servers/test-database.ts';

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function db(command: string, url: string) {
  const env = { PPALETTE_DATABASE__URL: url, PPALETTE_DATA: folder.path };
  const program = await startPpalette(['db', command], { cwd: folder.path, env });
  const { code } = await program.exited;
  return { code, output: program.output() };
}

async function installThenUpgrade(url: string) {
  const missing = await db('status', url);
  expect(missing).toMatchObject({ code: 1, output: expect.stringContaining('0001-first-schema') });
  expect(missing.output).toContain('run "ppalette db migrate"');
  const applied = await db('migrate', url);
  expect(applied.code).toBe(0);
  expect(applied.output).toMatch(/^(applied \d{4}-[a-z-]+\n)+$/);
  const status = await db('status', url);
  expect(status.code).toBe(0);
  expect(status.output).toMatch(/^0001-first-schema {2}applied \d{4}-\d\d-\d\dT/);
  expect(await db('migrate', url)).toMatchObject({
    code: 0,
    output: expect.stringContaining('is up to date'),
  });
}

describe('ppalette db', () => {
  test('SQLite: the file is made, migrated and told about', async () => {
    await installThenUpgrade(`sqlite:${join(folder.path, 'db-test.db')}`);
  });

  test.skipIf(needs('postgres'))(
    'PostgreSQL: the schema is made, migrated and told about',
    async () => {
      await using database = await createTestDatabase('postgres');
      await installThenUpgrade(database.url);
    },
  );

  test.skipIf(needs('mariadb'))(
    'MariaDB: the schema is made, migrated and told about',
    async () => {
      await using database = await createTestDatabase('mariadb');
      await installThenUpgrade(database.url);
    },
  );

  test('a server that is away is said at once, in a line without the password', async () => {
    const { code, output } = await db('migrate', 'postgres://u:secret-word@127.0.0.1:1/x');
    expect(code).toBe(1);
    expect(output).toMatch(/^ppalette: The database is not available: .*ECONNREFUSED/);
    expect(output).not.toContain('secret-word');
    expect(output.trim().split('\n')).toHaveLength(1);
  });
});
