/** Routes without version and token: alive, ready, metrics. */

import type { FastifyInstance } from 'fastify';
import type { Broker } from '../../broker/broker.ts';
import type { Database } from '../../database/database.ts';
import type { Metrics } from '../../lib/metrics.ts';

/** Adds them to the server. */
export function addHealthRoutes(
  server: FastifyInstance,
  context: {
    readonly database: Database;
    readonly broker: Broker;
    readonly metrics: Metrics;
    /** Null once the schedule was read. */
    readonly startProblem: () => string | null;
  },
): void {
  const { database, broker, metrics } = context;
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const databaseProblem = await database.ping().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const problems = {
      database: databaseProblem,
      broker: broker.problem(),
      schedule: context.startProblem(),
    };
    const ready = Object.values(problems).every((problem) => problem === null);
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', problems });
  });
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.format()),
  );
}
