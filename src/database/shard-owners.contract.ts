/** What every database must do about owners of shards. */

import { expect, test } from 'vitest';
import type { Database } from './database.ts';
import { holdShard, takeShard } from './queries/shard-owners.ts';

/** Adds the tests. `openOther` opens the same database once more. */
export function testShardOwners(
  getDatabase: () => Database,
  openOther: () => Promise<Database>,
): void {
  test('a fence goes up with each owner, and only the newest holds', async () => {
    const database = getDatabase();
    const first = await takeShard(database, 7, 'a');
    const second = await takeShard(database, 7, 'b');
    expect(second).toBe(first + 1);
    expect(await holdShard(database, 7, first)).toBe(false);
    expect(await holdShard(database, 7, second)).toBe(true);
    expect(await holdShard(database, 8, second)).toBe(false);
  });

  test('who takes a shard waits for what its owner is writing', async () => {
    const database = getDatabase();
    const other = await openOther();
    const order: string[] = [];
    try {
      const fence = await takeShard(database, 9, 'a');
      let taken: Promise<unknown> = Promise.resolve();
      await database.transaction(async (sql) => {
        expect(await holdShard(sql, 9, fence)).toBe(true);
        // SQLite has one writer and waits without giving way, so there it begins afterwards.
        if (sql.traits.kind !== 'sqlite') {
          taken = takeShard(other, 9, 'b').then(() => order.push('taken'));
          // Other statements of the same server are answered meanwhile.
          for (let count = 0; count < 20; count++) await other.ping();
        }
        order.push('written');
      });
      await taken;
      if (database.traits.kind === 'sqlite') {
        await takeShard(other, 9, 'b').then(() => order.push('taken'));
      }
      expect(order).toEqual(['written', 'taken']);
      expect(await holdShard(database, 9, fence)).toBe(false);
    } finally {
      await other.close();
    }
  });
}
