/** A batch of inputs of one shard -> states, rows and events. Pure. */

import type { Insertable } from 'kysely';
import type { EventEntry } from '../database/queries/events.ts';
import type { StateStart } from '../database/queries/state-intervals.ts';
import type { CheckMemoryTable, CheckStateTable, ResultTable } from '../database/schema.ts';
import { type CheckCommand, OUTSIDE_PERIOD } from '../messages/check-command.ts';
import type { CheckResult } from '../messages/check-result.ts';
import { CHECK_STATES } from '../model/check.ts';
import { DEFAULT_POLICY } from '../model/check-policy.ts';
import { STATE_TYPES } from '../model/state-type.ts';
import { evaluateService } from '../nagios/state/evaluate-service.ts';
import type { Evaluation, ServiceInput } from '../nagios/state/evaluation.ts';
import type { ServiceState } from '../nagios/state/object-state.ts';
import { describeChange } from './check-events.ts';
import { formatMemory, NOTHING_REMEMBERED, type Remembered, toMemoryRow } from './memory.ts';
import { type Site, situationOf } from './situation.ts';

/** What may come in a queue of results. */
export type Input =
  | { readonly kind: 'result'; readonly result: CheckResult }
  | { readonly kind: 'command'; readonly command: CheckCommand };

/** What a batch comes to. */
export interface BatchEvaluation {
  readonly states: ReadonlyMap<number, Remembered>;
  readonly stateRows: readonly Insertable<CheckStateTable>[];
  readonly memoryRows: readonly Insertable<CheckMemoryTable>[];
  readonly resultRows: readonly Insertable<ResultTable>[];
  readonly events: readonly EventEntry[];
  readonly stateStarts: readonly StateStart[];
  /** Checks that are wanted before their regular time, and when. */
  readonly wanted: readonly (readonly [checkId: number, at: number])[];
  /** Results that changed nothing. */
  readonly repeatedCount: number;
}

/** How often a check of an older service's result runs, for want of better. */
const UNKNOWN_INTERVAL_MS = 60_000;

/** The check that an input is about. */
export function checkIdOf(input: Input): number {
  return input.kind === 'result' ? input.result.checkId : input.command.checkId;
}

/** Applies inputs in their order. */
export function evaluateBatch(
  before: ReadonlyMap<number, Remembered>,
  inputs: readonly Input[],
  options: { readonly site: Site; readonly keepsHistory: boolean },
): BatchEvaluation {
  const states = new Map(before);
  const stateRows = new Map<number, Insertable<CheckStateTable>>();
  const memoryRows = new Map<number, Insertable<CheckMemoryTable>>();
  const resultRows = new Map<string, Insertable<ResultTable>>();
  const wanted = new Map<number, number>();
  const events: EventEntry[] = [];
  const stateStarts: StateStart[] = [];
  let repeatedCount = 0;
  for (const input of inputs) {
    const checkId = checkIdOf(input);
    const former = states.get(checkId) ?? NOTHING_REMEMBERED;
    const facts = readInput(input);
    const situation = situationOf(facts.policy, facts.intervalMs, options.site);
    const evaluation = evaluateService(situation, former.state, facts.input);
    const { state, hasEffect, retryAt } = evaluation;
    if (input.kind === 'result') {
      const { result } = input;
      const row = toResultRow(result);
      if (options.keepsHistory && result.keepHistory) {
        resultRows.set(`${checkId}-${result.scheduledAt}`, row);
      }
      if (!hasEffect) repeatedCount++;
      else stateRows.set(checkId, toStateRow(row, state, facts.policy.maxCheckAttempts));
    }
    if (!hasEffect) continue;
    const memory = formatMemory(state);
    const isKept = memory === former.memory;
    const revision = former.revision + (isKept ? 0 : 1);
    const remembered = { state, memory, revision };
    states.set(checkId, remembered);
    if (!isKept) memoryRows.set(checkId, toMemoryRow(checkId, remembered));
    const { maxCheckAttempts } = facts.policy;
    const change = { ...facts, checkId, maxCheckAttempts, before: former.state, evaluation };
    events.push(...describeChange(change));
    const start = findStart(change);
    if (start !== null) stateStarts.push(start);
    if (retryAt !== null) wanted.set(checkId, retryAt);
    else wanted.delete(checkId);
  }
  return {
    states,
    stateRows: [...stateRows.values()],
    memoryRows: [...memoryRows.values()],
    resultRows: [...resultRows.values()],
    events,
    stateStarts,
    wanted: [...wanted],
    repeatedCount,
  };
}

function readInput(input: Input) {
  if (input.kind === 'command') {
    const { host, plugin, policy, intervalMs, at, command } = input.command;
    const reason = command.kind === 'notMeasured' ? command.reason : '';
    const taken: ServiceInput =
      command.kind === 'notMeasured'
        ? { ...command, at, isExpected: reason === OUTSIDE_PERIOD }
        : { ...command, at };
    return { host, plugin, policy, intervalMs, at, output: '', reason, input: taken };
  }
  const { result } = input;
  const { host, plugin, output, scheduledAt, finishedAt: at } = result;
  const taken: ServiceInput = {
    ...{ kind: 'result', at, scheduledAt, output, state: result.state },
    source: result.isPassive === true ? 'passive' : 'active',
    isFreshnessCheck: result.isFreshnessCheck === true,
  };
  const { policy = DEFAULT_POLICY, intervalMs = UNKNOWN_INTERVAL_MS } = result;
  return { host, plugin, policy, intervalMs, at, output, reason: '', input: taken };
}

/** The stretch of history that a change begins; null when it goes on. */
function findStart(change: {
  readonly checkId: number;
  readonly at: number;
  readonly output: string;
  /** Why results stay out, of an input that says so. */
  readonly reason: string;
  readonly before: ServiceState;
  readonly evaluation: Evaluation<ServiceState>;
}): StateStart | null {
  const { checkId, at, output, reason, before } = change;
  const { state, stateType, scheduledAt, isMeasured, isSilenceExpected } = change.evaluation.state;
  if (scheduledAt === null) return null;
  const start = { checkId, fromAt: at, state, stateType, output };
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

function toResultRow(result: CheckResult): Insertable<ResultTable> {
  return {
    check_id: result.checkId,
    scheduled_at: result.scheduledAt,
    state: CHECK_STATES.indexOf(result.state),
    exit_code: result.exitCode,
    output: result.output,
    long_output: result.longOutput,
    perfdata: JSON.stringify(result.perfdata),
    started_at: result.startedAt,
    finished_at: result.finishedAt,
    worker: result.worker,
  };
}

function toStateRow(
  row: Insertable<ResultTable>,
  state: ServiceState,
  maxCheckAttempts: number,
): Insertable<CheckStateTable> {
  return {
    ...row,
    last_state_change_at: state.lastStateChangeAt ?? row.finished_at,
    state_type: STATE_TYPES.indexOf(state.stateType),
    attempt: state.attempt,
    max_check_attempts: maxCheckAttempts,
    last_hard_state_change_at: state.lastHardStateChangeAt ?? row.finished_at,
    is_passive: state.checkedBy === 'passive' ? 1 : 0,
  };
}
