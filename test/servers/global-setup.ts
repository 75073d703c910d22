/**
 * The PostgreSQL and MariaDB that all test files share: started when the first test asks for one,
 * stopped after the last test. Test files run in processes of their own, so they ask over HTTP:
 * `GET /postgres` or `/mariadb` answers with the server's address, or with 500 and the reason.
 */

import { createServer } from 'node:http';
import type { TestProject } from 'vitest/node';
import type { DatabaseServer } from './database-server.ts';
import { startMariadb } from './mariadb.ts';
import { startPostgres } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address to ask for shared servers. */
    sharedServers: string;
  }
}

/** Called by vitest before the first test of the project; returns what it calls after the last. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const starts = new Map([
    ['/postgres', once(startPostgres)],
    ['/mariadb', once(startMariadb)],
  ]);
  const desk = createServer((request, response) => {
    const start = starts.get(request.url ?? '');
    if (start === undefined) return response.writeHead(404).end();
    return start.get().then(
      (server) => response.end(server.url('')),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  const address = desk.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  project.provide('sharedServers', `http://127.0.0.1:${address.port}`);
  return async () => {
    desk.closeAllConnections();
    desk.close();
    await Promise.allSettled([...starts.values()].map((start) => start.stop()));
  };
}

/** Starts a server at the first `get`; `stop` waits for a start that is still going on. */
function once(start: () => Promise<DatabaseServer>) {
  let server: Promise<DatabaseServer> | undefined;
  return {
    get: () => {
      server ??= start();
      return server;
    },
    stop: async () => {
      await (await server)?.[Symbol.asyncDispose]();
    },
  };
}
