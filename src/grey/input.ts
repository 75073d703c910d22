/** What may come in a queue of results: from a message to a value. */

import type { Delivery } from '../broker/broker.ts';
import { CHECK_COMMAND, type CheckCommand, COMMAND_ID_PREFIX } from '../messages/check-command.ts';
import { CHECK_RESULT, type CheckResult } from '../messages/check-result.ts';
import type { Envelope } from '../messages/envelope.ts';
import { HANDLER_REPORT, type HandlerReport, REPORT_ID_PREFIX } from '../messages/event-handler.ts';

/** An input of one shard. */
export type Input =
  | { readonly kind: 'result'; readonly result: CheckResult }
  | { readonly kind: 'command'; readonly command: CheckCommand }
  | { readonly kind: 'report'; readonly report: HandlerReport };

/** The check or host that an input is about. */
export function objectIdOf(input: Input): number {
  switch (input.kind) {
    case 'result':
      return input.result.checkId;
    case 'command':
      return input.command.checkId;
    case 'report':
      return input.report.checkId;
  }
}

/** Throws `PoisonMessage` for what is neither a result nor a command nor a report. */
export function openInput(envelope: Envelope, delivery: Delivery): Input {
  if (delivery.id.startsWith(COMMAND_ID_PREFIX)) {
    return { kind: 'command', command: envelope.open(CHECK_COMMAND, delivery) };
  }
  if (delivery.id.startsWith(REPORT_ID_PREFIX)) {
    return { kind: 'report', report: envelope.open(HANDLER_REPORT, delivery) };
  }
  return { kind: 'result', result: envelope.open(CHECK_RESULT, delivery) };
}
