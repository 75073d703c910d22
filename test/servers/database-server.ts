/** What the private database servers of tests have in common. */

import { type RunningProcess, waitFor } from './temp.ts';

/** A database server that tests may stop, kill and start again; its data stays meanwhile. */
export interface DatabaseServer extends AsyncDisposable {
  readonly port: number;
  /** The address of a database on it, also while it is down. */
  url(database: string): string;
  /** Creates an empty database. */
  createDatabase(name: string): Promise<void>;
  /** Shuts down in order; SIGKILL is a crash. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data; resolves when it answers. */
  start(): Promise<void>;
}

/** Waits until a server answers; throws with the end of its output when it gives up. */
export async function waitUntilReady(
  server: RunningProcess,
  ask: () => Promise<void>,
): Promise<void> {
  const gaveUp = server.exited.then(() => {
    throw new Error(`the server ended: ${server.output().slice(-2_000)}`);
  });
  const answered = waitFor('the server to answer', () => ask().then(() => true), 30_000);
  await Promise.race([answered, gaveUp]);
}
