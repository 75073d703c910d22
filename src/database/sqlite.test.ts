import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createMemoryDatabase } from '../../test/site.ts';
import { describeDatabase } from './database.contract.ts';
import { openSqlite } from './sqlite.ts';

describeDatabase('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ppalette-sqlite-'));
  return {
    open: () => openSqlite(join(folder, 'test.db')),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
});

test('a file that cannot be opened is named with the remedy', async () => {
  await expect(openSqlite('/nonexistent/folder/x.db')).rejects.toThrow(
    /Cannot open the SQLite file \/nonexistent\/folder\/x\.db.*folder exists and is writable/,
  );
});

test.each([
  ['null', null],
  ['bytes', Buffer.from([0, 255])],
  ['text', 'one'],
])('a statement with one value takes %s', async (_, value) => {
  const database = await createMemoryDatabase();
  try {
    await sql`create table kept (value)`.execute(database.db);
    await sql`insert into kept (value) values (${value})`.execute(database.db);
    const { rows } = await sql`select value from kept where value is ${value}`.execute(database.db);
    expect(rows).toHaveLength(1);
  } finally {
    await database.close();
  }
});
