/** Who owns a shard's results: a fence that goes up with each owner, and is held while one writes. */

import type { Database, Sql } from '../database.ts';
import { upsertRows } from './upsert.ts';

/**
 * Makes `owner` the one who writes; resolves to its fence. Waits for a transaction of the former owner
 * that holds the shard, so that what it wrote can be read afterwards.
 */
export async function takeShard(database: Database, shard: number, owner: string): Promise<number> {
  return await database.transaction(async (sql) => {
    const { db } = sql;
    await upsertRows(sql, 'shard_owner', [{ shard, fence: 0, owner }], {
      key: ['shard'],
      update: [],
    });
    await db
      .updateTable('shard_owner')
      .set((row) => ({ fence: row('shard_owner.fence', '+', 1), owner }))
      .where('shard_owner.shard', '=', shard)
      .execute();
    return (await readFence(sql, shard)) ?? 0;
  });
}

/**
 * Whether `fence` is that of the owner. Inside a transaction it stays so until its end: who would take
 * the shard waits for it.
 */
export async function holdShard(sql: Sql, shard: number, fence: number): Promise<boolean> {
  return (await readFence(sql, shard)) === fence;
}

async function readFence({ db, traits }: Sql, shard: number): Promise<number | undefined> {
  const query = db
    .selectFrom('shard_owner')
    .select('shard_owner.fence')
    .where('shard_owner.shard', '=', shard);
  // There, a transaction keeps all others from writing.
  const held = traits.kind === 'sqlite' ? query : query.forUpdate();
  return (await held.executeTakeFirst())?.fence;
}
