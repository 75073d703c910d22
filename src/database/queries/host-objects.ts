/** Which of some objects are hosts that pass the filters of a list of checks. */

import { sql as raw } from 'kysely';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { filterHostStates } from './host-filters.ts';
import { hasLabels } from './host-labels.ts';
import type { Filters } from './objects.ts';
import { type AnyQuery, contains } from './page.ts';
import { HOST_PROBLEM_CODES } from './state-codes.ts';
import { chunksOf } from './upsert.ts';

/** Filters that say something of hosts; one of any other is of checks alone. */
const OF_HOSTS: readonly string[] = [
  ...['host', 'zone', 'label', 'subnet', 'suite', 'q', 'maintenance'],
  ...['state', 'stateType', 'problem', 'handled'],
];

/** A host as an object among checks. */
export interface HostObjectView {
  /** Of its own state. */
  readonly id: number;
  readonly hostId: string;
}

/** Those of these objects that are hosts and pass; none when a filter is of checks alone. */
export async function findHostObjects(
  { db }: Sql,
  ids: readonly number[],
  filters: Filters,
): Promise<HostObjectView[]> {
  if (Object.keys(filters).some((name) => !OF_HOSTS.includes(name))) return [];
  const { host, zone, label, subnet, suite, q, maintenance } = filters;
  let query = db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('subnet', 'subnet.id', 'host.subnet_id')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
    .select(['check_pair.check_id', 'check_pair.host_id'])
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
  query = filterOwnState(query, filters);
  const found: HostObjectView[] = [];
  for (const chunk of chunksOf(ids, 1_000)) {
    const rows = await query.where('check_pair.check_id', 'in', chunk).execute();
    found.push(...rows.map((row) => ({ id: row.check_id, hostId: row.host_id })));
  }
  return found;
}

function filterOwnState<Query extends AnyQuery>(query: Query, filters: Filters): Query {
  const { state, stateType, problem, handled } = filters;
  let filtered: AnyQuery = query;
  if (state !== undefined) filtered = filterHostStates(filtered, state);
  if (stateType !== undefined) {
    const code = STATE_TYPES.indexOf(stateType as StateType);
    filtered = filtered.where('check_state.state_type', '=', code);
  }
  const isProblem = raw<boolean>`coalesce(check_state.state, -1) in (${raw.join(HOST_PROBLEM_CODES)})`;
  if (problem !== undefined) {
    filtered = filtered.where(problem === 'true' ? isProblem : raw<boolean>`not (${isProblem})`);
  }
  const isHandled = raw<boolean>`(coalesce(check_memory.is_acknowledged, 0) = 1
    or coalesce(check_memory.is_in_downtime, 0) = 1)`;
  if (handled !== undefined) {
    filtered = filtered.where(handled === 'true' ? isHandled : raw<boolean>`not ${isHandled}`);
  }
  return filtered as Query;
}
