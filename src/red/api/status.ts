/** The totals of the whole site, and how the services do. */

import type { StatusJson } from '../../contract/statistics.ts';
import { listServiceFigures, reportAgeMs } from '../../database/queries/service-figures.ts';
import { listProblems, type SiteProblem } from '../../database/queries/site-problems.ts';
import { readTotals } from '../../database/queries/totals.ts';
import { listWorkers } from '../../database/queries/workers.ts';
import { formatInstant } from '../../lib/instant.ts';
import type { ApiContext } from './context.ts';
import { defineRoute, type Route } from './server.ts';
import { isConnected } from './workers.ts';

/** Creates the route. */
export function statusRoutes(context: ApiContext): Route[] {
  const { database, clock, rrd } = context;
  return [
    defineRoute('getStatus', async () => {
      const totals = await readTotals(database);
      const services = await listServiceFigures(database, clock.now() - reportAgeMs(0));
      const problemOfGrey = services.find(({ problem }) => problem !== null)?.problem ?? null;
      const workers = await listWorkers(database);
      const connected = workers.filter((worker) => isConnected(worker, clock.now()));
      const figures = context.schedule.figures();
      const body: StatusJson = {
        version: context.version,
        checks: {
          ...{ all: totals.checksAll, active: totals.checksActive, ...totals.states },
          ...{ soft: totals.softProblems, unhandled: totals.unhandledProblems },
        },
        hosts: totals.hosts,
        workers: { connected: connected.length, all: workers.length },
        problems: (await listProblems(database)).map(toProblem),
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
          latenessP99: figures.latenessP99Ms === null ? null : figures.latenessP99Ms / 1_000,
        },
        database: { address: database.label },
        broker: { address: context.brokerLabel },
        statistics: { driver: rrd.driver, problem: rrd.problem() ?? problemOfGrey },
      };
      return { status: 200, body };
    }),
  ];
}

function toProblem({ kind, subject, sinceAt }: SiteProblem) {
  const text = `No worker serves the zone ${subject}: its checks are not run. Start a violet with it in violet.zones.`;
  return { kind, subject, since: formatInstant(sinceAt), text };
}
