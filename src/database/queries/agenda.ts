/** What the scheduler needs to know of hosts, plugins and checks; read in parts, so that a large site
 * neither fills memory twice nor holds up the process. */

import type { NotNull } from 'kysely';
import type { Plugin, TextMap } from '../../model/objects.ts';
import type { CheckOverride } from '../../model/overrides.ts';
import type { Sql } from '../database.ts';
import { listRelations } from './host-relations.ts';
import { readRun } from './plugins.ts';
import { chunksOf } from './upsert.ts';

/** A host as the scheduler sees it. */
export interface AgendaHost {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly login: string;
  readonly sshPort: number;
  readonly zone: string;
  readonly maintenance: boolean;
  readonly history: boolean;
  readonly vars: TextMap;
  /** By plugin. */
  readonly overrides: Readonly<Record<string, CheckOverride>>;
}

/** A plugin as the scheduler sees it. */
export interface AgendaPlugin {
  readonly id: string;
  readonly name: string;
  readonly run: Plugin['run'];
  readonly ssh: boolean;
  readonly params: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Id of a time period; null: always. */
  readonly checkPeriodId: string | null;
  /** Whether the schedule runs its checks. */
  readonly activeChecks: boolean;
}

/** A check as the scheduler sees it. */
export interface AgendaCheck {
  readonly checkId: number;
  readonly hostId: string;
  readonly pluginId: string;
  /** Due time of its last stored result; null = it never had one. */
  readonly lastScheduledAt: number | null;
}

const NO_OVERRIDES: AgendaHost['overrides'] = {};
/** Rows read by one statement. */
const PART = 10_000;

/** Hosts in parts: all, or those of the given ids that exist. */
export async function* readAgendaHosts(
  sql: Sql,
  ids?: readonly string[],
): AsyncGenerator<AgendaHost[]> {
  const select = sql.db
    .selectFrom('host')
    .select([
      'host.id',
      'host.name',
      'host.address',
      'host.login',
      'host.ssh_port as sshPort',
      'host.zone',
      'host.maintenance',
      'host.history',
      'host.vars',
    ]);
  for await (const rows of readParts(select, 'host.id', ids)) {
    const { overrides } = await listRelations(
      sql,
      rows.map(({ id }) => id),
    );
    yield rows.map((row) => ({
      id: row.id,
      name: row.name,
      address: row.address,
      login: row.login,
      sshPort: row.sshPort,
      zone: row.zone,
      maintenance: row.maintenance === 1,
      history: row.history === 1,
      vars: JSON.parse(row.vars) as TextMap,
      overrides: overrides.get(row.id) ?? NO_OVERRIDES,
    }));
  }
}

/** Plugins in parts: all, or those of the given ids that exist. */
export async function* readAgendaPlugins(
  { db }: Sql,
  ids?: readonly string[],
): AsyncGenerator<AgendaPlugin[]> {
  const select = db
    .selectFrom('plugin')
    .select([
      'plugin.id',
      'plugin.name',
      'plugin.script',
      'plugin.builtin',
      'plugin.ssh',
      'plugin.params',
      'plugin.interval_ms',
      'plugin.timeout_ms',
      'plugin.check_period_id',
      'plugin.active_checks',
    ]);
  for await (const rows of readParts(select, 'plugin.id', ids)) {
    yield rows.map((row) => ({
      id: row.id,
      name: row.name,
      run: readRun(row),
      ssh: row.ssh === 1,
      params: row.params,
      intervalMs: row.interval_ms,
      timeoutMs: row.timeout_ms,
      checkPeriodId: row.check_period_id,
      activeChecks: row.active_checks === 1,
    }));
  }
}

/** Checks in parts: all, or those of the given hosts. */
export async function* readAgendaChecks(
  { db }: Sql,
  hostIds?: readonly string[],
): AsyncGenerator<AgendaCheck[]> {
  const select = db
    .selectFrom('check_pair')
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .select([
      'check_pair.check_id as checkId',
      'check_pair.host_id as hostId',
      'check_pair.plugin_id as pluginId',
      'check_state.scheduled_at as lastScheduledAt',
    ])
    .where('check_pair.plugin_id', 'is not', null)
    .$narrowType<{ pluginId: NotNull }>();
  if (hostIds) {
    for (const chunk of chunksOf(hostIds, PART)) {
      yield await select.where('check_pair.host_id', 'in', chunk).execute();
    }
    return;
  }
  let last = 0;
  for (;;) {
    const rows = await select
      .where('check_pair.check_id', '>', last)
      .orderBy('check_pair.check_id')
      .limit(PART)
      .execute();
    yield rows;
    const lastRow = rows.at(-1);
    if (rows.length < PART || !lastRow) return;
    last = lastRow.checkId;
  }
}

/** The parts of a select that both kinds of objects share. */
interface Readable<Row> {
  where(column: string, operator: 'in' | '>', value: unknown): Readable<Row>;
  orderBy(column: string): Readable<Row>;
  limit(count: number): Readable<Row>;
  execute(): Promise<Row[]>;
}

async function* readParts<Row extends { id: string }>(
  select: { execute(): Promise<Row[]> },
  idColumn: 'host.id' | 'plugin.id',
  ids: readonly string[] | undefined,
): AsyncGenerator<Row[]> {
  // Both selects have the id column; Kysely's types cannot say so for a union of tables.
  const query = select as unknown as Readable<Row>;
  if (ids) {
    for (const chunk of chunksOf(ids, PART))
      yield await query.where(idColumn, 'in', chunk).execute();
    return;
  }
  let last = '';
  for (;;) {
    const rows = await query.where(idColumn, '>', last).orderBy(idColumn).limit(PART).execute();
    yield rows;
    const lastRow = rows.at(-1);
    if (rows.length < PART || !lastRow) return;
    last = lastRow.id;
  }
}
