/** Commands to checks and hosts as inputs of their rules. */

import { type CheckCommand, EXPECTED_SILENCE } from '../messages/check-command.ts';

/** The input that a command is; silence of which it is known why is expected. */
export function readCommand(command: CheckCommand['command'], at: number) {
  return command.kind === 'notMeasured'
    ? { ...command, at, isExpected: EXPECTED_SILENCE.includes(command.reason) }
    : { ...command, at };
}
