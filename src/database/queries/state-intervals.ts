/** State history in SQL: stretches of one state, each ending where the next begins. */

import type { CheckStateName } from '../../model/check.ts';
import type { HostStateName } from '../../model/host-state.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { toStateCode } from './state-codes.ts';
import { upsertRows } from './upsert.ts';

/** The beginning of a stretch. */
export interface StateStart<State = CheckStateName | HostStateName> {
  readonly checkId: number;
  readonly fromAt: number;
  /** `notMeasured` when its results stayed out. */
  readonly state: State | 'notMeasured';
  readonly stateType: StateType;
  /** Of its first result. */
  readonly output: string;
  /** Why it began, in one word. */
  readonly cause: string;
}

/** Among the numbers of states. */
const NOT_MEASURED = 4;

/** Writes beginnings; one that is there already stays as it is. */
export async function insertStateStarts(sql: Sql, starts: readonly StateStart[]): Promise<void> {
  const rows = starts.map(({ checkId, fromAt, state, stateType, output, cause }) => ({
    check_id: checkId,
    from_at: fromAt,
    state: state === 'notMeasured' ? NOT_MEASURED : toStateCode(state),
    output,
    state_type: STATE_TYPES.indexOf(stateType),
    cause,
  }));
  await upsertRows(sql, 'state_interval', rows, { key: ['check_id', 'from_at'], update: [] });
}

/**
 * Stretches that begin in `from <= at < to`, the newest first; at most `limit`. `readCode`: whether they
 * are of checks or of hosts.
 */
export async function listStateStarts<State>(
  { db }: Sql,
  checkIds: readonly number[],
  span: { readonly from: number; readonly to: number; readonly limit: number },
  readCode: (code: number) => State,
): Promise<StateStart<State>[]> {
  const rows = await db
    .selectFrom('state_interval')
    .selectAll('state_interval')
    .where('state_interval.check_id', 'in', checkIds)
    .where('state_interval.from_at', '>=', span.from)
    .where('state_interval.from_at', '<', span.to)
    .orderBy('state_interval.from_at', 'desc')
    .limit(span.limit)
    .execute();
  return rows.map((row) => ({
    checkId: row.check_id,
    fromAt: row.from_at,
    state: row.state === NOT_MEASURED ? 'notMeasured' : readCode(row.state),
    stateType: STATE_TYPES[row.state_type] ?? 'hard',
    output: row.output,
    cause: row.cause,
  }));
}

/** The stretch of one check that `at` is in; undefined before the first. */
export async function findStateAt<State>(
  sql: Sql,
  checkId: number,
  at: number,
  readCode: (code: number) => State,
): Promise<StateStart<State> | undefined> {
  const span = { from: 0, to: at + 1, limit: 1 };
  const [start] = await listStateStarts(sql, [checkId], span, readCode);
  return start;
}

/** When the stretch of a check that follows `at` begins; undefined while there is none. */
export async function findNextStart(
  { db }: Sql,
  checkId: number,
  at: number,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('state_interval')
    .select('state_interval.from_at')
    .where('state_interval.check_id', '=', checkId)
    .where('state_interval.from_at', '>', at)
    .orderBy('state_interval.from_at')
    .limit(1)
    .executeTakeFirst();
  return row?.from_at;
}
