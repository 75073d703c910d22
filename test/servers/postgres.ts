/** A private PostgreSQL server in a temporary folder, on loopback. */

import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { findProgram } from '../../scripts/programs.mjs';
import { type DatabaseServer, waitUntilReady } from './database-server.ts';
import {
  freePort,
  type RunningProcess,
  startProcess,
  type TempFolder,
  tempFolder,
} from './temp.ts';

/** As on a small real server: what was committed survives a crash of the process. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '32MB',
  max_connections: '60',
  max_wal_size: '256MB',
};

/** Creates and starts a server; about 1.5 s. Everybody on 127.0.0.1 may connect as `postgres`. */
export async function startPostgres(): Promise<DatabaseServer> {
  const folder = await tempFolder();
  const port = await freePort();
  const dataPath = join(folder.path, 'data');
  await createCluster(folder, dataPath);
  const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const url = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  let server: RunningProcess | undefined;
  const start = async () => {
    server = await startAsPostgres('postgres', ['-D', dataPath, ...settings]);
    await waitUntilReady(server, () => executeOnPostgres(url(''), 'select 1'));
  };
  await start();
  return {
    port,
    url,
    createDatabase: (name) => executeOnPostgres(url(''), `create database ${name}`),
    start,
    stop: async (signal = 'SIGINT') => server?.stop(signal),
    async [Symbol.asyncDispose]() {
      await server?.stop('SIGINT');
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function createCluster(folder: TempFolder, dataPath: string): Promise<void> {
  await chmod(folder.path, 0o777); // PostgreSQL's own user writes here
  const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'];
  const initdb = await startAsPostgres('initdb', ['-D', dataPath, '--no-sync', ...options]);
  const { code } = await initdb.exited;
  if (code !== 0) throw new Error(`initdb failed: ${initdb.output()}`);
}

/** PostgreSQL refuses to run as root, so root gives its rights away first; the pid stays the same. */
function startAsPostgres(name: string, args: string[]): Promise<RunningProcess> {
  const program = findProgram(name) ?? name;
  // SIGQUIT: at once, but without leaving a segment of shared memory behind.
  const options = { cwd: '/', exitSignal: 'SIGQUIT' } as const;
  if (process.getuid?.() !== 0) return startProcess(program, args, options);
  const identity = ['--reuid=postgres', '--regid=postgres', '--init-groups'];
  return startProcess('setpriv', [...identity, program, ...args], options);
}

/** Runs one statement on a connection of its own. */
export async function executeOnPostgres(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // a server that is stopped in between rejects the query
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end().catch(() => undefined);
  }
}
