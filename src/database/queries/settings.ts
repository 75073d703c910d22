/** Facts that all services must agree on, written by the first that states them. */

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
