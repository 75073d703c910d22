/** A private MariaDB server in a temporary folder, on loopback. */

import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findProgram } from '../../scripts/programs.mjs';
import { type DatabaseServer, waitUntilReady } from './database-server.ts';
import { freePort, type RunningProcess, startProcess, tempFolder } from './temp.ts';

/** As on a small real server: what was committed survives a crash of the process. */
const SETTINGS = [
  '--bind-address=127.0.0.1',
  '--skip-name-resolve',
  '--character-set-server=utf8mb4',
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=16M',
  '--max-connections=60',
  '--performance-schema=off',
];

/** Creates and starts a server; about 2 s. Everybody on 127.0.0.1 may connect as `root`. */
export async function startMariadb(): Promise<DatabaseServer> {
  const folder = await tempFolder();
  const port = await freePort();
  const place = [
    '--no-defaults',
    `--datadir=${join(folder.path, 'data')}`,
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ];
  await createDataFolder(place);
  const url = (database: string) => `mysql://root@127.0.0.1:${port}/${database}`;
  let server: RunningProcess | undefined;
  const start = async () => {
    server = await startProcess(findProgram('mariadbd') ?? 'mariadbd', [
      ...place,
      ...SETTINGS,
      `--port=${port}`,
      `--socket=${join(folder.path, 'socket')}`,
      `--pid-file=${join(folder.path, 'pid')}`,
    ]);
    await waitUntilReady(server, () => executeOnMariadb(url(''), 'select 1'));
  };
  await start();
  return {
    port,
    url,
    createDatabase: (name) => executeOnMariadb(url(''), `create database ${name}`),
    start,
    stop: async (signal = 'SIGTERM') => server?.stop(signal),
    async [Symbol.asyncDispose]() {
      await server?.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function createDataFolder(place: string[]): Promise<void> {
  const install = await startProcess(findProgram('mariadb-install-db') ?? 'mariadb-install-db', [
    ...place,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const { code } = await install.exited;
  if (code !== 0) throw new Error(`mariadb-install-db failed: ${install.output()}`);
}

/** Runs one statement on a connection of its own. */
export async function executeOnMariadb(url: string, statement: string): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
