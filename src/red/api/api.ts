/** The API: every route of the contract with what it works on. */

import type { FastifyInstance } from 'fastify';
import { acknowledgementRoutes } from './acknowledgements.ts';
import { auditRoutes } from './audit.ts';
import { createAuthorize } from './auth.ts';
import { batchRoutes } from './batch.ts';
import { checkRoutes, createCheckReader, toCheckJson } from './checks.ts';
import { commentRoutes } from './comments.ts';
import type { ApiContext } from './context.ts';
import { createDependencyEditor } from './dependencies.ts';
import { discoveryRoutes } from './discoveries.ts';
import { addDocumentation } from './documentation.ts';
import { downtimeRoutes } from './downtimes.ts';
import { eventRoutes } from './events.ts';
import { addHealthRoutes } from './health.ts';
import { historyRoutes } from './history.ts';
import { createHostStateReader, hostStateRoutes, toHostStateJson } from './host-states.ts';
import { createHostEditor } from './hosts.ts';
import { createPluginEditor } from './plugins.ts';
import { type ResourceRoutes, resourceRoutes } from './resource.ts';
import { resultRoutes } from './results.ts';
import { scheduleRoutes } from './schedule.ts';
import { createServer } from './server.ts';
import { statisticsRoutes } from './statistics.ts';
import { statusRoutes } from './status.ts';
import { createSubnetEditor } from './subnets.ts';
import { createSuiteEditor } from './suites.ts';
import { createTimeperiodEditor } from './timeperiods.ts';
import { tokenRoutes } from './tokens.ts';
import { traceRoutes } from './traces.ts';
import { workerRoutes } from './workers.ts';

/** Creates the server; it does not listen yet. */
export async function createApi(context: ApiContext): Promise<FastifyInstance> {
  const { schedule } = context;
  const host = createHostEditor(context);
  const plugin = createPluginEditor();
  const suite = createSuiteEditor();
  const subnet = createSubnetEditor();
  const timeperiod = createTimeperiodEditor(context);
  const dependency = createDependencyEditor();
  const checkContext = { ...context, dueAtOf: schedule.dueAtOf };
  const readCheck = createCheckReader(checkContext);
  const readHostState = createHostStateReader(checkContext);
  const authorize = createAuthorize({ ...context, sql: context.database });
  const server = createServer({
    ...context,
    authorize,
    routes: [
      ...resourceRoutes(host, HOST_ROUTES, context),
      ...resourceRoutes(plugin, PLUGIN_ROUTES, context),
      ...resourceRoutes(suite, SUITE_ROUTES, context),
      ...resourceRoutes(subnet, SUBNET_ROUTES, context),
      ...resourceRoutes(timeperiod, TIMEPERIOD_ROUTES, context),
      ...resourceRoutes(dependency, DEPENDENCY_ROUTES, context),
      ...discoveryRoutes(context),
      ...batchRoutes(context, { host, plugin, suite, subnet, timeperiod, dependency }),
      ...checkRoutes(checkContext),
      ...historyRoutes(context),
      ...hostStateRoutes(checkContext),
      ...resultRoutes({ ...context, readCheck, readHostState }),
      ...acknowledgementRoutes({ ...context, readCheck, readHostState }),
      ...downtimeRoutes(context),
      ...commentRoutes(context),
      ...scheduleRoutes(checkContext),
      ...workerRoutes(context),
      ...eventRoutes({
        ...context,
        toCheckJson: (check) => toCheckJson(check, checkContext),
        toHostStateJson: (host) => toHostStateJson(host, checkContext),
      }),
      ...statisticsRoutes(context),
      ...statusRoutes(context),
      ...traceRoutes(context),
      ...tokenRoutes(context),
      ...auditRoutes(context),
    ],
  });
  addHealthRoutes(server, { ...context, authorize, startProblem: schedule.startProblem });
  await addDocumentation(server, context.version);
  return server;
}

const HOST_ROUTES: ResourceRoutes = {
  list: 'listHosts',
  create: 'createHost',
  get: 'getHost',
  replace: 'replaceHost',
  change: 'changeHost',
  delete: 'deleteHost',
};
const PLUGIN_ROUTES: ResourceRoutes = {
  list: 'listPlugins',
  create: 'createPlugin',
  get: 'getPlugin',
  replace: 'replacePlugin',
  change: 'changePlugin',
  delete: 'deletePlugin',
};
const SUITE_ROUTES: ResourceRoutes = {
  list: 'listSuites',
  create: 'createSuite',
  get: 'getSuite',
  replace: 'replaceSuite',
  change: 'changeSuite',
  delete: 'deleteSuite',
};
const SUBNET_ROUTES: ResourceRoutes = {
  list: 'listSubnets',
  create: 'createSubnet',
  get: 'getSubnet',
  replace: 'replaceSubnet',
  change: 'changeSubnet',
  delete: 'deleteSubnet',
};
const TIMEPERIOD_ROUTES: ResourceRoutes = {
  list: 'listTimeperiods',
  create: 'createTimeperiod',
  get: 'getTimeperiod',
  replace: 'replaceTimeperiod',
  change: 'changeTimeperiod',
  delete: 'deleteTimeperiod',
};
const DEPENDENCY_ROUTES: ResourceRoutes = {
  list: 'listDependencies',
  create: 'createDependency',
  get: 'getDependency',
  replace: 'replaceDependency',
  change: 'changeDependency',
  delete: 'deleteDependency',
};
