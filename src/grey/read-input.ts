/** Results and commands of the queue as inputs of the rules for checks and hosts. */

import type { CheckCommand } from '../messages/check-command.ts';
import type { CheckResult } from '../messages/check-result.ts';
import type { CheckStateName } from '../model/check.ts';
import { isExpectedSilence } from '../model/silence-reason.ts';
import type { ServiceResult, SkippedCheck } from '../nagios/state/evaluation.ts';
import type { HostState } from '../nagios/state/object-state.ts';

/** The input that a command is; silence of which it is known why is expected. */
export function readCommand(command: CheckCommand['command'], at: number) {
  return command.kind === 'notMeasured'
    ? { ...command, at, isExpected: isExpectedSilence(command.reason) }
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

/**
 * What a command to its host check says of a host: what is not known of the check is not known of the
 * host either, but for one that was given a state since, as its check was not run. Null: nothing.
 */
export function readForHost(
  command: CheckCommand['command'],
  { scheduledAt }: Pick<HostState, 'scheduledAt'>,
): CheckCommand['command'] | null {
  if (command.kind !== 'notMeasured') return null;
  const isGiven =
    command.reason === 'dependency' && (scheduledAt ?? 0) > (command.scheduledAt ?? 0);
  return isGiven ? null : { ...command, scheduledAt };
}
