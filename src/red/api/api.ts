/** The API: every route of the contract with what it works on. */

import type { FastifyInstance } from 'fastify';
import { checkRoutes } from './checks.ts';
import type { ApiContext } from './context.ts';
import { addHealthRoutes } from './health.ts';
import { hostRoutes } from './hosts.ts';
import { pluginRoutes } from './plugins.ts';
import { scheduleRoutes } from './schedule.ts';
import { createServer } from './server.ts';
import { statisticsRoutes } from './statistics.ts';
import { statusRoutes } from './status.ts';
import { subnetRoutes } from './subnets.ts';
import { suiteRoutes } from './suites.ts';
import { workerRoutes } from './workers.ts';

/** Creates the server; it does not listen yet. */
export function createApi(context: ApiContext): FastifyInstance {
  const { schedule } = context;
  const server = createServer({
    sql: context.database,
    clock: context.clock,
    log: context.log,
    routes: [
      ...hostRoutes(context),
      ...pluginRoutes(context),
      ...suiteRoutes(context),
      ...subnetRoutes(context),
      ...checkRoutes({ ...context, dueAtOf: schedule.dueAtOf }),
      ...scheduleRoutes({ ...context, dueAtOf: schedule.dueAtOf }),
      ...workerRoutes(context),
      ...statisticsRoutes(context),
      ...statusRoutes(context),
    ],
  });
  addHealthRoutes(server, { ...context, startProblem: schedule.startProblem });
  return server;
}
