/**
 * The database port: one schema and one set of queries on SQLite, PostgreSQL and MariaDB.
 *
 * What every adapter promises:
 * - What `transaction` has resolved is durable; what it rejected has not happened.
 * - A transaction that met a deadlock or a serialisation failure is tried again, a few times.
 * - Failures come as `UniqueViolation`, `ForeignKeyViolation` or `Unavailable`, whatever the driver
 *   calls them; anything else is a bug.
 * - Connections are bounded, and reopened after an outage by themselves.
 */

import type { Kysely, Transaction } from 'kysely';
import { Unavailable } from '../model/errors.ts';
import type { Tables } from './schema.ts';

/** A row with that key is already there. */
export class UniqueViolation extends Error {
  override name = 'UniqueViolation';
}

/** The row that a key refers to is not there (any more). */
export class ForeignKeyViolation extends Error {
  override name = 'ForeignKeyViolation';
}

/** Two transactions collided; the adapter tries again before anybody sees this. */
export class TransactionCollision extends Error {
  override name = 'TransactionCollision';
}

/** Where the databases differ: each has column types and a form of upsert of its own. */
export interface SqlTraits {
  readonly kind: 'sqlite' | 'postgres' | 'mariadb';
}

/** What a statement does, as far as times are told apart. */
export type StatementKind = 'select' | 'insert' | 'update' | 'delete' | 'transaction' | 'other';

/** Called when a statement or a transaction begins, and what it gives when that has ended. */
export type StatementWatch = () => (kind: StatementKind, failure: unknown) => void;

/** What a query function runs on: the pool, or one transaction. */
export interface Sql {
  readonly db: Kysely<Tables> | Transaction<Tables>;
  readonly traits: SqlTraits;
}

/** The port. Adapters: `sqlite.ts`, `postgres.ts`, `mariadb.ts`. */
export interface Database extends Sql {
  readonly db: Kysely<Tables>;
  /** The address without its password, for people. */
  readonly label: string;
  /** Runs `work` in one transaction. `work` may run more than once and must not act outside it. */
  transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
  /** Resolves when the database answers; rejects with `Unavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** How often a collided transaction is tried in all. */
const MAX_TRIES = 5;

/** The port over a Kysely instance whose driver translates errors; see `translate-errors.ts`. */
export function createDatabase(options: {
  db: Kysely<Tables>;
  traits: SqlTraits;
  label: string;
  ping: () => Promise<void>;
  watch?: StatementWatch | undefined;
}): Database {
  const { db, traits, watch } = options;
  return {
    db,
    traits,
    label: options.label,
    async transaction(work) {
      const finish = watch?.();
      for (let tries = 1; ; tries++) {
        try {
          const result = await db
            .transaction()
            .execute((transaction) => work({ db: transaction, traits }));
          finish?.('transaction', null);
          return result;
        } catch (error) {
          const hasCollided = error instanceof TransactionCollision;
          if (hasCollided && tries < MAX_TRIES) continue;
          const failure = hasCollided
            ? new Unavailable('database', 'Others hold what this would change, try again.', error)
            : error;
          finish?.('transaction', failure);
          throw failure;
        }
      }
    },
    ping: options.ping,
    close: () => db.destroy(),
  };
}
