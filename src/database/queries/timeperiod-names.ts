/** The time periods of other objects: by name outside and by id inside. */

import { InvalidInput } from '../../model/errors.ts';
import type { Sql } from '../database.ts';
import type { PluginTable } from '../schema.ts';
import { chunksOf } from './upsert.ts';

/** The id of a named period; null for null. Throws `InvalidInput` when there is none. */
export async function resolvePeriod(
  { db }: Sql,
  name: string | null,
  path: string,
): Promise<string | null> {
  if (name === null) return null;
  const row = await db
    .selectFrom('timeperiod')
    .select('timeperiod.id')
    .where('timeperiod.name', '=', name)
    .executeTakeFirst();
  if (row) return row.id;
  throw new InvalidInput([{ path, message: `there is no timeperiod "${name}"` }]);
}

/** Names by id of the periods of plugins' rows. */
export async function listPeriodNames(
  { db }: Sql,
  rows: readonly Pick<PluginTable, 'check_period_id' | 'event_handler_period_id'>[],
): Promise<Map<string, string>> {
  const ids = new Set(
    rows.flatMap((row) => [row.check_period_id ?? [], row.event_handler_period_id ?? []].flat()),
  );
  const names = new Map<string, string>();
  for (const chunk of chunksOf([...ids], 5_000)) {
    const found = await db
      .selectFrom('timeperiod')
      .select(['timeperiod.id', 'timeperiod.name'])
      .where('timeperiod.id', 'in', chunk)
      .execute();
    for (const { id, name } of found) names.set(id, name);
  }
  return names;
}
