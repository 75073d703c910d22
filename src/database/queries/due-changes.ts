/** Checks of which time alone makes something: a downtime begins, a result stays out. */

import { type ExpressionBuilder, sql as raw } from 'kysely';
import { type Asking, PATIENT_INTERVALS, SILENCE_GRACE_MS } from '../../model/patience.ts';
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
  readonly hostId: string;
  /** Due time of its newest result. */
  readonly scheduledAt: number;
  readonly zone: string;
  /** Whether nobody asks for results, since its host is in maintenance. */
  readonly isInMaintenance: boolean;
  /** Whether it is known to be silent, and that nobody asks for results. */
  readonly isExpected: boolean;
  /** Its check period; null: always. */
  readonly periodId: string | null;
  readonly asking: Asking;
}

/** A check period as it is at the moment. */
export interface PeriodNow {
  /** Of the time period. */
  readonly id: string;
  readonly isInside: boolean;
  /** When its last window opened; null when none did for long. */
  readonly openedAt: number | null;
  /** How long that window is in all. */
  readonly lengthMs: number;
}

/** When to look, and how far. */
export interface SilenceLook {
  readonly now: number;
  /** When the schedule was started: silence known to be expected is a fault no sooner than patience after. */
  readonly startedAt: number;
  /** Of all periods; plugins whose period is not among them are checked always. */
  readonly periods: readonly PeriodNow[];
  /** Checks with higher ids. */
  readonly after: number;
  readonly limit: number;
}

// biome-ignore lint/suspicious/noExplicitAny: of the query below, whose type has no name
type Builder = ExpressionBuilder<any, any>;

/**
 * Checks whose results stay out for longer than they may by `nagios/silence.ts`, where the exact rule
 * is; or whose host is in maintenance. With a check period its last window must have been open for long
 * enough to have a result. Those known to be silent are left out, and those that are not run by the
 * schedule. In the order of ids, at most `limit`.
 */
export async function listSilentChecks(sql: Sql, look: SilenceLook): Promise<SilentCheck[]> {
  const { periods } = look;
  const rows = await selectSilent(sql, look)
    .where(({ or, and, eb }) =>
      or([
        eb('host.maintenance', '=', 1),
        and([
          isOverdue(eb, look),
          or([isAlwaysChecked(eb, look), ...periods.map((period) => misses(eb, look, period))]),
        ]),
      ]),
    )
    .where(({ or, and, eb }) =>
      or([
        eb('check_memory.check_id', 'is', null),
        eb('check_memory.is_measured', '=', 1),
        // That was no fault so far; now it may be one.
        and([
          eb('check_memory.is_silence_expected', '=', 1),
          eb('host.maintenance', '=', 0),
          eb(PATIENCE_MS, '<', look.now - look.startedAt),
        ]),
      ]),
    )
    .execute();
  return rows.map(readSilent);
}

/**
 * Checks whose results stay out as above since it is not their time: their period is outside, and its
 * last window had a result. Those known to be silent are left out. In the order of ids, at most
 * `limit`.
 */
export async function listRestingChecks(sql: Sql, look: SilenceLook): Promise<SilentCheck[]> {
  const resting = look.periods.filter(({ isInside }) => !isInside);
  if (resting.length === 0) return [];
  const rows = await selectSilent(sql, look)
    .where('host.maintenance', '=', 0)
    .where(({ or, and, not, eb }) =>
      and([
        isOverdue(eb, look),
        or(
          resting.map((period) =>
            and([eb('plugin.check_period_id', '=', period.id), not(misses(eb, look, period))]),
          ),
        ),
      ]),
    )
    .where(({ or, eb }) =>
      or([eb('check_memory.check_id', 'is', null), eb('check_memory.is_measured', '=', 1)]),
    )
    .execute();
  return rows.map(readSilent);
}

function selectSilent({ db }: Sql, { after, limit }: SilenceLook) {
  return db
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
    .select([
      'check_state.check_id',
      'check_state.scheduled_at',
      'check_pair.host_id',
      'host.zone',
      'host.maintenance',
      'check_memory.is_silence_expected',
      'plugin.check_period_id',
      'plugin.updated_at',
      'host.updated_at as host_updated_at',
    ])
    .select([INTERVAL_MS.as('interval_ms'), TIMEOUT_MS.as('timeout_ms')])
    .where('plugin.active_checks', '=', 1)
    .where('check_state.check_id', '>', after)
    .orderBy('check_state.check_id')
    .limit(limit);
}

/** As the host has it for itself, or as the plugin says. */
const INTERVAL_MS = raw<number>`coalesce(host_override.interval_ms, plugin.interval_ms)`;
const TIMEOUT_MS = raw<number>`coalesce(host_override.timeout_ms, plugin.timeout_ms)`;

/** As `patienceMs`. */
const PATIENCE_MS = raw<number>`${raw.lit(PATIENT_INTERVALS)} * ${INTERVAL_MS} + ${TIMEOUT_MS} + ${raw.lit(SILENCE_GRACE_MS)}`;

/** Counted from its newest result, and from the latest edit of what it is made of. */
function isOverdue(eb: Builder, { now }: SilenceLook) {
  const instants = ['check_state.scheduled_at', 'plugin.updated_at', 'host.updated_at'];
  return eb.and(
    instants.map((instant) => eb(raw<number>`${raw.ref(instant)} + ${PATIENCE_MS}`, '<', now)),
  );
}

function isAlwaysChecked(eb: Builder, { periods }: SilenceLook) {
  const none = eb('plugin.check_period_id', 'is', null);
  if (periods.length === 0) return eb.or([none, eb('plugin.check_period_id', 'is not', null)]);
  const ids = periods.map(({ id }) => id);
  return eb.or([none, eb('plugin.check_period_id', 'not in', ids)]);
}

/** Whether the last window of a period should have had a result and has none, or none any more. */
function misses(eb: Builder, { now }: SilenceLook, period: PeriodNow) {
  const { id, isInside, openedAt, lengthMs } = period;
  if (openedAt === null) return eb.lit(false);
  // Its first run is due within an interval, or within the window if that is shorter.
  const spreadMs = raw<number>`case when ${INTERVAL_MS} < ${raw.lit(lengthMs)} then ${INTERVAL_MS} else ${raw.lit(lengthMs)} end`;
  return eb.and([
    eb('plugin.check_period_id', '=', id),
    eb(raw<number>`(${spreadMs}) + ${TIMEOUT_MS}`, '<', now - SILENCE_GRACE_MS - openedAt),
    ...(isInside ? [] : [eb('check_state.scheduled_at', '<', openedAt)]),
  ]);
}

function readSilent(row: {
  readonly check_id: number;
  readonly host_id: string;
  readonly scheduled_at: number;
  readonly zone: string;
  readonly maintenance: number;
  readonly is_silence_expected: number | null;
  readonly check_period_id: string | null;
  readonly updated_at: number;
  readonly host_updated_at: number;
  readonly interval_ms: number;
  readonly timeout_ms: number;
}): SilentCheck {
  return {
    checkId: row.check_id,
    hostId: row.host_id,
    scheduledAt: row.scheduled_at,
    zone: row.zone,
    isInMaintenance: row.maintenance === 1,
    isExpected: row.is_silence_expected === 1,
    periodId: row.check_period_id,
    asking: {
      intervalMs: Number(row.interval_ms),
      timeoutMs: Number(row.timeout_ms),
      since: Math.max(row.updated_at, row.host_updated_at),
    },
  };
}
