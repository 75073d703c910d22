/**
 * The site as red sees it: its lease, its queues, the workers of each zone. What is of the whole site
 * is told by the red that holds the lease, so that sums over all reds count it once.
 */

import type { Broker, QueueSpec } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { listWorkers } from '../database/queries/workers.ts';
import type { Clock } from '../lib/clock.ts';
import type { MetricSample, Metrics } from '../lib/metrics.ts';
import { isConnected } from './api/workers.ts';
import type { Catalogues } from './catalogue.ts';

/** Zones that have series; those whose names come first. */
const MAX_ZONES = 100;

/** What is looked at. */
export interface SiteMetricsOptions {
  readonly metrics: Metrics;
  readonly database: Database;
  readonly broker: Broker;
  readonly topology: Topology;
  readonly catalogues: Catalogues;
  readonly shards: number;
  readonly isActive: () => boolean;
  readonly clock: Clock;
}

/** Adds the figures. */
export function addSiteMetrics(options: SiteMetricsOptions): void {
  const { metrics, isActive } = options;
  metrics.gauge('ppalette_red_lease_held', 'Whether this red is the one that schedules.', () =>
    Number(isActive()),
  );
  metrics.gauge(
    'ppalette_red_zone_hosts',
    'Hosts of each zone that are not in maintenance.',
    () => (isActive() ? samples('zone', countHosts(options)) : []),
    ['zone'],
  );
  metrics.gauge(
    'ppalette_red_zone_workers',
    'Connected workers of each zone that has hosts.',
    async () => (isActive() ? samples('zone', await countWorkers(options)) : []),
    ['zone'],
  );
  metrics.gauge(
    'ppalette_red_queue_messages',
    'Messages that wait in each queue; "dead" holds what nobody understood.',
    async () => (isActive() ? samples('queue', await readDepths(options)) : []),
    ['queue'],
  );
}

function samples(label: string, counts: ReadonlyMap<string, number>): MetricSample[] {
  return [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function countHosts({ catalogues }: SiteMetricsOptions): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { zone, maintenance } of catalogues.hosts.items()) {
    if (!maintenance) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return new Map([...counts].sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, MAX_ZONES));
}

async function countWorkers(options: SiteMetricsOptions): Promise<Map<string, number>> {
  const now = options.clock.now();
  const workers = await listWorkers(options.database);
  const connected = workers.filter((worker) => isConnected(worker, now));
  const zones = [...countHosts(options).keys()];
  return new Map(
    zones.map((zone) => [zone, connected.filter((each) => each.zones.includes(zone)).length]),
  );
}

/** By the names that the queues have where nobody renamed them. */
async function readDepths(options: SiteMetricsOptions): Promise<Map<string, number>> {
  const { broker, topology, shards } = options;
  const queues: [string, QueueSpec][] = [
    ['expired', topology.expired],
    ['heartbeats', topology.heartbeats],
    ['discovered', topology.discovered],
    ['dead', topology.dead],
  ];
  for (const zone of countHosts(options).keys()) {
    queues.push([`checks.${zone}`, topology.checks(zone)]);
    queues.push([`checks.${zone}.light`, topology.checksLight(zone)]);
    queues.push([`checks.${zone}.now`, topology.checksNow(zone)]);
  }
  for (let shard = 0; shard < shards; shard++) {
    queues.push([`results.${shard}`, topology.results(shard)]);
  }
  const depths = await Promise.all(queues.map(([, queue]) => broker.depth(queue)));
  return new Map(queues.map(([name], index) => [name, depths[index] ?? 0]));
}
