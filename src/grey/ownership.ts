/**
 * Ownership of a shard. The broker gives a shard's results to one grey at a time, but a grey that stood
 * still learns late that it is no longer the one. So an owner takes a fence from the database before
 * its first batch, and every transaction makes sure that it is still the newest.
 */

import type { Database, Sql } from '../database/database.ts';
import { holdShard, takeShard } from '../database/queries/shard-owners.ts';
import type { Clock } from '../lib/clock.ts';
import { Unavailable } from '../model/errors.ts';

/**
 * After this long without its deliveries starting anew, an owner that was refused is the right one
 * after all: a lost connection would have been noticed. Longer than two heartbeats of the broker.
 */
const RETAKE_MS = 30_000;

/** Another grey took the shard. */
export class ShardLost extends Unavailable {
  constructor(shard: number) {
    super('shard', `Shard ${shard} was taken over by another grey.`);
  }
}

/** What an ownership works with. */
export interface OwnershipOptions {
  readonly database: Database;
  readonly shard: number;
  /** For people. */
  readonly owner: string;
  readonly clock: Clock;
  /** Called for each transaction that was refused. */
  readonly onRefused: () => void;
}

/** One grey's claim on one shard. */
export class Ownership {
  readonly #options: OwnershipOptions;
  #fence: number | null = null;
  #refusedAt: number | null = null;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Deliveries start anew: the broker says that this grey is the one, if it delivers anything. */
  reset(): void {
    this.#fence = null;
    this.#refusedAt = null;
  }

  /** Takes the shard, if that is not done. Resolves to whether it was taken just now. */
  async ensure(): Promise<boolean> {
    const { database, shard, owner, clock } = this.#options;
    if (this.#refusedAt !== null) {
      if (clock.monotonic() - this.#refusedAt < RETAKE_MS) throw new ShardLost(shard);
      this.reset();
    }
    if (this.#fence !== null) return false;
    this.#fence = await takeShard(database, shard, owner);
    return true;
  }

  /** Makes sure of it until the end of the transaction. Throws `ShardLost`. */
  async hold(sql: Sql): Promise<void> {
    const { shard, clock, onRefused } = this.#options;
    if (this.#fence !== null && (await holdShard(sql, shard, this.#fence))) return;
    this.#refusedAt = clock.monotonic();
    onRefused();
    throw new ShardLost(shard);
  }
}
