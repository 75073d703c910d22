/** `ppadm add KIND [NAME]`: a new object. */

import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import { addExamples, firstOf, onRun } from '../command-line.ts';
import { addFieldOptions, nameOptions, readFields } from '../field-options.ts';
import { KINDS } from '../kinds.ts';
import { printChanged } from '../objects.ts';
import type { Program } from '../program.ts';

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  host: [
    'ppadm add host web1 --address 10.0.0.1 --suite web',
    'ppadm add host --address 10.0.0.2 --suite web,base --history on --label team=ops',
  ],
  plugin: [
    'ppadm add plugin ping --builtin ping --interval 30s --suite base',
    `ppadm add plugin disk --script check_disk --params '-w 20% -c 10%' --interval 5m`,
  ],
  suite: ['ppadm add suite web', 'ppadm add suite base --plugin ping --host web1,web2'],
  subnet: [
    'ppadm add subnet office --cidr 192.168.30.0/24 --suite base --auto-discovery on',
    'ppadm add subnet lab --subnet 10.1.0.0 --netmask 255.255.255.0',
  ],
};

/** Adds `add host`, `add plugin`, ... */
export function defineAdd(verb: Command, program: Program): void {
  addExamples(verb, firstOf(EXAMPLES));
  for (const kind of KINDS) {
    const { changes } = kind;
    if (changes === undefined) continue;
    const command = verb.command(`${kind.name} [name]`).description(`add a ${kind.name}`);
    command.alias(kind.plural);
    addFieldOptions(command, kind);
    addExamples(command, EXAMPLES[kind.name] ?? []);
    onRun(command, program, async (session, [name]) => {
      const fields = readFields(kind, command.opts());
      const body = { ...fields, ...(name === undefined ? {} : { name }) };
      if (name !== undefined && fields['name'] !== undefined && fields['name'] !== name) {
        const message = 'is not the name before the options: give one.';
        throw new InvalidInput([{ path: '--name', message }]);
      }
      const client = await session.connect();
      const item = await client.call(changes.create, { body }).catch((error: unknown) => {
        throw nameOptions(error, kind);
      });
      await printChanged(session, { verb: 'Added', kind, item });
    });
  }
}
