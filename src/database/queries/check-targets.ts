/** What is needed to run a check, or to take a result of it, by names. */

import type { Plugin, TextMap } from '../../model/objects.ts';
import { withOverride } from '../../model/overrides.ts';
import type { Sql } from '../database.ts';
import { readOverride } from './host-relations.ts';
import { readPolicy, readRun } from './plugins.ts';
import { chunksOf } from './upsert.ts';

/** A check with its host and plugin. */
export interface CheckTarget {
  readonly checkId: number;
  readonly host: {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    readonly login: string;
    readonly sshPort: number;
    readonly zone: string;
    readonly maintenance: boolean;
    readonly history: boolean;
    readonly vars: TextMap;
  };
  readonly plugin: Pick<
    Plugin,
    'name' | 'run' | 'ssh' | 'params' | 'timeoutMs' | 'intervalMs' | 'policy' | 'passiveChecks'
  >;
}

/** How a check is named: host by name, address or id; plugin by name or id. */
export interface CheckReference {
  readonly host: string;
  readonly plugin: string;
}

/** The checks in the order asked for; undefined for one that is not there. */
export async function findCheckTargets(
  sql: Sql,
  references: readonly CheckReference[],
): Promise<(CheckTarget | undefined)[]> {
  const targets: (CheckTarget | undefined)[] = [];
  for (const chunk of chunksOf(references, 1_000)) targets.push(...(await findChunk(sql, chunk)));
  return targets;
}

async function findChunk(
  sql: Sql,
  references: readonly CheckReference[],
): Promise<(CheckTarget | undefined)[]> {
  const hosts = [...new Set(references.map(({ host }) => host))];
  const plugins = [...new Set(references.map(({ plugin }) => plugin))];
  const rows = await selectTargets(sql)
    .where(({ or, eb }) =>
      or([
        eb('host.name', 'in', hosts),
        eb('host.address', 'in', hosts),
        eb('host.id', 'in', hosts),
      ]),
    )
    .where(({ or, eb }) => or([eb('plugin.name', 'in', plugins), eb('plugin.id', 'in', plugins)]))
    .execute();
  const byReference = new Map<string, CheckTarget>();
  // Least exact first, so that a name wins over an address or id that reads the same.
  for (const hostColumn of ['host_id', 'address', 'host_name'] as const) {
    for (const pluginColumn of ['plugin_id', 'plugin_name'] as const) {
      for (const row of rows) {
        byReference.set(keyOf(row[hostColumn], row[pluginColumn]), readTarget(row));
      }
    }
  }
  return references.map(({ host, plugin }) => byReference.get(keyOf(host, plugin)));
}

/** The checks with these ids that are there, in no order. */
export async function listCheckTargets(
  sql: Sql,
  checkIds: readonly number[],
): Promise<CheckTarget[]> {
  const targets: CheckTarget[] = [];
  for (const chunk of chunksOf(checkIds, 1_000)) {
    const rows = await selectTargets(sql).where('check_pair.check_id', 'in', chunk).execute();
    targets.push(...rows.map(readTarget));
  }
  return targets;
}

/** A host itself, as results of it and commands to it are addressed. */
export interface HostTarget extends CommandTarget {
  /** Of its own state. */
  readonly checkId: number;
  readonly host: { readonly id: string; readonly name: string; readonly history: boolean };
}

/** The hosts in the order asked for, by name, address or id; undefined for one that is not there. */
export async function findHostTargets(
  { db }: Sql,
  references: readonly string[],
): Promise<(HostTarget | undefined)[]> {
  const byReference = new Map<string, HostTarget>();
  for (const chunk of chunksOf([...new Set(references)], 1_000)) {
    const rows = await db
      .selectFrom('host')
      .innerJoin('check_pair', (join) =>
        join.onRef('check_pair.host_id', '=', 'host.id').on('check_pair.plugin_id', 'is', null),
      )
      .select(['check_pair.check_id', 'host.id', 'host.name', 'host.address', 'host.history'])
      .where(({ or, eb }) =>
        or([
          eb('host.name', 'in', chunk),
          eb('host.address', 'in', chunk),
          eb('host.id', 'in', chunk),
        ]),
      )
      .execute();
    for (const column of ['id', 'address', 'name'] as const) {
      for (const row of rows) {
        const host = { id: row.id, name: row.name, history: row.history === 1 };
        byReference.set(row[column], { checkId: row.check_id, host });
      }
    }
  }
  return references.map((reference) => byReference.get(reference));
}

/** A check, or a host itself, as commands are addressed. */
export interface CommandTarget {
  readonly checkId: number;
  readonly host: { readonly id: string };
}

/** The checks and hosts with these ids that are there, in no order. */
export async function listCommandTargets(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<CommandTarget[]> {
  const targets: CommandTarget[] = [];
  for (const chunk of chunksOf(checkIds, 1_000)) {
    const rows = await db
      .selectFrom('check_pair')
      .select(['check_pair.check_id', 'check_pair.host_id'])
      .where('check_pair.check_id', 'in', chunk)
      .execute();
    targets.push(...rows.map((row) => ({ checkId: row.check_id, host: { id: row.host_id } })));
  }
  return targets;
}

function selectTargets({ db }: Sql) {
  return db
    .selectFrom('check_pair')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('host_override', (join) =>
      join
        .onRef('host_override.host_id', '=', 'check_pair.host_id')
        .onRef('host_override.plugin_id', '=', 'check_pair.plugin_id'),
    )
    .select([
      'check_pair.check_id',
      'host.id as host_id',
      'host.name as host_name',
      'host.address',
      'host.login',
      'host.ssh_port',
      'host.zone',
      'host.maintenance',
      'host.history',
      'host.vars',
      'plugin.id as plugin_id',
      'plugin.name as plugin_name',
      'plugin.script',
      'plugin.builtin',
      'plugin.ssh',
      'plugin.params',
      'plugin.timeout_ms',
      'plugin.interval_ms',
      'plugin.policy',
      'plugin.passive_checks',
      'host_override.interval_ms as own_interval_ms',
      'host_override.timeout_ms as own_timeout_ms',
      'host_override.policy as own_policy',
    ]);
}

function readTarget(row: Awaited<ReturnType<ReturnType<typeof selectTargets>['execute']>>[number]) {
  const override = readOverride({
    interval_ms: row.own_interval_ms,
    timeout_ms: row.own_timeout_ms,
    policy: row.own_policy,
  });
  const plugin = {
    name: row.plugin_name,
    run: readRun(row),
    ssh: row.ssh === 1,
    params: row.params,
    timeoutMs: row.timeout_ms,
    intervalMs: row.interval_ms,
    policy: readPolicy(row),
    passiveChecks: row.passive_checks === 1,
  };
  return {
    checkId: row.check_id,
    host: {
      id: row.host_id,
      name: row.host_name,
      address: row.address,
      login: row.login,
      sshPort: row.ssh_port,
      zone: row.zone,
      maintenance: row.maintenance === 1,
      history: row.history === 1,
      vars: JSON.parse(row.vars) as TextMap,
    },
    plugin: withOverride(plugin, override),
  } satisfies CheckTarget;
}

function keyOf(host: string, plugin: string): string {
  return `${host}\u0000${plugin}`;
}
