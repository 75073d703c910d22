import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
