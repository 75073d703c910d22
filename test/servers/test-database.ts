/** A fresh, empty database for one test file, on a server that all files share. */

import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { executeOnMariadb } from './mariadb.ts';
import { executeOnPostgres } from './postgres.ts';

/** An empty database; dropped at the end of the scope, also when connections are still open. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/**
 * Creates a database with a random name. The first call in a test run starts the server, 2 s.
 * Only in files of the `servers` project: `*.server.test.ts` and those under `test/`.
 */
export async function createTestDatabase(kind: 'postgres' | 'mariadb'): Promise<TestDatabase> {
  const { execute, drop } = KINDS[kind];
  const serverUrl = await askForServer(kind);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(serverUrl, `create database ${name}`);
  return {
    url: `${serverUrl}${name}`,
    [Symbol.asyncDispose]: () => execute(serverUrl, drop(name)),
  };
}

const KINDS = {
  postgres: {
    execute: executeOnPostgres,
    drop: (name: string) => `drop database ${name} with (force)`,
  },
  mariadb: { execute: executeOnMariadb, drop: (name: string) => `drop database ${name}` },
};

/** See `global-setup.ts`. */
async function askForServer(kind: 'postgres' | 'mariadb'): Promise<string> {
  const answer = await fetch(`${inject('sharedServers')}/${kind}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${kind} did not start: ${text}`);
  return text;
}
