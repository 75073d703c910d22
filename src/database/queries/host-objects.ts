/** Which of some objects are hosts that pass the filters of a list of checks. */

import type { Sql } from '../database.ts';
import { hasLabels } from './host-labels.ts';
import type { Filters } from './objects.ts';
import { contains } from './page.ts';
import { chunksOf } from './upsert.ts';

/** Filters that say something of hosts; one of any other is of checks alone. */
const OF_HOSTS: readonly string[] = [
  'host',
  'zone',
  'label',
  'subnet',
  'suite',
  'q',
  'maintenance',
];

/** The ids of those of these objects that are hosts and pass; none when a filter is of checks alone. */
export async function findHostObjects(
  { db }: Sql,
  ids: readonly number[],
  filters: Filters,
): Promise<number[]> {
  if (Object.keys(filters).some((name) => !OF_HOSTS.includes(name))) return [];
  const { host, zone, label, subnet, suite, q, maintenance } = filters;
  let query = db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('subnet', 'subnet.id', 'host.subnet_id')
    .select('check_pair.check_id')
    .where('check_pair.plugin_id', 'is', null);
  if (host !== undefined) query = query.where('host.name', '=', host);
  if (zone !== undefined) query = query.where('host.zone', '=', zone);
  if (label !== undefined) query = query.where(hasLabels(label));
  if (subnet !== undefined) query = query.where('subnet.name', '=', subnet);
  if (q !== undefined) query = query.where(contains('host.name', q));
  if (maintenance !== undefined) {
    query = query.where('host.maintenance', '=', maintenance === 'true' ? 1 : 0);
  }
  if (suite !== undefined) {
    query = query.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('host_suite')
          .innerJoin('suite', 'suite.id', 'host_suite.suite_id')
          .select('suite.id')
          .whereRef('host_suite.member_id', '=', 'host.id')
          .where('suite.name', '=', suite),
      ),
    );
  }
  const found: number[] = [];
  for (const chunk of chunksOf(ids, 1_000)) {
    const rows = await query.where('check_pair.check_id', 'in', chunk).execute();
    found.push(...rows.map((row) => row.check_id));
  }
  return found;
}
