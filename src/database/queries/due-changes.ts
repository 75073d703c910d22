/** Checks of which time alone makes something: a downtime begins, a result stays out. */

import { sql as raw } from 'kysely';
import type { Sql } from '../database.ts';

/** A check whose memory changes by time, and when. */
export interface DueChange {
  readonly checkId: number;
  readonly at: number;
}

/** Those that are due, the longest first; at most `limit`. */
export async function listDueChanges(
  { db }: Sql,
  now: number,
  limit: number,
): Promise<DueChange[]> {
  const rows = await db
    .selectFrom('check_memory')
    .select(['check_memory.check_id', 'check_memory.next_change_at'])
    .where('check_memory.next_change_at', '<=', now)
    .orderBy('check_memory.next_change_at')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ checkId: row.check_id, at: row.next_change_at ?? now }));
}

/** A check whose results stay out. */
export interface SilentCheck {
  readonly checkId: number;
  /** Due time of its newest result. */
  readonly scheduledAt: number;
  readonly zone: string;
  /** Whether nobody asks for results, since its host is in maintenance. */
  readonly isInMaintenance: boolean;
}

/**
 * Checks that had results and whose newest is older than two intervals, the time that a run may take
 * and `graceMs`; or whose host is in maintenance. Those known to be silent are left out. At most `limit`.
 */
export async function listSilentChecks(
  { db }: Sql,
  {
    now,
    graceMs,
    limit,
  }: { readonly now: number; readonly graceMs: number; readonly limit: number },
): Promise<SilentCheck[]> {
  const rows = await db
    .selectFrom('check_state')
    .innerJoin('check_pair', 'check_pair.check_id', 'check_state.check_id')
    .innerJoin('host', 'host.id', 'check_pair.host_id')
    .innerJoin('plugin', 'plugin.id', 'check_pair.plugin_id')
    .leftJoin('host_override', (join) =>
      join
        .onRef('host_override.host_id', '=', 'check_pair.host_id')
        .onRef('host_override.plugin_id', '=', 'check_pair.plugin_id'),
    )
    .leftJoin('check_memory', 'check_memory.check_id', 'check_state.check_id')
    .select(['check_state.check_id', 'check_state.scheduled_at', 'host.zone', 'host.maintenance'])
    .where(({ or, eb }) =>
      or([
        eb('host.maintenance', '=', 1),
        eb(
          raw<number>`check_state.scheduled_at
            + 2 * coalesce(host_override.interval_ms, plugin.interval_ms)
            + coalesce(host_override.timeout_ms, plugin.timeout_ms)`,
          '<',
          now - graceMs,
        ),
      ]),
    )
    .where(({ or, eb }) =>
      or([eb('check_memory.check_id', 'is', null), eb('check_memory.is_measured', '=', 1)]),
    )
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    checkId: row.check_id,
    scheduledAt: row.scheduled_at,
    zone: row.zone,
    isInMaintenance: row.maintenance === 1,
  }));
}
