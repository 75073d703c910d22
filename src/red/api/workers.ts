/** Routes of workers, and when one counts as connected. */

import type { WorkerJson } from '../../contract/statistics.ts';
import type { Database } from '../../database/database.ts';
import { findWorker, listWorkers, type Worker } from '../../database/queries/workers.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/instant.ts';
import { NotFound } from '../../model/errors.ts';
import { MISSING_HEARTBEATS } from '../../model/worker.ts';
import { defineRoute, type Route } from './server.ts';

/** Whether a worker is there and takes work. */
export function isConnected(worker: Worker, now: number): boolean {
  if (worker.status !== 'running') return false;
  return now - worker.heartbeatAt <= worker.intervalMs * MISSING_HEARTBEATS;
}

/** Creates the routes. */
export function workerRoutes(context: { database: Database; clock: Clock }): Route[] {
  const { database, clock } = context;
  return [
    defineRoute('listWorkers', async () => {
      const workers = await listWorkers(database);
      const items = workers.map((worker) => toJson(worker, clock.now()));
      return { status: 200, body: { items, total: items.length, nextCursor: null } };
    }),
    defineRoute('getWorker', async ({ params }) => {
      const id = params['worker'] ?? '';
      const worker = await findWorker(database, id);
      if (!worker) throw new NotFound('worker', id);
      return { status: 200, body: toJson(worker, clock.now()) };
    }),
  ];
}

function toJson(worker: Worker, now: number): WorkerJson {
  const connected = isConnected(worker, now);
  const isLost = worker.status === 'running' && !connected;
  return {
    id: worker.id,
    hostname: worker.hostname,
    version: worker.version,
    zones: [...worker.zones],
    status: isLost ? 'lost' : worker.status,
    connected,
    startedAt: formatInstant(worker.startedAt),
    lastHeartbeat: formatInstant(worker.heartbeatAt),
    heartbeatInterval: worker.intervalMs / 1_000,
    fields: { ...worker.figures },
  };
}
