/** How a command is defined: examples, and what it does when it is run. */

import type { Command } from 'commander';
import { InvalidInput } from '../model/errors.ts';
import type { Program } from './program.ts';
import type { Session } from './session.ts';

/** Adds examples to a command's help, a line each. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ${example}\n`).join('');
  return command.addHelpText('after', `\nExamples:\n${lines}`);
}

/** The first example of each kind, for the help of the verb. */
export function firstOf(examples: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.values(examples).flatMap((lines) => lines.slice(0, 1));
}

/** What a command does when it is run. Its own options are in `command.opts()`. */
export function onRun(
  command: Command,
  program: Program,
  task: (session: Session, args: readonly string[]) => Promise<void>,
  { takesCsv = false }: { readonly takesCsv?: boolean } = {},
): void {
  command.action(async () => {
    // Only now, since help needs none of it.
    const { openSession } = await import('./session.ts');
    const session = await openSession(command, program);
    if (session.isCsv && !takesCsv) {
      const message = 'only series are written as CSV: show stats, show perfdata.';
      throw new InvalidInput([{ path: '--output', message }]);
    }
    await task(session, command.args);
  });
}
