/** `ppadm delete KIND NAME...`: each that can be deleted is, and each that cannot is told. */

import type { Command } from 'commander';
import { addExamples, onRun } from '../command-line.ts';
import { EXIT, explainFailure } from '../exit-code.ts';
import { KINDS } from '../kinds.ts';
import { addIdentityOptions, readReference } from '../names.ts';
import { withNearNames } from '../near-names.ts';
import { escapeLine } from '../output/escape.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';

/** Adds `delete host`, `delete plugin`, ... */
export function defineDelete(verb: Command, program: Program): void {
  addExamples(verb, ['ppadm delete host old1', 'ppadm delete suite old1 old2']);
  for (const kind of KINDS) {
    const { changes } = kind;
    if (changes === undefined) continue;
    const command = verb.command(`${kind.name} [names...]`).description(`delete ${kind.plural}`);
    command.alias(kind.plural);
    addIdentityOptions(command, kind);
    addExamples(command, [
      `ppadm delete ${kind.name} old1`,
      `ppadm delete ${kind.name} old1 old2 old3`,
    ]);
    onRun(command, program, async (session, args) => {
      const values = command.opts();
      const { name: first } = readReference(kind, { verb: 'delete', args, values });
      const names = args.length > 0 ? args : [first];
      const client = await session.connect();
      await each(session, names, async (name) => {
        const path = { [kind.name]: name };
        const headers = { prefer: 'return=representation' };
        const removed: Removed | undefined = await withNearNames(session, { kind, name }, () =>
          client.call(changes.delete, { path, headers }),
        );
        const count = removed?.removedChecks ?? 0;
        const checks = count === 0 ? '' : ` and its ${count} ${count === 1 ? 'check' : 'checks'}`;
        session.say(`Deleted ${kind.name} "${escapeLine(name)}"${checks}.`);
        const orphans = removed?.orphans ?? [];
        if (orphans.length > 0) {
          session.say(`It was a parent of ${orphans.map(escapeLine).join(', ')}.`);
        }
        const dependencies = removed?.removedDependencies ?? [];
        if (dependencies.length > 0) {
          const names = dependencies.map(escapeLine).join(', ');
          session.say(`Dependencies that named it are gone with it: ${names}.`);
        }
      });
    });
  }
}

/** What a server tells of a deletion that was asked for it. */
interface Removed {
  readonly removedChecks: number;
  readonly orphans: readonly string[];
  readonly removedDependencies: readonly string[];
}

/** After these the next name would end alike. */
const HOPELESS: readonly number[] = [EXIT.failed, EXIT.notAllowed, EXIT.unreachable];

/** Goes on after a refusal, since the next name may do. */
async function each(
  session: Session,
  names: readonly string[],
  task: (name: string) => Promise<void>,
): Promise<void> {
  let exitCode: number = EXIT.done;
  for (const name of names) {
    try {
      await task(name);
    } catch (error) {
      const failure = explainFailure(error);
      if (HOPELESS.includes(failure.exitCode) || names.length === 1) throw error;
      for (const line of failure.lines) session.say(`ppadm: ${escapeLine(line)}`);
      if (exitCode === EXIT.done) exitCode = failure.exitCode;
    }
  }
  if (exitCode !== EXIT.done) session.endWith(exitCode);
}
