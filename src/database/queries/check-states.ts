/** States and results of checks in SQL as grey reads and writes them; `checks.ts` has them for people. */

import type { Insertable, Selectable } from 'kysely';
import type { Sql } from '../database.ts';
import type { CheckMemoryTable, CheckStateTable, ResultTable } from '../schema.ts';
import { noteDowntimes } from './downtime-stretches.ts';
import { type HandlerRun, insertHandlerRuns } from './event-handlers.ts';
import { type EventEntry, insertEvents } from './events.ts';
import { insertStateStarts, type StateStart } from './state-intervals.ts';
import { markForTally } from './tallies.ts';
import { chunksOf, upsertRows } from './upsert.ts';

/** A row of `check_state`. */
export type CheckStateRow = Selectable<CheckStateTable>;

/** A row of `check_memory`. */
export type CheckMemoryRow = Selectable<CheckMemoryTable>;

/** The stored states of checks; those that have none yet are absent. */
export async function readCheckStates(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<CheckStateRow[]> {
  const rows: CheckStateRow[] = [];
  for (const chunk of chunksOf(checkIds, 10_000)) {
    rows.push(
      ...(await db
        .selectFrom('check_state')
        .selectAll('check_state')
        .where('check_state.check_id', 'in', chunk)
        .execute()),
    );
  }
  return rows;
}

/** What is remembered of checks beside their newest result; those without are absent. */
export async function readCheckMemories(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<CheckMemoryRow[]> {
  const rows: CheckMemoryRow[] = [];
  for (const chunk of chunksOf(checkIds, 10_000)) {
    rows.push(
      ...(await db
        .selectFrom('check_memory')
        .selectAll('check_memory')
        .where('check_memory.check_id', 'in', chunk)
        .execute()),
    );
  }
  return rows;
}

/** The due time of the last stored result of each of these checks that has one. */
export async function readLastScheduled(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<{ checkId: number; scheduledAt: number }[]> {
  const rows = await db
    .selectFrom('check_state')
    .select(['check_state.check_id', 'check_state.scheduled_at'])
    .where('check_state.check_id', 'in', checkIds)
    .execute();
  return rows.map((row) => ({ checkId: row.check_id, scheduledAt: row.scheduled_at }));
}

/** Which of these checks exist. */
export async function findExistingChecks(
  { db }: Sql,
  checkIds: readonly number[],
): Promise<Set<number>> {
  const existing = new Set<number>();
  for (const chunk of chunksOf(checkIds, 10_000)) {
    const rows = await db
      .selectFrom('check_pair')
      .select('check_pair.check_id')
      .where('check_pair.check_id', 'in', chunk)
      .execute();
    for (const row of rows) existing.add(row.check_id);
  }
  return existing;
}

/**
 * Writes what a batch of inputs led to. A state is written only if it is newer than the stored one,
 * and a result only once, so that writing the same batch again changes nothing. Throws
 * `ForeignKeyViolation` when a check was deleted meanwhile.
 */
export async function writeBatch(
  sql: Sql,
  batch: {
    readonly states?: readonly Insertable<CheckStateTable>[];
    readonly memories?: readonly Insertable<CheckMemoryTable>[];
    readonly results?: readonly Insertable<ResultTable>[];
    readonly events?: readonly EventEntry[];
    readonly stateStarts?: readonly StateStart[];
    /** Checks that count as something else in the totals now. */
    readonly recounted?: readonly number[];
    readonly handlerRuns?: readonly HandlerRun[];
  },
): Promise<void> {
  await upsertRows(sql, 'check_state', batch.states ?? [], {
    key: ['check_id'],
    update: [
      'state',
      'exit_code',
      'output',
      'long_output',
      'perfdata',
      'sent_at',
      'received_at',
      'started_at',
      'finished_at',
      'collected_at',
      'worker',
      'last_state_change_at',
      'state_type',
      'attempt',
      'max_check_attempts',
      'last_hard_state_change_at',
      'is_passive',
      'scheduled_at',
    ],
    onlyIfNewer: 'scheduled_at',
  });
  await upsertRows(sql, 'check_memory', batch.memories ?? [], {
    key: ['check_id'],
    update: [
      'is_flapping',
      'flap_percent',
      'flapping_since',
      'is_acknowledged',
      'is_in_downtime',
      'is_measured',
      'is_silence_expected',
      'stale_since',
      'next_change_at',
      'waits_until',
      'memory',
      'revision',
    ],
    onlyIfNewer: 'revision',
  });
  await upsertRows(sql, 'result', batch.results ?? [], {
    key: ['check_id', 'scheduled_at'],
    update: [],
  });
  await insertStateStarts(sql, batch.stateStarts ?? []);
  await noteDowntimes(sql, batch.events ?? []);
  await insertHandlerRuns(sql, batch.handlerRuns ?? []);
  await insertEvents(sql, batch.events ?? []);
  await markForTally(sql, batch.recounted ?? []);
}
