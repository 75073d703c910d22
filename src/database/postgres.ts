/** PostgreSQL adapter. */

import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { hidePassword } from '../lib/hide-password.ts';
import type { Log } from '../lib/log.ts';
import { createDatabase, type Database, type StatementWatch } from './database.ts';
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
    dialect: withTranslatedErrors(new PostgresDialect({ pool }), options.watch),
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
