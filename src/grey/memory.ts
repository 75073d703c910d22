/**
 * What grey remembers of a check, as rows: what every result changes is in `check_state`, the rest in
 * `check_memory`, which most results leave as it is.
 */

import type { Insertable } from 'kysely';
import type { CheckMemoryRow, CheckStateRow } from '../database/queries/check-states.ts';
import type { CheckMemoryTable } from '../database/schema.ts';
import { CHECK_STATES } from '../model/check.ts';
import { STATE_TYPES } from '../model/state-type.ts';
import { nextChangeAt } from '../nagios/state/inputs.ts';
import { isInDowntime, NEW_SERVICE, type ServiceState } from '../nagios/state/object-state.ts';

/** A check's state between inputs. */
export interface Remembered {
  readonly state: ServiceState;
  /** The state's part in `check_memory`; empty when there is nothing to keep. */
  readonly memory: string;
  /** Of its row there; 0 when there is none. */
  readonly revision: number;
}

/** A check before its first input. */
export const NOTHING_REMEMBERED: Remembered = { state: NEW_SERVICE, memory: '', revision: 0 };

/** Fields that `check_state` has. */
const FIELDS_OF_RESULT = new Set<string>([
  'state',
  'stateType',
  'attempt',
  'scheduledAt',
  'checkedAt',
  'checkedBy',
  'lastStateChangeAt',
  'lastHardStateChangeAt',
] satisfies (keyof ServiceState)[]);

const FIELDS_OF_MEMORY = Object.entries(NEW_SERVICE).filter(
  ([name]) => !FIELDS_OF_RESULT.has(name),
);

/** What the rows of a check say; either may be missing. */
export function readRemembered(
  row: CheckStateRow | undefined,
  memoryRow: CheckMemoryRow | undefined,
): Remembered {
  const memory = memoryRow?.memory ?? '';
  const kept = memory === '' ? {} : (JSON.parse(memory) as Partial<ServiceState>);
  const ofResult = row === undefined ? {} : readResultFields(row);
  return {
    // A check from before its memory was kept has none: its last state is that of now.
    state: { ...NEW_SERVICE, ...ofResult, ...kept },
    memory,
    revision: memoryRow?.revision ?? 0,
  };
}

function readResultFields(row: CheckStateRow) {
  const state = CHECK_STATES[row.state] ?? 'unknown';
  return {
    state,
    stateType: STATE_TYPES[row.state_type] ?? 'hard',
    attempt: row.attempt,
    lastState: state,
    lastHardState: state,
    scheduledAt: row.scheduled_at,
    checkedAt: row.finished_at,
    checkedBy: row.is_passive === 1 ? 'passive' : 'active',
    lastStateChangeAt: row.last_state_change_at,
    lastHardStateChangeAt: row.last_hard_state_change_at,
  } as const;
}

/** The state's part in `check_memory`: fields that are not those of a new check. */
export function formatMemory(state: ServiceState): string {
  let kept: Record<string, unknown> | null = null;
  for (const [name, initial] of FIELDS_OF_MEMORY) {
    const value = state[name as keyof ServiceState];
    // Of a check in a steady state these two are what its result says.
    const expected = name === 'lastState' || name === 'lastHardState' ? state.state : initial;
    if (value === expected || isEmptyAlike(value, initial)) continue;
    kept ??= {};
    kept[name] = value;
  }
  return kept === null ? '' : JSON.stringify(kept);
}

/** The row of a memory. */
export function toMemoryRow(
  checkId: number,
  { state, memory, revision }: Remembered,
): Insertable<CheckMemoryTable> {
  return {
    check_id: checkId,
    is_flapping: state.flapping.isFlapping ? 1 : 0,
    flap_percent: state.flapping.percent,
    is_acknowledged: state.acknowledgement === null ? 0 : 1,
    is_in_downtime: isInDowntime(state) ? 1 : 0,
    is_measured: state.isMeasured ? 1 : 0,
    is_silence_expected: state.isSilenceExpected ? 1 : 0,
    stale_since: state.staleSince,
    next_change_at: nextChangeAt(state),
    memory,
    revision,
  };
}

function isEmptyAlike(value: unknown, initial: unknown): boolean {
  return Array.isArray(value) && Array.isArray(initial) && value.length + initial.length === 0;
}
