/** `ppadm edit KIND NAME`: changes the fields that are given, and no other. */

import type { Command } from 'commander';
import { ProblemAnswer } from '../../contract/client.ts';
import { InvalidInput } from '../../model/errors.ts';
import { addExamples, firstOf, onRun } from '../command-line.ts';
import { addFieldOptions, addMemberOptions, nameOptions, readChange } from '../field-options.ts';
import { KINDS } from '../kinds.ts';
import { readReference } from '../names.ts';
import { withNearNames } from '../near-names.ts';
import { printChanged } from '../objects.ts';
import type { Program } from '../program.ts';

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  host: [
    'ppadm edit host web1 --maintenance on',
    'ppadm edit host web1 --add-suite db --label team=ops --label old-',
    'ppadm edit host web1 --name web01 --subnet ""',
  ],
  plugin: [
    'ppadm edit plugin ping --interval 1m',
    'ppadm edit plugin ping --suite base,web      # its suites are now these',
  ],
  suite: [
    'ppadm edit suite web --add-host web3 --remove-host web1',
    'ppadm edit suite web --name www',
  ],
  subnet: [
    'ppadm edit subnet office --auto-discovery off',
    'ppadm edit subnet office --exclude 192.168.30.1,192.168.30.254',
  ],
};

/** Somebody else's changes of the same object that are waited out. */
const MAX_TRIES = 10;
const CONFLICT = 409;

/** Reads and changes again when somebody else has changed in between what `change` has read. */
async function retryLostUpdates<Value>(
  change: (noteRead: () => void) => Promise<Value>,
): Promise<Value> {
  for (let tries = 1; ; tries++) {
    let hasRead = false;
    const noteRead = () => {
      hasRead = true;
    };
    try {
      return await change(noteRead);
    } catch (error) {
      const isLost = hasRead && error instanceof ProblemAnswer && error.status === CONFLICT;
      if (!isLost || tries === MAX_TRIES) throw error;
    }
  }
}

/** Adds `edit host`, `edit plugin`, ... */
export function defineEdit(verb: Command, program: Program): void {
  addExamples(verb, firstOf(EXAMPLES));
  for (const kind of KINDS) {
    const { changes, get } = kind;
    if (changes === undefined || get === undefined) continue;
    const description = `change a ${kind.name}: what is given, and nothing else`;
    const command = verb.command(`${kind.name} [name]`).description(description);
    command.alias(kind.plural);
    addFieldOptions(command, kind);
    addMemberOptions(command, kind);
    addExamples(command, EXAMPLES[kind.name] ?? []);
    onRun(command, program, async (session, args) => {
      const values = command.opts();
      const { name, field } = readReference(kind, { verb: 'edit', args, values });
      const path = { [kind.name]: name };
      const change = async (noteRead: () => void) => {
        const headers: Record<string, string> = {};
        const read = async () => {
          const item = await (await session.connect()).call(get, { path });
          // Lists are sent whole: what others add meanwhile must not be lost.
          if ('version' in item) headers['if-match'] = `"${item.version}"`;
          noteRead();
          return item;
        };
        const body = await readChange(kind, values, read);
        if (field !== undefined) delete body[field];
        if (Object.keys(body).length > 0) {
          return (await session.connect()).call(changes.change, { path, body, headers });
        }
        const message = `There is nothing to change: ppadm edit ${kind.name} --help shows the options.`;
        throw new InvalidInput([{ path: '', message }]);
      };
      const changeAtLast = () => retryLostUpdates(change);
      const item = await withNearNames(session, { kind, name }, changeAtLast).catch(
        (error: unknown) => {
          throw nameOptions(error, kind);
        },
      );
      await printChanged(session, { verb: 'Changed', kind, item });
    });
  }
}
