/** The totals of the whole site, and how the services do. */

import type { StatusJson } from '../../contract/statistics.ts';
import { readTotals } from '../../database/queries/totals.ts';
import { listWorkers } from '../../database/queries/workers.ts';
import type { ApiContext } from './context.ts';
import { defineRoute, type Route } from './server.ts';
import { isConnected } from './workers.ts';

/** Creates the route. */
export function statusRoutes(context: ApiContext): Route[] {
  const { database, clock, rrd } = context;
  return [
    defineRoute('getStatus', async () => {
      const totals = await readTotals(database);
      const workers = await listWorkers(database);
      const connected = workers.filter((worker) => isConnected(worker, clock.now()));
      const figures = context.schedule.figures();
      const body: StatusJson = {
        version: context.version,
        checks: { all: totals.checksAll, active: totals.checksActive, ...totals.states },
        hosts: totals.hosts,
        workers: { connected: connected.length, all: workers.length },
        checksPerSecond: connected.reduce(
          (sum, worker) => sum + (worker.figures['throughput'] ?? 0),
          0,
        ),
        scheduler: {
          active: context.schedule.isActive(),
          jobs: context.schedule.jobCount(),
          requested: figures.requested,
          missed: figures.missed,
          lateness: figures.latenessMs === null ? null : figures.latenessMs / 1_000,
        },
        database: { address: database.label },
        broker: { address: context.brokerLabel },
        statistics: { driver: rrd.driver, problem: rrd.problem() },
      };
      return { status: 200, body };
    }),
  ];
}
