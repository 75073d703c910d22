/** MariaDB and MySQL adapter. */

import { Kysely, MysqlDialect, sql } from 'kysely';
import { createPool } from 'mysql2';
import { hidePassword } from '../lib/hide-password.ts';
import { createDatabase, type Database, type StatementWatch } from './database.ts';
import type { Tables } from './schema.ts';
import { withTranslatedErrors } from './translate-errors.ts';

/** Opens a pool for `url`; connections are made when they are needed. */
export function openMariadb(
  url: string,
  options: { poolSize: number; watch?: StatementWatch | undefined },
): Database {
  const pool = createPool({
    uri: url,
    connectionLimit: options.poolSize,
    connectTimeout: 5_000,
    idleTimeout: 60_000,
    enableKeepAlive: true,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
  });
  const db = new Kysely<Tables>({
    dialect: withTranslatedErrors(
      new MysqlDialect({
        pool,
        onCreateConnection: async (connection) => {
          // Read committed: locks on the rows touched only, as on PostgreSQL. Strict: a value that
          // does not fit is an error, not a cut.
          for (const statement of [
            'set session transaction isolation level read committed',
            "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
            // The members of a suite are one text, which would be cut at 1 MB.
            'set session group_concat_max_len = 268435456',
            // A process that stands still must not keep its locks; MySQL has no such limit.
            'set session innodb_lock_wait_timeout = 10 /*M!, idle_transaction_timeout = 10 */',
          ]) {
            await connection.executeQuery(sql.raw(statement).compile(db));
          }
        },
      }),
      options.watch,
    ),
  });
  return createDatabase({
    db,
    watch: options.watch,
    traits: { kind: 'mariadb' },
    label: hidePassword(url),
    ping: async () => {
      await sql`select 1`.execute(db);
    },
  });
}
