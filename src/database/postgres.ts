/** PostgreSQL adapter. */

import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from 'kysely';
import pg from 'pg';
import { hidePassword } from '../lib/hide-password.ts';
import type { Log } from '../lib/log.ts';
import { createDatabase, type Database, type StatementWatch } from './database.ts';
import { PREPARED_MARK } from './prepared.ts';
import type { Tables } from './schema.ts';
import { withTranslatedErrors } from './translate-errors.ts';

/** The OID of `bigint`; ours are instants and counts, all below 2^53. */
const INT8 = 20;

/**
 * What is looked up is in memory or on flash, where PostgreSQL's defaults take reading a whole table for
 * quicker than a hundred looks into an index; and no statement here is worth compiling. Options of the
 * address take their place.
 */
const PLANNING = '-c random_page_cost=1.1 -c jit=off';

/** A process that stands still in a transaction must not keep its locks from the others for longer. */
const IDLE_TRANSACTION_MS = 10_000;

/** Opens a pool for `url`; connections are made when they are needed. */
export function openPostgres(
  url: string,
  options: { poolSize: number; log: Log; watch?: StatementWatch | undefined },
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 60_000,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
    keepAlive: true,
    application_name: 'ppalette',
    options: PLANNING,
    types: {
      getTypeParser: (oid, format) =>
        oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format),
    },
  });
  // An idle connection that breaks is replaced at the next use; without a listener it would throw.
  pool.on('error', (error) => options.log.debug({ error }, 'idle database connection lost'));
  // One in use tells its statement as well.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<Tables>({
    dialect: withTranslatedErrors(new PostgresDialect({ pool: withPrepared(pool) }), options.watch),
  });
  return createDatabase({
    db,
    watch: options.watch,
    traits: { kind: 'postgres' },
    label: hidePassword(url),
    ping: async () => {
      await sql`select 1`.execute(db);
    },
  });
}

/** The pool, whose connections keep the statements prepared that are marked so. */
function withPrepared(pool: pg.Pool): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    async connect() {
      const client = await pool.connect();
      const query = (text: string, values: unknown[]) =>
        text.endsWith(PREPARED_MARK)
          ? client.query({ name: nameOf(text), text, values })
          : client.query(text, values);
      const prepared = known.get(client) ?? {
        // The other form is of cursors, which only a pool with a class of these is asked for.
        query: query as never,
        release: () => client.release(),
      };
      known.set(client, prepared);
      return prepared;
    },
    end: () => pool.end(),
  };
}

/** By which the server knows a prepared statement; it takes 63 characters. */
function nameOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
