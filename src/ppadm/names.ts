/** Which object a command is about: by its name in the line, or by an option that stands for it. */

import { type Command, Option } from 'commander';
import { InvalidInput } from '../model/errors.ts';
import { readFields, type Values } from './field-options.ts';
import type { Kind } from './kind.ts';

/** An object by name, id or address. */
export interface Reference {
  readonly name: string;
  /** The field whose option gave the name; undefined when it stood in the line. */
  readonly field: string | undefined;
}

/** What to write for a kind's name in a command: `<host> <plugin>`. */
export function nameSyntax(kind: Kind): string {
  const [first, ...others] = kind.key.map(({ parameter }) => parameter);
  // A check is also taken as one word, HOST/PLUGIN, as "-o name" writes it.
  return [`<${first}>`, ...others.map((parameter) => `[${parameter}]`)].join(' ');
}

/** Adds, not shown, the options that may stand for a name in commands that do not change fields. */
export function addIdentityOptions(command: Command, kind: Kind): void {
  for (const field of kind.fields.filter((candidate) =>
    kind.identities.includes(candidate.field),
  )) {
    for (const flags of [field.flags, ...(field.aliases ?? [])]) {
      command.addOption(new Option(flags).hideHelp());
    }
  }
}

/** The one object that is meant. Throws `InvalidInput` when none is said, or two are. */
export function readReference(
  kind: Kind,
  { verb, args, values }: { verb: string; args: readonly string[]; values: Values },
): Reference {
  const [name] = args;
  if (name !== undefined) return { name, field: undefined };
  const fields = readFields(kind, values);
  const [field, second] = kind.identities.filter((candidate) => fields[candidate] !== undefined);
  if (field !== undefined && second === undefined) return { name: String(fields[field]), field };
  const message = `Which ${kind.name}? Give its name: ppadm ${verb} ${kind.name} NAME.`;
  throw new InvalidInput([{ path: '', message }]);
}

/** The parameters of a kind's path. Throws `InvalidInput` when one is missing. */
export function readPath(kind: Kind, args: readonly string[]): Record<string, string> {
  const [first = ''] = args;
  // No name holds a slash.
  const words = args.length === 1 && kind.key.length > 1 ? first.split('/') : args;
  const wanted = kind.key.map(({ parameter }) => parameter);
  if (words.length !== wanted.length || words.includes('')) {
    const message = `Which ${kind.name}? Give ${wanted.map((word) => word.toUpperCase()).join(' and ')}.`;
    throw new InvalidInput([{ path: '', message }]);
  }
  return Object.fromEntries(wanted.map((parameter, index) => [parameter, words[index] ?? '']));
}
