/** Commands to checks and hosts as inputs of their rules. */

import type { CheckCommand } from '../messages/check-command.ts';
import { isExpectedSilence } from '../model/silence-reason.ts';

/** The input that a command is; silence of which it is known why is expected. */
export function readCommand(command: CheckCommand['command'], at: number) {
  return command.kind === 'notMeasured'
    ? { ...command, at, isExpected: isExpectedSilence(command.reason) }
    : { ...command, at };
}
