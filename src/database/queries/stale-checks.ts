/** Checks whose newest result may be too old. Who looks judges; this leaves out what cannot be. */

import { sql as raw } from 'kysely';
import { withOverride } from '../../model/overrides.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { readOverride } from './host-relations.ts';
import { listHostChecks } from './host-states.ts';
import { readPolicy } from './plugins.ts';
import { chunksOf } from './upsert.ts';

/** A check whose plugin wants freshness. */
export interface FreshnessCandidate {
  readonly checkId: number;
  /** 0: computed. */
  readonly freshnessMs: number;
  readonly intervalMs: number;
  readonly retryIntervalMs: number;
  readonly timeoutMs: number;
  readonly activeChecks: boolean;
  readonly passiveChecks: boolean;
  /** Id of a time period; null: always. */
  readonly checkPeriodId: string | null;
  /** Since when it is known to be too old; null: it is not. */
  readonly staleSince: number | null;
  /** Null: it never had a result. */
  readonly newest: {
    readonly scheduledAt: number;
    readonly startedAt: number;
    readonly finishedAt: number;
    readonly stateType: StateType;
    readonly isPassive: boolean;
  } | null;
}

/** Which candidates are read. */
export interface FreshnessLook {
  readonly now: number;
  /** Time periods that are outside; checks in them are left out. */
  readonly closedPeriodIds: readonly string[];
  /** Goes on behind this check. */
  readonly after: number;
  readonly limit: number;
}

/** Those of hosts that are not in maintenance, by id. */
export async function listFreshnessCandidates(
  { db }: Sql,
  { now, closedPeriodIds, after, limit }: FreshnessLook,
): Promise<FreshnessCandidate[]> {
  // A computed threshold is at least the interval; while a problem is soft it is shorter.
  const youngestMs = raw<number>`case when plugin.freshness_ms > 0 then plugin.freshness_ms when check_state.state_type = ${raw.lit(STATE_TYPES.indexOf('soft'))} then 0 else coalesce(host_override.interval_ms, plugin.interval_ms) end`;
  const rows = await db
    .selectFrom('check_pair')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .leftJoin('host_override', (join) =>
      join
        .onRef('host_override.host_id', '=', 'check_pair.host_id')
        .onRef('host_override.plugin_id', '=', 'check_pair.plugin_id'),
    )
    .leftJoin('check_state', 'check_state.check_id', 'check_pair.check_id')
    .leftJoin('check_memory', 'check_memory.check_id', 'check_pair.check_id')
    .select([
      ...(['check_pair.check_id', 'plugin.freshness_ms', 'plugin.interval_ms'] as const),
      ...(['plugin.timeout_ms', 'plugin.policy', 'plugin.active_checks'] as const),
      'host_override.interval_ms as own_interval_ms',
      'host_override.timeout_ms as own_timeout_ms',
      'host_override.policy as own_policy',
      ...(['plugin.passive_checks', 'plugin.check_period_id'] as const),
      ...(['check_state.scheduled_at', 'check_state.started_at'] as const),
      ...(['check_state.finished_at', 'check_state.state_type'] as const),
      ...(['check_state.is_passive', 'check_memory.stale_since'] as const),
    ])
    .where('plugin.freshness_ms', 'is not', null)
    .where('host.maintenance', '=', 0)
    .where('check_pair.check_id', '>', after)
    .where(({ or, eb }) =>
      or([
        eb('check_state.check_id', 'is', null),
        eb(raw<number>`check_state.finished_at + ${youngestMs}`, '<', now),
      ]),
    )
    .where(({ or, eb }) =>
      or([
        eb('plugin.check_period_id', 'is', null),
        ...(closedPeriodIds.length === 0
          ? [eb('plugin.check_period_id', 'is not', null)]
          : [eb('plugin.check_period_id', 'not in', closedPeriodIds)]),
      ]),
    )
    .orderBy('check_pair.check_id')
    .limit(limit)
    .execute();
  return rows.map((row) => {
    const plugin = {
      ...{ intervalMs: row.interval_ms, timeoutMs: row.timeout_ms, policy: readPolicy(row) },
    };
    const override = readOverride({
      interval_ms: row.own_interval_ms,
      timeout_ms: row.own_timeout_ms,
      policy: row.own_policy,
    });
    const { intervalMs, timeoutMs, policy } = withOverride(plugin, override);
    return {
      checkId: row.check_id,
      freshnessMs: row.freshness_ms ?? 0,
      intervalMs,
      retryIntervalMs: policy.retryIntervalMs ?? intervalMs,
      timeoutMs,
      activeChecks: row.active_checks === 1,
      passiveChecks: row.passive_checks === 1,
      checkPeriodId: row.check_period_id,
      staleSince: row.stale_since,
      newest: readNewest(row),
    };
  });
}

/** A host as its host check's freshness sees it. */
export interface HostOfCheck {
  /** Of the host's own state. */
  readonly objectId: number;
  readonly newest: FreshnessCandidate['newest'];
}

/** The hosts of which these are the host checks, by check. */
export async function readHostsOfChecks(
  sql: Sql,
  checkIds: readonly number[],
): Promise<Map<number, HostOfCheck>> {
  const found = new Map<number, HostOfCheck>();
  for (const chunk of chunksOf(checkIds, 1_000)) {
    const rows = await sql.db
      .selectFrom('check_pair')
      .innerJoin('check_pair as own', (join) =>
        join.onRef('own.host_id', '=', 'check_pair.host_id').on('own.plugin_id', 'is', null),
      )
      .leftJoin('check_state', 'check_state.check_id', 'own.check_id')
      .select(['check_pair.check_id', 'check_pair.host_id', 'own.check_id as object_id'])
      .select(['check_state.scheduled_at', 'check_state.started_at', 'check_state.finished_at'])
      .select(['check_state.state_type', 'check_state.is_passive'])
      .where('check_pair.check_id', 'in', chunk)
      .execute();
    const hostIds = new Set(rows.map((row) => row.host_id));
    const hostChecks = await listHostChecks(sql, [...hostIds]);
    for (const row of rows) {
      if (hostChecks.get(row.host_id)?.checkId !== row.check_id) continue;
      found.set(row.check_id, { objectId: row.object_id, newest: readNewest(row) });
    }
  }
  return found;
}

function readNewest(row: {
  readonly scheduled_at: number | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly state_type: number | null;
  readonly is_passive: number | null;
}): FreshnessCandidate['newest'] {
  const { scheduled_at: scheduledAt, started_at: startedAt, finished_at: finishedAt } = row;
  if (scheduledAt === null || startedAt === null || finishedAt === null) return null;
  const stateType = STATE_TYPES[row.state_type ?? 1] ?? 'hard';
  return { scheduledAt, startedAt, finishedAt, stateType, isPassive: row.is_passive === 1 };
}
