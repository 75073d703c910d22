/** Turns the drivers' own errors into the database port's, in one place for every statement. */

import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import { Unavailable } from '../model/errors.ts';
import {
  ForeignKeyViolation,
  type StatementKind,
  type StatementWatch,
  TransactionCollision,
  UniqueViolation,
} from './database.ts';

const UNIQUE = new Set([
  'SQLITE_CONSTRAINT_UNIQUE',
  'SQLITE_CONSTRAINT_PRIMARYKEY',
  '23505',
  'ER_DUP_ENTRY',
]);
const FOREIGN_KEY = new Set([
  'SQLITE_CONSTRAINT_FOREIGNKEY',
  '23503',
  'ER_NO_REFERENCED_ROW',
  'ER_NO_REFERENCED_ROW_2',
  'ER_ROW_IS_REFERENCED',
  'ER_ROW_IS_REFERENCED_2',
]);
const COLLISION = new Set([
  '40001',
  '40P01',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD',
]);
const AWAY = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'POOL_CLOSED',
  'ER_CON_COUNT_ERROR',
  // A statement took longer than we wait, or a transaction stood still for too long.
  '57014',
  '25P03',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_ACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_BAD_DB_ERROR',
  'SQLITE_BUSY',
  'SQLITE_CANTOPEN',
  'SQLITE_FULL',
  'SQLITE_READONLY',
]);

/** PostgreSQL classes: connection, authorization, no such database, out of resources, shut down. */
const AWAY_CLASS = /^(08|28|3D|53|57P0)/;

/** Drivers report some lost connections by text alone. */
const AWAY_TEXT =
  /connection terminated|not queryable|connection is closed|closed state|timeout exceeded when trying to connect|pool is closed/i;

/** What Node's own SQLite tells by numbers: extended codes, and the kinds that these are of. */
const NODE_SQLITE: Readonly<Record<number, string>> = {
  ...{ 787: 'SQLITE_CONSTRAINT_FOREIGNKEY', 1555: 'SQLITE_CONSTRAINT_PRIMARYKEY' },
  ...{ 2067: 'SQLITE_CONSTRAINT_UNIQUE', 5: 'SQLITE_BUSY', 8: 'SQLITE_READONLY' },
  ...{ 10: 'SQLITE_IOERR', 13: 'SQLITE_FULL', 14: 'SQLITE_CANTOPEN' },
};
const KIND_BITS = 0xff;

function codeOf(error: Error & { readonly code?: unknown; readonly errcode?: unknown }): string {
  const { code = '', errcode } = error;
  if (code !== 'ERR_SQLITE_ERROR' || typeof errcode !== 'number') return String(code);
  return NODE_SQLITE[errcode] ?? NODE_SQLITE[errcode & KIND_BITS] ?? code;
}

/** The port's error for a driver's; the same error when there is nothing to translate. */
export function translateError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  if (UNIQUE.has(code)) return new UniqueViolation(error.message, { cause: error });
  if (FOREIGN_KEY.has(code)) return new ForeignKeyViolation(error.message, { cause: error });
  if (COLLISION.has(code)) return new TransactionCollision(error.message, { cause: error });
  const away =
    AWAY.has(code) ||
    code.startsWith('SQLITE_IOERR') ||
    AWAY_CLASS.test(code) ||
    AWAY_TEXT.test(error.message);
  if (!away) return error;
  const reason = error.message || code;
  return new Unavailable('database', `The database is not available: ${reason}.`, error);
}

/** The dialect with a driver whose errors are translated, and whose statements are watched. */
export function withTranslatedErrors(dialect: Dialect, watch?: StatementWatch): Dialect {
  return {
    createDriver: () => translateDriver(dialect.createDriver(), watch),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
}

async function translated<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw translateError(error);
  }
}

class TranslatedConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  readonly #watch: StatementWatch | undefined;

  constructor(inner: DatabaseConnection, watch: StatementWatch | undefined) {
    this.inner = inner;
    this.#watch = watch;
  }

  // Async, since the SQLite driver throws where the others reject.
  async executeQuery<Row>(
    ...call: Parameters<DatabaseConnection['executeQuery']>
  ): Promise<QueryResult<Row>> {
    const finish = this.#watch?.();
    try {
      const result = await this.inner.executeQuery<Row>(...call);
      finish?.(kindOf(call[0].query.kind), null);
      return result;
    } catch (error) {
      const translated = translateError(error);
      finish?.(kindOf(call[0].query.kind), translated);
      throw translated;
    }
  }

  streamQuery<Row>(
    ...call: Parameters<DatabaseConnection['streamQuery']>
  ): AsyncIterableIterator<QueryResult<Row>> {
    return this.inner.streamQuery<Row>(...call);
  }
}

const KINDS: Readonly<Record<string, StatementKind>> = {
  SelectQueryNode: 'select',
  InsertQueryNode: 'insert',
  UpdateQueryNode: 'update',
  DeleteQueryNode: 'delete',
};

/** By the name of Kysely's node. */
function kindOf(node: string): StatementKind {
  return KINDS[node] ?? 'other';
}

function translateDriver(driver: Driver, watch: StatementWatch | undefined): Driver {
  const connections = new WeakMap<DatabaseConnection, TranslatedConnection>();
  const innerOf = (connection: DatabaseConnection) =>
    connection instanceof TranslatedConnection ? connection.inner : connection;
  const connect = async () => {
    const finish = watch?.();
    try {
      return await translated(driver.acquireConnection());
    } catch (error) {
      finish?.('other', error);
      throw error;
    }
  };
  return {
    init: () => translated(driver.init()),
    async acquireConnection() {
      const inner = await connect();
      const known = connections.get(inner) ?? new TranslatedConnection(inner, watch);
      connections.set(inner, known);
      return known;
    },
    beginTransaction: (connection, settings) =>
      translated(driver.beginTransaction(innerOf(connection), settings)),
    commitTransaction: (connection) => translated(driver.commitTransaction(innerOf(connection))),
    rollbackTransaction: (connection) =>
      translated(driver.rollbackTransaction(innerOf(connection))),
    releaseConnection: (connection) => translated(driver.releaseConnection(innerOf(connection))),
    destroy: () => driver.destroy(),
  };
}
