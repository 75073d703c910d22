/** Hosts in SQL. */

import type { Selectable } from 'kysely';
import { DEFAULT_HOST_POLICY, type HostPolicy } from '../../model/check-policy.ts';
import type { Host, Stored, TextMap } from '../../model/objects.ts';
import type { Sql } from '../database.ts';
import type { HostTable } from '../schema.ts';
import { removeDependenciesOn } from './dependencies.ts';
import { filterHostStates } from './host-filters.ts';
import { hasLabels } from './host-labels.ts';
import { leaveChildren, listRelations, replaceRelations } from './host-relations.ts';
import { listSuiteNames, replaceSuites, resolveNames } from './memberships.ts';
import { findIdOf } from './name-ids.ts';
import { type Filters, insertedBy, type ObjectQueries, toStored, updatedBy } from './objects.ts';
import { type AnyQuery, contains, countRows, readPage } from './page.ts';
import { readTogether } from './read-together.ts';
import { resolvePeriod } from './timeperiod-names.ts';

/** A host is found by id, name or address. */
export const hostQueries: ObjectQueries<Host> = {
  kind: 'host',

  async find(sql, reference) {
    const rows = await selectHosts(sql)
      .where(({ or, eb }) =>
        or([
          eb('host.id', '=', reference),
          eb('host.name', '=', reference),
          eb('host.address', '=', reference),
        ]),
      )
      .execute();
    // One host's name may be another's address; the name wins.
    const row = rows.find((candidate) => candidate.name === reference) ?? rows[0];
    if (!row) return undefined;
    const [host] = await readHosts(sql, [row]);
    return host;
  },

  async list(sql, page, filters) {
    const wanted = await resolveFilters(sql, filters);
    const result = await readPage(
      filterHosts(selectHosts(sql), wanted),
      {
        count: () => countHosts(sql, wanted),
        columns: {
          name: 'host.name',
          address: 'host.address',
          zone: 'host.zone',
          createdAt: 'host.created_at',
          updatedAt: 'host.updated_at',
        },
        tieBreaker: 'host.id',
        defaultSort: [{ name: 'name', descending: false }],
      },
      page,
    );
    return { ...result, items: await readHosts(sql, result.items as unknown as HostRow[]) };
  },

  async insert(change, id, spec) {
    const suiteIds = await resolveNames(change, 'suite', spec.suites, '/suites');
    const columns = await hostColumns(change, spec);
    await change.db
      .insertInto('host')
      .values({ ...insertedBy(change, id), ...columns })
      .execute();
    await change.db.insertInto('check_pair').values({ host_id: id, plugin_id: null }).execute();
    await replaceSuites(change, 'host', id, suiteIds);
    await replaceRelations(change, id, spec);
    change.reconcile('host', [id]);
    await change.touch('host', [id]);
  },

  async update(change, id, spec) {
    const suiteIds = await resolveNames(change, 'suite', spec.suites, '/suites');
    const columns = await hostColumns(change, spec);
    await change.db
      .updateTable('host')
      .set({ ...updatedBy(change), ...columns })
      .where('host.id', '=', id)
      .execute();
    await replaceSuites(change, 'host', id, suiteIds);
    await replaceRelations(change, id, spec);
    change.reconcile('host', [id]);
    await change.touch('host', [id]);
  },

  async delete(change, id) {
    await change.touch('host', [id]);
    await leaveChildren(change, id);
    await removeDependenciesOn(change, 'host', id);
    await change.removeChecksOf('host', id);
    await change.db.deleteFrom('host').where('host.id', '=', id).execute();
  },
};

/** Hosts that have one of these texts as name or address. */
export async function listHostsCalled(
  { db }: Sql,
  texts: readonly string[],
): Promise<{ readonly name: string; readonly address: string }[]> {
  if (texts.length === 0) return [];
  return db
    .selectFrom('host')
    .select(['host.name', 'host.address'])
    .where(({ or, eb }) => or([eb('host.name', 'in', texts), eb('host.address', 'in', texts)]))
    .execute();
}

/** Hosts of a subnet, in the order of their names. */
export async function listHostsOfSubnet(
  { db }: Sql,
  subnetId: string,
): Promise<{ readonly name: string; readonly address: string }[]> {
  return db
    .selectFrom('host')
    .select(['host.name', 'host.address'])
    .where('host.subnet_id', '=', subnetId)
    .orderBy('host.name')
    .execute();
}

/** Filters with suites and subnets as ids: looked up apart, so that it is not for each host. */
async function resolveFilters(
  sql: Sql,
  { suite, subnet, ...others }: Filters,
): Promise<[name: string, value: string][]> {
  const named: [string, string][] = [];
  if (suite !== undefined) named.push(['suiteId', await findIdOf(sql, 'suite', suite)]);
  if (subnet !== undefined) named.push(['subnetId', await findIdOf(sql, 'subnet', subnet)]);
  return [...Object.entries(others), ...named];
}

/** Leaves of a query over `host` those that pass. */
function filterHosts(
  all: AnyQuery,
  wanted: readonly (readonly [name: string, value: string])[],
): AnyQuery {
  let query = all;
  for (const [name, value] of wanted) {
    if (name === 'q') {
      query = query.where(({ or }) =>
        or([contains('host.name', value), contains('host.address', value)]),
      );
    }
    if (name === 'label') query = query.where(hasLabels(value));
    if (name === 'state') query = filterHostStates(query, value);
    if (name === 'zone') query = query.where('host.zone', '=', value);
    if (name === 'subnetId') query = query.where('host.subnet_id', '=', value);
    if (name === 'maintenance')
      query = query.where('host.maintenance', '=', value === 'true' ? 1 : 0);
    if (name === 'suiteId') {
      query = query.where(({ exists, selectFrom }) =>
        exists(
          selectFrom('host_suite')
            .whereRef('host_suite.member_id', '=', 'host.id')
            .where('host_suite.suite_id', '=', value)
            .select('host_suite.suite_id'),
        ),
      );
    }
  }
  return query;
}

/** Without the tables whose columns are shown: joining these takes longer than counting. */
async function countHosts(
  { db }: Sql,
  wanted: readonly (readonly [name: string, value: string])[],
): Promise<number> {
  const [[name, value] = [], ...others] = wanted;
  if (name === 'suiteId' && others.length === 0) {
    // Each member is a host.
    return countRows(db.selectFrom('host_suite').where('host_suite.suite_id', '=', value ?? ''));
  }
  return countRows(filterHosts(db.selectFrom('host'), wanted));
}

function selectHosts({ db }: Sql) {
  return db
    .selectFrom('host')
    .leftJoin('subnet', 'subnet.id', 'host.subnet_id')
    .leftJoin('plugin as host_check', 'host_check.id', 'host.host_check_id')
    .leftJoin('timeperiod', 'timeperiod.id', 'host.event_handler_period_id')
    .selectAll('host')
    .select([
      'subnet.name as subnet_name',
      'host_check.name as host_check_name',
      'timeperiod.name as event_handler_period',
    ]);
}

type HostRow = Selectable<HostTable> & {
  subnet_name: string | null;
  host_check_name: string | null;
  event_handler_period: string | null;
};

async function readHosts(sql: Sql, rows: readonly HostRow[]): Promise<Stored<Host>[]> {
  const ids = rows.map((row) => row.id);
  const [suites, { parents, overrides }] = await readTogether(sql, [
    () => listSuiteNames(sql, 'host', ids),
    () => listRelations(sql, ids),
  ]);
  return rows.map((row) => ({
    ...toStored(row, {
      ...readHost(row),
      suites: suites.get(row.id) ?? [],
      parents: parents.get(row.id) ?? [],
      overrides: overrides.get(row.id) ?? {},
    }),
  }));
}

/** The policy of a host's row. */
export function readHostPolicy({ policy }: Pick<HostTable, 'policy'>): HostPolicy {
  return { ...DEFAULT_HOST_POLICY, ...(JSON.parse(policy) as Partial<HostPolicy>) };
}

function readHost(row: HostRow) {
  return {
    name: row.name,
    address: row.address,
    login: row.login,
    sshPort: row.ssh_port,
    maintenance: row.maintenance === 1,
    history: row.history === 1,
    zone: row.zone,
    subnet: row.subnet_name,
    hostCheck: row.host_check_name,
    eventHandlerPeriod: row.event_handler_period,
    policy: readHostPolicy(row),
    labels: JSON.parse(row.labels) as TextMap,
    vars: JSON.parse(row.vars) as TextMap,
  };
}

async function hostColumns(sql: Sql, spec: Host) {
  const [subnetId = null] =
    spec.subnet === null ? [] : await resolveNames(sql, 'subnet', [spec.subnet], '/subnet');
  const [hostCheckId = null] =
    spec.hostCheck === null
      ? []
      : await resolveNames(sql, 'plugin', [spec.hostCheck], '/hostCheck');
  return {
    name: spec.name,
    address: spec.address,
    login: spec.login,
    ssh_port: spec.sshPort,
    maintenance: spec.maintenance ? 1 : 0,
    history: spec.history ? 1 : 0,
    zone: spec.zone,
    subnet_id: subnetId,
    host_check_id: hostCheckId,
    event_handler_period_id: await resolvePeriod(
      sql,
      spec.eventHandlerPeriod,
      '/eventHandlerPeriod',
    ),
    policy: JSON.stringify(spec.policy),
    labels: JSON.stringify(spec.labels),
    vars: JSON.stringify(spec.vars),
  } as const;
}
