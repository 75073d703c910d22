/** Facts that all services must agree on, and what one of them keeps for its successor. */

import type { Sql } from '../database.ts';
import { upsertRows } from './upsert.ts';

/** States a fact; resolves to what holds, which is what was stated first. */
export async function agreeOnSetting(sql: Sql, name: string, value: string): Promise<string> {
  await upsertRows(sql, 'setting', [{ name, value }], { key: ['name'], update: [] });
  const row = await sql.db
    .selectFrom('setting')
    .select('setting.value')
    .where('setting.name', '=', name)
    .executeTakeFirstOrThrow();
  return row.value;
}

/** What was kept under a name. */
export async function findSetting({ db }: Sql, name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('setting')
    .select('setting.value')
    .where('setting.name', '=', name)
    .executeTakeFirst();
  return row?.value;
}

/** Keeps a text under a name in place of what was there. */
export async function writeSetting(sql: Sql, name: string, value: string): Promise<void> {
  await upsertRows(sql, 'setting', [{ name, value }], { key: ['name'], update: ['value'] });
}
