/** Words of a command line so far -> the words that may come next; names are asked of the server. */

import type { Command, Option } from 'commander';
import type { Kind } from './kind.ts';
import { KINDS } from './kinds.ts';
import { nameOf } from './listing.ts';
import type { Program } from './program.ts';
import type { Session } from './session.ts';

/** Longer than this nobody waits for a key. */
const PATIENCE_MS = 300;
/** More names than this help nobody. */
const MAX_NAMES = 200;

/** Where a line stands. */
interface Line {
  readonly root: Command;
  readonly program: Program;
  readonly session: Session;
  /** Without the program; the last is the one that is being typed, and may be empty. */
  readonly words: readonly string[];
}

/** What may stand in place of the last word. */
export async function findCandidates({ root, program, session, words }: Line): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, args } = await findCommand(root, program, before);
  const startsAlike = (candidate: string) => candidate.startsWith(current);
  const option = findOption(command, before.at(-1));
  if (option) return (await valuesOf(option, session)).filter(startsAlike);
  if (current.startsWith('-')) return longNames(command).filter(startsAlike);
  const subcommands = command.commands.map((one) => one.name());
  if (subcommands.length > 0) {
    const shown = subcommands.filter((name) => name !== 'complete');
    return shown.filter(startsAlike);
  }
  return (await namesFor(command, args, session)).filter(startsAlike);
}

/** The command that the words lead to, and its arguments among them. */
async function findCommand(root: Command, program: Program, words: readonly string[]) {
  let command = root;
  const args: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word.startsWith('-') || findOption(command, words[index - 1])) continue;
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) {
      args.push(word);
      continue;
    }
    if (command === root) await program.defineVerb(next, program);
    command = next;
  }
  return { command, args };
}

/** The option whose value comes next. */
function findOption(command: Command, word: string | undefined): Option | undefined {
  if (word === undefined || !word.startsWith('-')) return undefined;
  const option = command.options.find((one) => one.long === word || one.short === word);
  return option?.required || option?.optional ? option : undefined;
}

function longNames(command: Command): string[] {
  const shown = command.options.filter((option) => !option.hidden);
  return [...shown.flatMap(({ long }) => (long ? [long] : [])), '--help'];
}

async function valuesOf(option: Option, session: Session): Promise<string[]> {
  if (option.argChoices) return [...option.argChoices];
  if (/<on\|off>/.test(option.flags)) return ['on', 'off'];
  const { long } = option;
  const words = KINDS.flatMap(({ fields, filters }) => [...fields, ...filters]).find(
    ({ flags, words: known }) => known !== undefined && flags.startsWith(`${long} `),
  )?.words;
  if (words !== undefined) return [...words];
  const kind = KINDS.find(({ name }) => long?.endsWith(`-${name}`));
  return kind === undefined ? [] : listNames(kind, session);
}

/** Names for the next argument: of the kind that the command is about, part by part for a check. */
async function namesFor(
  command: Command,
  args: readonly string[],
  session: Session,
): Promise<string[]> {
  const parameter = command.registeredArguments[args.length] ?? command.registeredArguments.at(-1);
  const wanted = parameter?.name() ?? '';
  const kind =
    KINDS.find(({ name }) => name === wanted) ??
    (/^names?$/.test(wanted) ? KINDS.find(({ name }) => name === command.name()) : undefined);
  if (command.name() === 'revoke') return listNames(kindCalled('token'), session);
  return kind === undefined ? [] : listNames(kind, session);
}

function kindCalled(name: string): Kind | undefined {
  return KINDS.find((kind) => kind.name === name);
}

async function listNames(kind: Kind | undefined, session: Session): Promise<string[]> {
  if (kind === undefined) return [];
  const client = await session.connect();
  const query = kind.isPaged ? { limit: String(MAX_NAMES) } : {};
  const { items } = await client.call(kind.list, { query, timeoutMs: PATIENCE_MS });
  return (items as readonly Readonly<Record<string, unknown>>[]).map((item) => nameOf(kind, item));
}
