/**
 * What configuration says of checks and hosts, as grey needs it to judge their results. A host's own
 * state is an object among them.
 */

import { sql as raw } from 'kysely';
import type { CheckPolicy, HostPolicy } from '../../model/check-policy.ts';
import { timingOf, withOverride } from '../../model/overrides.ts';
import type { Asking } from '../../model/patience.ts';
import type { Sql } from '../database.ts';
import { readOverride } from './host-relations.ts';
import { listHostChecks } from './host-states.ts';
import { readHostPolicy } from './hosts.ts';
import { readPolicy } from './plugins.ts';
import { chunksOf } from './upsert.ts';

/** A check, or a host itself. */
export interface ObjectFacts {
  readonly id: number;
  readonly hostId: string;
  /** Null: the host itself. */
  readonly check: CheckFacts | null;
}

/** A check's plugin as it is for its host. */
export interface CheckFacts {
  readonly pluginId: string;
  readonly plugin: string;
  readonly intervalMs: number;
  readonly policy: CheckPolicy;
  /** Id of the time period in which event handlers run; null: always. */
  readonly eventHandlerPeriodId: string | null;
  readonly schedule: CheckSchedule | null;
}

/** How the schedule asks for the results of a check; null instead: it does not. */
export interface CheckSchedule extends Asking {
  /** The check period; null: always. */
  readonly periodId: string | null;
}

/** A host, and what it hangs on. */
export interface HostFacts {
  readonly id: string;
  readonly name: string;
  /** The id of its own state. */
  readonly objectId: number;
  readonly policy: HostPolicy;
  /** As that of a check. */
  readonly eventHandlerPeriodId: string | null;
  /** Null: nothing checks it. */
  readonly hostCheck: {
    readonly checkId: number;
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly schedule: CheckSchedule | null;
  } | null;
  /** Whether nothing runs on it. */
  readonly isInMaintenance: boolean;
  readonly parentIds: readonly string[];
  /** The mean of the intervals of its checks; null without checks. */
  readonly meanIntervalMs: number | null;
}

/** Rows asked for by one statement. */
const PART = 5_000;

/**
 * Those of these objects that exist, with all others of their hosts: who needs one soon needs the next,
 * and most of what a read costs is the statement.
 */
export async function readObjectFacts({ db }: Sql, ids: readonly number[]): Promise<ObjectFacts[]> {
  const facts: ObjectFacts[] = [];
  for (const chunk of chunksOf(ids, PART)) {
    const rows = await db
      .selectFrom('check_pair')
      .innerJoin('host', 'host.id', 'check_pair.host_id')
      .leftJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
      .leftJoin('host_override', (join) =>
        join
          .onRef('host_override.host_id', '=', 'check_pair.host_id')
          .onRef('host_override.plugin_id', '=', 'check_pair.plugin_id'),
      )
      .select([
        'check_pair.check_id',
        'check_pair.host_id',
        'check_pair.plugin_id',
        'plugin.name',
        'plugin.interval_ms',
        'plugin.timeout_ms',
        'plugin.policy',
        'plugin.event_handler_period_id',
        'plugin.active_checks',
        'plugin.check_period_id',
        'plugin.updated_at',
        'host.updated_at as host_updated_at',
        'host_override.interval_ms as own_interval_ms',
        'host_override.timeout_ms as own_timeout_ms',
        'host_override.policy as own_policy',
      ])
      .where('check_pair.host_id', 'in', (query) =>
        query
          .selectFrom('check_pair as asked')
          .select('asked.host_id')
          .where('asked.check_id', 'in', chunk),
      )
      .execute();
    for (const row of rows) {
      facts.push({ id: row.check_id, hostId: row.host_id, check: readCheckFacts(row) });
    }
  }
  return facts;
}

function readCheckFacts(row: {
  readonly plugin_id: string | null;
  readonly name: string | null;
  readonly interval_ms: number | null;
  readonly timeout_ms: number | null;
  readonly policy: string | null;
  readonly event_handler_period_id: string | null;
  readonly active_checks: number | null;
  readonly check_period_id: string | null;
  readonly updated_at: number | null;
  readonly host_updated_at: number;
  readonly own_interval_ms: number | null;
  readonly own_timeout_ms: number | null;
  readonly own_policy: string | null;
}): CheckFacts | null {
  const { plugin_id: pluginId, name, interval_ms, timeout_ms, policy } = row;
  if (pluginId === null || name === null || policy === null) return null;
  if (interval_ms === null || timeout_ms === null) return null;
  const plugin = {
    pluginId,
    plugin: name,
    intervalMs: interval_ms,
    timeoutMs: timeout_ms,
    policy: readPolicy({ policy }),
    eventHandlerPeriodId: row.event_handler_period_id,
  };
  const override = readOverride({
    interval_ms: row.own_interval_ms,
    timeout_ms: row.own_timeout_ms,
    policy: row.own_policy,
  });
  const found = withOverride(plugin, override);
  return { schedule: readSchedule(row, found), ...found };
}

/** What an edit of the host or plugin changed is not kept, so any counts as one of the schedule. */
function readSchedule(
  row: {
    readonly active_checks: number | null;
    readonly check_period_id: string | null;
    readonly updated_at: number | null;
    readonly host_updated_at: number;
  },
  { intervalMs, timeoutMs }: Omit<Asking, 'since'>,
): CheckSchedule | null {
  if (row.active_checks !== 1) return null;
  const since = Math.max(row.updated_at ?? 0, row.host_updated_at);
  return { intervalMs, timeoutMs, since, periodId: row.check_period_id };
}

/** Those of these hosts that exist. */
export async function readHostFacts(sql: Sql, hostIds: readonly string[]): Promise<HostFacts[]> {
  const facts: HostFacts[] = [];
  for (const chunk of chunksOf(hostIds, PART)) {
    const rows = await sql.db
      .selectFrom('host')
      .innerJoin('check_pair', (join) =>
        join.onRef('check_pair.host_id', '=', 'host.id').on('check_pair.plugin_id', 'is', null),
      )
      .select([
        ...(['host.id', 'host.name', 'host.maintenance', 'host.policy'] as const),
        ...(['host.event_handler_period_id', 'check_pair.check_id'] as const),
      ])
      .where('host.id', 'in', chunk)
      .execute();
    const checks = await readHostChecks(sql, chunk);
    const parents = await listParentIds(sql, chunk);
    const intervals = await readMeanIntervals(sql, chunk);
    for (const row of rows) {
      facts.push({
        id: row.id,
        name: row.name,
        objectId: row.check_id,
        policy: readHostPolicy(row),
        eventHandlerPeriodId: row.event_handler_period_id,
        hostCheck: checks.get(row.id) ?? null,
        isInMaintenance: row.maintenance === 1,
        parentIds: parents.get(row.id) ?? [],
        meanIntervalMs: intervals.get(row.id) ?? null,
      });
    }
  }
  return facts;
}

async function readHostChecks(sql: Sql, hostIds: readonly string[]) {
  const found = [...(await listHostChecks(sql, hostIds))];
  const checkIds = found.map(([, { checkId }]) => checkId);
  if (checkIds.length === 0) return new Map<string, HostFacts['hostCheck']>();
  const rows = await sql.db
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
      'check_pair.host_id',
      'plugin.interval_ms',
      'plugin.timeout_ms',
      'plugin.active_checks',
      'plugin.check_period_id',
      'plugin.updated_at',
      'host.updated_at as host_updated_at',
      'host_override.interval_ms as own_interval_ms',
      'host_override.timeout_ms as own_timeout_ms',
    ])
    .where('check_pair.check_id', 'in', checkIds)
    .execute();
  return new Map<string, HostFacts['hostCheck']>(
    rows.map((row) => {
      const plugin = { intervalMs: row.interval_ms, timeoutMs: row.timeout_ms };
      const own = { interval_ms: row.own_interval_ms, timeout_ms: row.own_timeout_ms };
      const timing = timingOf(plugin, readOverride({ ...own, policy: null }));
      const schedule = readSchedule(row, timing);
      return [row.host_id, { checkId: row.check_id, ...timing, schedule }];
    }),
  );
}

async function listParentIds({ db }: Sql, hostIds: readonly string[]) {
  const rows = await db
    .selectFrom('host_parent')
    .selectAll('host_parent')
    .where('host_parent.host_id', 'in', hostIds)
    .orderBy('host_parent.parent_id')
    .execute();
  const parents = new Map<string, string[]>();
  for (const { host_id, parent_id } of rows) {
    const known = parents.get(host_id);
    if (known) known.push(parent_id);
    else parents.set(host_id, [parent_id]);
  }
  return parents;
}

async function readMeanIntervals({ db }: Sql, hostIds: readonly string[]) {
  const rows = await db
    .selectFrom('check_pair')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('host_override', (join) =>
      join
        .onRef('host_override.host_id', '=', 'check_pair.host_id')
        .onRef('host_override.plugin_id', '=', 'check_pair.plugin_id'),
    )
    .select([
      'check_pair.host_id',
      raw<number>`avg(coalesce(host_override.interval_ms, plugin.interval_ms))`.as('mean'),
    ])
    .where('check_pair.host_id', 'in', hostIds)
    .groupBy('check_pair.host_id')
    .execute();
  return new Map(rows.map(({ host_id, mean }) => [host_id, Number(mean)]));
}
