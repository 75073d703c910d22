/** Routes without version: alive, ready, metrics. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Broker } from '../../broker/broker.ts';
import type { Database } from '../../database/database.ts';
import { isLoopback } from '../../lib/ip.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { readReadiness } from '../../lib/readiness.ts';
import type { Authorize } from './auth.ts';

/** Headers by which proxies tell that they are such. */
const FORWARDING = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'];

/** Adds them to the server. */
export function addHealthRoutes(
  server: FastifyInstance,
  context: {
    readonly database: Database;
    readonly broker: Broker;
    readonly metrics: Metrics;
    readonly authorize: Authorize;
    /** Null once the schedule was read. */
    readonly startProblem: () => string | null;
  },
): void {
  const { database, broker, metrics, authorize } = context;
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const { statusCode, body } = await readReadiness({
      database: () => database.ping().then(() => null),
      broker: () => broker.problem(),
      schedule: context.startProblem,
    });
    return reply.code(statusCode).send(body);
  });
  server.get('/metrics', async (request, reply) => {
    // Names of plugins, zones and, if wanted, hosts are not for everybody whom the API is open to.
    if (!isOfThisMachine(request)) await authorize(request, 'viewer');
    return reply.type(metrics.contentType).send(await metrics.format());
  });
}

/** What a proxy on this machine hands on may come from anywhere. */
function isOfThisMachine({ ip, headers }: FastifyRequest): boolean {
  const isHandedOn = FORWARDING.some((name) => headers[name] !== undefined);
  return !isHandedOn && isLoopback(ip.replace(/^::ffff:/, ''));
}
