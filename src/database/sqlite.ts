/** SQLite adapter: one file, one connection, write-ahead log. */

import { createRequire } from 'node:module';
import { Kysely, SqliteDialect } from 'kysely';
import type LibsqlDatabase from 'libsql';
import { Lru } from '../lib/lru.ts';
import { ConfigError } from '../model/errors.ts';
import { createDatabase, type Database, type StatementWatch } from './database.ts';
import type { Tables } from './schema.ts';
import { withTranslatedErrors } from './translate-errors.ts';

/** What Kysely needs of a prepared statement. */
interface Statement {
  readonly reader: boolean;
  all(parameters: readonly unknown[]): unknown[];
  run(parameters: readonly unknown[]): {
    changes: number | bigint;
    lastInsertRowid: number | bigint;
  };
  iterate(parameters: readonly unknown[]): IterableIterator<unknown>;
}

/** What we need of a SQLite driver. */
interface Driver {
  prepare(text: string): Statement;
  exec(text: string): void;
  close(): void;
}

/** Statements kept prepared; the queries are a fixed set, lists of parameters make some variants. */
const STATEMENT_CACHE = 200;

/** How long a statement waits for another process's write. */
const BUSY_TIMEOUT_MS = 5_000;

/** Opens the file, made if missing; `:memory:` lives as long as it is open. Throws `ConfigError`. */
export async function openSqlite(path: string, watch?: StatementWatch): Promise<Database> {
  const driver = await openDriver(path);
  for (const pragma of [
    `busy_timeout = ${BUSY_TIMEOUT_MS}`,
    'journal_mode = WAL',
    // In WAL mode NORMAL loses no consistency, and no commit when the process is killed; FULL also
    // survives a power cut, for one sync per batch. Nothing is ever lost, so FULL.
    'synchronous = FULL',
    'foreign_keys = ON',
    // Without knowing how many rows there are it searches large tables in the wrong order.
    'optimize = 0x10002',
  ]) {
    driver.exec(`PRAGMA ${pragma}`);
  }
  const db = new Kysely<Tables>({
    dialect: withTranslatedErrors(new SqliteDialect({ database: cacheStatements(driver) }), watch),
  });
  return createDatabase({
    db,
    watch,
    traits: { kind: 'sqlite' },
    label: `sqlite:${path}`,
    ping: async () => {
      driver.exec('SELECT 1');
    },
  });
}

/** Node's own SQLite where there is one (Node >= 22.13), else the packaged driver. */
async function openDriver(path: string): Promise<Driver> {
  try {
    return (await openNodeSqlite(path)) ?? openLibsql(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `Cannot open the SQLite file ${path}: ${reason}. Check that its folder exists and is writable.`,
      { cause: error },
    );
  }
}

async function openNodeSqlite(path: string): Promise<Driver | undefined> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 13)) return undefined;
  // By name, since the types of the oldest supported Node do not have it.
  const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as {
    DatabaseSync: new (path: string) => NodeSqlite;
  };
  const database = new DatabaseSync(path);
  return {
    prepare: (text) => {
      const statement = database.prepare(text);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters),
        run: (parameters) => statement.run(...parameters),
        iterate: (parameters) => statement.iterate(...parameters),
      };
    },
    exec: (text) => database.exec(text),
    close: () => database.close(),
  };
}

interface NodeSqlite {
  prepare(text: string): {
    columns(): unknown[];
    all(...parameters: unknown[]): unknown[];
    run(...parameters: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
    iterate(...parameters: unknown[]): IterableIterator<unknown>;
  };
  exec(text: string): void;
  close(): void;
}

function openLibsql(path: string): Driver {
  const Libsql = createRequire(import.meta.url)('libsql') as typeof LibsqlDatabase;
  const database = new Libsql(path);
  return {
    prepare: (text) => {
      const statement = database.prepare(text);
      // As a list: a single value that is null or bytes would be taken for values by name.
      return {
        reader: statement.reader,
        all: (parameters) => statement.all(parameters),
        run: (parameters) => statement.run(parameters),
        iterate: (parameters) => statement.iterate(parameters) as IterableIterator<unknown>,
      };
    },
    exec: (text) => {
      database.exec(text);
    },
    close: () => {
      database.close();
    },
  };
}

function cacheStatements(driver: Driver): Pick<Driver, 'prepare' | 'close'> {
  const cache = new Lru<string, Statement>(STATEMENT_CACHE);
  return {
    prepare(text) {
      // A deferred transaction that reads first fails at its first write when another process wrote
      // meanwhile, whatever the busy time-out; an immediate one waits its turn.
      const statementText = text === 'begin' ? 'begin immediate' : text;
      const known = cache.get(statementText);
      if (known) return known;
      const statement = driver.prepare(statementText);
      cache.set(statementText, statement);
      return statement;
    },
    close() {
      cache.clear();
      driver.close();
    },
  };
}
