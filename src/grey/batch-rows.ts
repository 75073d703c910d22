/** Results and states -> rows of the database. Pure. */

import type { Insertable, Selectable } from 'kysely';
import { toStateCode } from '../database/queries/state-codes.ts';
import type { StateStart } from '../database/queries/state-intervals.ts';
import type { CheckStateTable, ResultTable } from '../database/schema.ts';
import type { CheckResult } from '../messages/check-result.ts';
import { STATE_TYPES } from '../model/state-type.ts';
import type { HostState, ServiceState } from '../nagios/state/object-state.ts';

/** A result as that of a check or of a host. */
export function toResultRow({
  id,
  state,
  result,
  collectedAt,
}: {
  readonly id: number;
  readonly state: ServiceState['state'] | HostState['state'];
  readonly result: CheckResult;
  readonly collectedAt: number;
}): Selectable<ResultTable> {
  return {
    check_id: id,
    scheduled_at: result.scheduledAt,
    state: toStateCode(state),
    exit_code: result.exitCode,
    output: result.output,
    long_output: result.longOutput,
    perfdata: JSON.stringify(result.perfdata),
    sent_at: result.sentAt ?? null,
    received_at: result.receivedAt ?? null,
    started_at: result.startedAt,
    finished_at: result.finishedAt,
    collected_at: collectedAt,
    worker: result.worker,
  };
}

/** The state that a result led to. All columns are named: a spread of so many costs ten times that. */
export function toStateRow(
  row: Selectable<ResultTable>,
  state: ServiceState | HostState,
  maxCheckAttempts: number,
): Insertable<CheckStateTable> {
  return {
    check_id: row.check_id,
    scheduled_at: row.scheduled_at,
    state: row.state,
    exit_code: row.exit_code,
    output: row.output,
    long_output: row.long_output,
    perfdata: row.perfdata,
    sent_at: row.sent_at,
    received_at: row.received_at,
    started_at: row.started_at,
    finished_at: row.finished_at,
    collected_at: row.collected_at,
    worker: row.worker,
    last_state_change_at: state.lastStateChangeAt ?? row.finished_at,
    state_type: STATE_TYPES.indexOf(state.stateType),
    attempt: state.attempt,
    max_check_attempts: maxCheckAttempts,
    last_hard_state_change_at: state.lastHardStateChangeAt ?? row.finished_at,
    is_passive: state.checkedBy === 'passive' ? 1 : 0,
  };
}

/** The stretch of history that a change begins; null when it goes on. */
export function findStart(change: {
  readonly id: number;
  readonly at: number;
  readonly output: string;
  /** Why results stay out, of an input that says so. */
  readonly reason: string;
  readonly before: ServiceState | HostState;
  readonly after: ServiceState | HostState;
}): StateStart | null {
  const { id, at, output, reason, before } = change;
  const { state, stateType, scheduledAt, isMeasured, isSilenceExpected } = change.after;
  if (scheduledAt === null) return null;
  const start = { checkId: id, fromAt: at, state, stateType, output, cause: '' };
  if (!isMeasured) {
    // Silence that nobody expects any more is another.
    const isNew = before.isMeasured || before.isSilenceExpected !== isSilenceExpected;
    return isNew ? { ...start, state: 'notMeasured', cause: reason } : null;
  }
  if (before.scheduledAt === null) return { ...start, cause: 'firstResult' };
  if (!before.isMeasured) return { ...start, cause: 'measuredAgain' };
  if (before.state !== state) return { ...start, cause: 'stateChange' };
  return before.stateType === stateType ? null : { ...start, cause: 'hardened' };
}
