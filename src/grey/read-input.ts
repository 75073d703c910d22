/** Results and commands of the queue as inputs of the rules for checks and hosts. */

import { type CheckCommand, EXPECTED_SILENCE } from '../messages/check-command.ts';
import type { CheckResult } from '../messages/check-result.ts';
import type { CheckStateName } from '../model/check.ts';
import type { ServiceResult, SkippedCheck } from '../nagios/state/evaluation.ts';

/** The input that a command is; silence of which it is known why is expected. */
export function readCommand(command: CheckCommand['command'], at: number) {
  return command.kind === 'notMeasured'
    ? { ...command, at, isExpected: EXPECTED_SILENCE.includes(command.reason) }
    : { ...command, at };
}

/** The input that a result of a check is. */
export function readResult(result: CheckResult): ServiceResult | SkippedCheck<CheckStateName> {
  const { finishedAt: at, scheduledAt, output, state } = result;
  if (result.isSkipped === true) return { kind: 'skipped', at, scheduledAt, state };
  return {
    kind: 'result',
    at,
    scheduledAt,
    output,
    state,
    isFreshnessCheck: result.isFreshnessCheck === true,
    source: result.isPassive === true ? 'passive' : 'active',
  };
}
