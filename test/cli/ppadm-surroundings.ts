/** What `ppadm` is given, made up: a home of its own, screens that keep what is written, a clock. */

import { Readable } from 'node:stream';
import { systemClock } from '../../src/lib/clock.ts';
import { runPpadm } from '../../src/ppadm/main.ts';
import type { Surroundings } from '../../src/ppadm/surroundings.ts';

/** The instant at which every run takes place. */
export const NOW = Date.parse('2026-11-23T10:00:00.000Z');

/** Surroundings without any server, in `folder`; `changes` replace parts of them. */
export function surroundingsOf(folder: string, changes: Partial<Surroundings> = {}): Surroundings {
  const screen = { write: () => undefined, isTerminal: false, columns: undefined };
  return {
    version: '1.2.3',
    environment: {},
    folder,
    home: folder,
    userId: process.getuid?.() ?? null,
    clock: { ...systemClock, now: () => NOW },
    input: { stream: Readable.from([]), isTerminal: false },
    output: screen,
    errors: screen,
    onInterrupt: () => () => {},
    isAlive: async () => true,
    ...changes,
  };
}

/** How a run of the command line ended. */
export interface Run {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs one command line. `columns`: on a terminal that is so wide. */
export async function run(
  args: readonly string[],
  surroundings: Surroundings,
  columns?: number,
): Promise<Run> {
  let output = '';
  let errors = '';
  const isTerminal = columns !== undefined;
  const exitCode = await runPpadm(args, {
    ...surroundings,
    output: {
      write(text) {
        output += text;
      },
      isTerminal,
      columns,
    },
    errors: {
      write(text) {
        errors += text;
      },
      isTerminal,
      columns,
    },
  });
  return { exitCode, output, errors };
}
