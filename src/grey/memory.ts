/**
 * What grey remembers of a check or host, as rows: what every result changes is in `check_state`, the
 * rest in `check_memory`, which most results leave as it is.
 */

import type { Insertable } from 'kysely';
import type { CheckMemoryRow, CheckStateRow } from '../database/queries/check-states.ts';
import { readCheckCode, readHostCode } from '../database/queries/state-codes.ts';
import type { CheckMemoryTable } from '../database/schema.ts';
import type { CheckResult } from '../messages/check-result.ts';
import { STATE_TYPES } from '../model/state-type.ts';
import { nextChangeAt } from '../nagios/state/inputs.ts';
import {
  type HostState,
  isInDowntime,
  NEW_HOST,
  NEW_SERVICE,
  type ServiceState,
} from '../nagios/state/object-state.ts';

interface Kept {
  /** The state's part in `check_memory`; empty when there is nothing to keep. */
  readonly memory: string;
  /** Of its row there; 0 when there is none. */
  readonly revision: number;
}

/** A check's state between inputs. */
export interface RememberedCheck extends Kept {
  readonly kind: 'check';
  readonly state: ServiceState;
}

/** A host's state between inputs. */
export interface RememberedHost extends Kept {
  readonly kind: 'host';
  readonly state: HostState;
  /** A result that is judged once its parents were checked; null: there is none. */
  readonly held: HeldResult | null;
}

/** Either. */
export type Remembered = RememberedCheck | RememberedHost;

/** A result of a host that is not judged yet. */
export interface HeldResult {
  /** The newest. */
  readonly result: CheckResult;
  /** When the first of those that waited was taken; parents count as checked from then on. */
  readonly since: number;
  /** When it is judged by what is known then. */
  readonly until: number;
}

/** A check before its first input. */
export const NEW_CHECK_MEMORY: RememberedCheck = {
  kind: 'check',
  state: NEW_SERVICE,
  memory: '',
  revision: 0,
};

/** A host before its first input. */
export const NEW_HOST_MEMORY: RememberedHost = {
  kind: 'host',
  state: NEW_HOST,
  held: null,
  memory: '',
  revision: 0,
};

const NOTHING_KEPT: { readonly held?: HeldResult } = {};

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

const FIELDS_OF_MEMORY = {
  check: Object.entries(NEW_SERVICE).filter(([name]) => !FIELDS_OF_RESULT.has(name)),
  host: Object.entries(NEW_HOST).filter(([name]) => !FIELDS_OF_RESULT.has(name)),
};

/** What the rows of a check or host say; either may be missing. */
export function readRemembered(
  kind: Remembered['kind'],
  row: CheckStateRow | undefined,
  memoryRow: CheckMemoryRow | undefined,
): Remembered {
  const memory = memoryRow?.memory ?? '';
  // As `formatMemory` wrote it of an object of this kind.
  const { held = null, ...kept } = memory === '' ? NOTHING_KEPT : JSON.parse(memory);
  const revision = memoryRow?.revision ?? 0;
  // One from before its memory was kept has none: its last state is that of now.
  if (kind === 'check') {
    const ofResult = row === undefined ? {} : readResultFields(row, readCheckCode(row.state));
    return { kind, state: { ...NEW_SERVICE, ...ofResult, ...kept }, memory, revision };
  }
  const ofResult = row === undefined ? {} : readResultFields(row, readHostCode(row.state));
  return { kind, state: { ...NEW_HOST, ...ofResult, ...kept }, held, memory, revision };
}

function readResultFields<Name>(row: CheckStateRow, state: Name) {
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

/** The part in `check_memory`: fields that are not those of a new object, and what is held. */
export function formatMemory(
  kind: Remembered['kind'],
  state: ServiceState | HostState,
  held: HeldResult | null,
): string {
  let kept: Record<string, unknown> | null = held === null ? null : { held };
  for (const [name, initial] of FIELDS_OF_MEMORY[kind]) {
    const value = state[name as keyof ServiceState];
    // Of an object in a steady state these two are what its result says.
    const expected = name === 'lastState' || name === 'lastHardState' ? state.state : initial;
    if (value === expected || isEmptyAlike(value, initial)) continue;
    kept ??= {};
    kept[name] = value;
  }
  return kept === null ? '' : JSON.stringify(kept);
}

/** The row of a memory. */
export function toMemoryRow(id: number, remembered: Remembered): Insertable<CheckMemoryTable> {
  const { state, memory, revision } = remembered;
  const heldUntil = remembered.kind === 'host' ? (remembered.held?.until ?? null) : null;
  return {
    check_id: id,
    is_flapping: state.flapping.isFlapping ? 1 : 0,
    flap_percent: state.flapping.percent,
    // One from before this was kept has none.
    flapping_since: state.flapping.since ?? null,
    is_acknowledged: state.acknowledgement === null ? 0 : 1,
    is_in_downtime: isInDowntime(state) ? 1 : 0,
    is_measured: state.isMeasured ? 1 : 0,
    is_silence_expected: state.isSilenceExpected ? 1 : 0,
    stale_since: state.staleSince,
    next_change_at: earlier(nextChangeAt(state), heldUntil),
    waits_until: earlier(state.waitsUntil, heldUntil),
    memory,
    revision,
  };
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

function isEmptyAlike(value: unknown, initial: unknown): boolean {
  return Array.isArray(value) && Array.isArray(initial) && value.length + initial.length === 0;
}
