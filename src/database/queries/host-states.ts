/** Hosts' own states in SQL for people. */

import type { Selectable } from 'kysely';
import type { HostStateName, HostViewState } from '../../model/host-state.ts';
import { STATE_TYPES } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import type { CheckStateTable } from '../schema.ts';
import { type CurrentRun, readRunView } from './checks.ts';
import { readHostPolicy } from './hosts.ts';
import { readTogether } from './read-together.ts';
import { readHostCode } from './state-codes.ts';
import { chunksOf } from './upsert.ts';

/** A host's own state. `run` is null before its first result. */
export interface HostView {
  /** Of its own state. */
  readonly checkId: number;
  readonly hostId: string;
  readonly host: string;
  readonly zone: string;
  readonly maintenance: boolean;
  /** What tells whether it is up; null: nothing does, it is assumed to be. */
  readonly hostCheck: HostCheck | null;
  readonly maxCheckAttempts: number;
  readonly flapping: boolean;
  /** 0..100 */
  readonly flapPercent: number;
  readonly acknowledged: boolean;
  readonly inDowntime: boolean;
  /** Until when a result waits at the longest for a check of its parents. */
  readonly waitsUntil: number | null;
  readonly state: HostViewState;
  readonly run: CurrentRun<HostStateName> | null;
}

/** The check whose results tell whether a host is up. */
export interface HostCheck {
  readonly checkId: number;
  readonly pluginId: string;
  readonly plugin: string;
}

/** The host check of each of these hosts that has one. */
export async function listHostChecks(
  sql: Sql,
  hostIds: readonly string[],
): Promise<Map<string, HostCheck>> {
  const found = new Map<string, HostCheck>();
  for (const chunk of chunksOf(hostIds, 5_000)) {
    const [named, marked] = await readTogether(sql, [
      () => selectNamedHostChecks(sql, chunk),
      () => selectMarkedHostChecks(sql, chunk),
    ]);
    for (const row of [...named, ...marked]) {
      if (found.has(row.host_id)) continue;
      found.set(row.host_id, { checkId: row.check_id, pluginId: row.id, plugin: row.name });
    }
  }
  return found;
}

/** What hosts name themselves. One statement for both would read all checks of each host. */
function selectNamedHostChecks({ db }: Sql, hostIds: readonly string[]) {
  return db
    .selectFrom('host')
    .innerJoin('check_pair', (join) =>
      join
        .onRef('check_pair.host_id', '=', 'host.id')
        .onRef('check_pair.plugin_id', '=', 'host.host_check_id'),
    )
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .select(HOST_CHECK_COLUMNS)
    .where('host.id', 'in', hostIds)
    .where('host.host_check_id', 'is not', null)
    .execute();
}

/** What their suites mark as the host check, the first by name before others. */
function selectMarkedHostChecks({ db }: Sql, hostIds: readonly string[]) {
  return db
    .selectFrom('check_pair')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .select(HOST_CHECK_COLUMNS)
    .where('check_pair.host_id', 'in', hostIds)
    .where('check_pair.plugin_id', 'in', (query) =>
      query.selectFrom('plugin').select('plugin.id').where('plugin.host_check', '=', 1),
    )
    .orderBy('plugin.name')
    .execute();
}

const HOST_CHECK_COLUMNS = [
  'check_pair.check_id',
  'check_pair.host_id',
  'plugin.id',
  'plugin.name',
] as const;

/** The states of these hosts that exist, by host id. */
export async function readHostStates(
  sql: Sql,
  hostIds: readonly string[],
): Promise<Map<string, HostView>> {
  const views = new Map<string, HostView>();
  for (const chunk of chunksOf(hostIds, 1_000)) {
    const [rows, checks] = await readTogether(sql, [
      () => selectHostStates(sql).where('host.id', 'in', chunk).execute(),
      () => listHostChecks(sql, chunk),
    ]);
    for (const row of rows) views.set(row.host_id, readView(row, checks.get(row.host_id) ?? null));
  }
  return views;
}

/** The state of one host, by name, id or address; undefined when there is none. */
export async function findHostState(sql: Sql, reference: string): Promise<HostView | undefined> {
  const rows = await selectHostStates(sql)
    .where(({ or, eb }) =>
      or([
        eb('host.name', '=', reference),
        eb('host.id', '=', reference),
        eb('host.address', '=', reference),
      ]),
    )
    .execute();
  const row = rows.find(({ host_name }) => host_name === reference) ?? rows[0];
  if (row === undefined) return undefined;
  const checks = await listHostChecks(sql, [row.host_id]);
  return readView(row, checks.get(row.host_id) ?? null);
}

function selectHostStates({ db }: Sql) {
  return db
    .selectFrom('host')
    .innerJoin('check_pair', (join) =>
      join.onRef('check_pair.host_id', '=', 'host.id').on('check_pair.plugin_id', 'is', null),
    )
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
    .selectAll('check_state')
    .select([
      'host.id as host_id',
      'host.name as host_name',
      'host.zone',
      'host.maintenance',
      'host.policy',
      'check_pair.check_id as pair_id',
      'check_memory.is_flapping',
      'check_memory.flap_percent',
      'check_memory.is_acknowledged',
      'check_memory.is_in_downtime',
      'check_memory.waits_until',
    ]);
}

type StateRow = Awaited<ReturnType<ReturnType<typeof selectHostStates>['execute']>>[number];

function readView(row: StateRow, hostCheck: HostCheck | null): HostView {
  const assumed = hostCheck === null ? 'up' : 'pending';
  return {
    checkId: row.pair_id,
    hostId: row.host_id,
    host: row.host_name,
    zone: row.zone,
    maintenance: row.maintenance === 1,
    hostCheck,
    maxCheckAttempts: readHostPolicy(row).maxCheckAttempts,
    flapping: row.is_flapping === 1,
    flapPercent: row.flap_percent ?? 0,
    acknowledged: row.is_acknowledged === 1,
    inDowntime: row.is_in_downtime === 1,
    waitsUntil: row.waits_until,
    state: row.state === null ? assumed : readHostCode(row.state),
    run: row.check_id === null ? null : readRun(row as Selectable<CheckStateTable>),
  };
}

function readRun(row: Selectable<CheckStateTable>): CurrentRun<HostStateName> {
  return {
    stateType: STATE_TYPES[row.state_type] ?? 'hard',
    attempt: row.attempt,
    lastStateChangeAt: row.last_state_change_at,
    lastHardStateChangeAt: row.last_hard_state_change_at,
    ...readRunView(row, readHostCode),
  };
}
