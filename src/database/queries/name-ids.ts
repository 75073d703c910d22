/** Ids of what filters name. */

import type { Sql } from '../database.ts';

/** The id of an object by its name; one that nothing has when there is none of the name. */
export async function findIdOf(
  { db }: Sql,
  kind: 'plugin' | 'suite' | 'subnet',
  name: string,
): Promise<string> {
  const row = await db
    .selectFrom(kind)
    .select(`${kind}.id`)
    .where(`${kind}.name`, '=', name)
    .executeTakeFirst();
  return row?.id ?? '';
}
