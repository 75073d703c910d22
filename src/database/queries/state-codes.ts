/**
 * Names of states <-> the numbers that are stored. Those of hosts begin at 10, so that a number tells
 * by itself whether it is of a check or of a host.
 */

import { CHECK_STATES, type CheckStateName } from '../../model/check.ts';
import { HOST_STATES, type HostStateName } from '../../model/host-state.ts';

const FIRST_HOST_CODE = 10;

/** Numbers of the problem states of checks. */
export const CHECK_PROBLEM_CODES: readonly number[] = [1, 2, 3];

/** Numbers of the problem states of hosts. */
export const HOST_PROBLEM_CODES: readonly number[] = [11, 12];

/** The number of a state. */
export function toStateCode(name: CheckStateName | HostStateName): number {
  const code = (CHECK_STATES as readonly string[]).indexOf(name);
  return code >= 0 ? code : FIRST_HOST_CODE + (HOST_STATES as readonly string[]).indexOf(name);
}

/** The check's state that a number stands for. */
export function readCheckCode(code: number): CheckStateName {
  return CHECK_STATES[code] ?? 'unknown';
}

/** The host's state that a number stands for. */
export function readHostCode(code: number): HostStateName {
  return HOST_STATES[code - FIRST_HOST_CODE] ?? 'down';
}
