import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSimulatedClock, type SimulatedClock } from '../../test/simulated-clock.ts';
import { createMemoryDatabase } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { Ownership, ShardLost } from './ownership.ts';

let database: Database;
let clock: SimulatedClock;
let refusedCount: number;
beforeEach(async () => {
  database = await createMemoryDatabase();
  clock = createSimulatedClock();
  refusedCount = 0;
});
afterEach(() => database.close());

function ownershipOf(owner: string, shard = 0): Ownership {
  const onRefused = () => refusedCount++;
  return new Ownership({ database, shard, owner, clock, onRefused });
}

const write = (ownership: Ownership) => database.transaction((sql) => ownership.hold(sql));

describe('ownership of a shard', () => {
  test('is taken once, and holds for one transaction after the other', async () => {
    const ownership = ownershipOf('a');
    expect(await ownership.ensure()).toBe(true);
    expect(await ownership.ensure()).toBe(false);
    await write(ownership);
    await write(ownership);
    expect(refusedCount).toBe(0);
  });

  test('a former owner writes nothing, and takes nothing back of itself', async () => {
    const [former, next] = [ownershipOf('a'), ownershipOf('b')];
    await former.ensure();
    await next.ensure();
    await expect(write(former)).rejects.toThrow(ShardLost);
    await expect(former.ensure()).rejects.toThrow(ShardLost);
    await write(next);
    expect(refusedCount).toBe(1);
  });

  test('an owner that never asked may not write', async () => {
    await expect(write(ownershipOf('a'))).rejects.toThrow(ShardLost);
  });

  test('one shard is no matter of another', async () => {
    const [first, second] = [ownershipOf('a', 0), ownershipOf('b', 1)];
    await first.ensure();
    await second.ensure();
    await write(first);
  });

  test('deliveries that start anew make a former owner the right one', async () => {
    const [former, next] = [ownershipOf('a'), ownershipOf('b')];
    await former.ensure();
    await next.ensure();
    await expect(write(former)).rejects.toThrow(ShardLost);
    former.reset();
    expect(await former.ensure()).toBe(true);
    await write(former);
    await expect(write(next)).rejects.toThrow(ShardLost);
  });

  test('one that goes on being given results takes the shard back in the end', async () => {
    const [former, next] = [ownershipOf('a'), ownershipOf('b')];
    await former.ensure();
    await next.ensure();
    await expect(write(former)).rejects.toThrow(ShardLost);
    await clock.advance(29_000);
    await expect(former.ensure()).rejects.toThrow(ShardLost);
    await clock.advance(2_000);
    expect(await former.ensure()).toBe(true);
    await write(former);
  });
});
