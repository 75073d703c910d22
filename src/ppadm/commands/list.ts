/** `ppadm list KIND`: all objects of a kind, filtered. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { addExamples, firstOf, onRun } from '../command-line.ts';
import {
  addFilterOptions,
  nameOptions,
  readCount,
  readFilters,
  type Values,
} from '../field-options.ts';
import type { Kind } from '../kind.ts';
import { KINDS } from '../kinds.ts';
import { fetchList, type Listed, MAX_PAGE_SIZE, printItems } from '../listing.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';

/** Enough for every site that one red can schedule; a bound against what is not a site. */
const DEFAULT_LIMIT = 100_000;

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  host: [
    'ppadm list hosts --suite web',
    'ppadm list hosts --state down,unreachable',
    'ppadm list hosts --maintenance on -o wide',
    'ppadm list hosts -q db -o name',
  ],
  plugin: ['ppadm list plugins --suite web', 'ppadm list plugins --builtin ping -o json'],
  suite: ['ppadm list suites', 'ppadm list suites -o yaml'],
  subnet: ['ppadm list subnets', 'ppadm list subnets --auto-discovery on -o wide'],
  check: [
    'ppadm list checks --problem',
    'ppadm list checks --state critical,unknown --suite web',
    'ppadm list checks --host web1 -o json',
  ],
  worker: ['ppadm list workers', 'ppadm list workers -o wide'],
  job: ['ppadm list jobs --host web1', 'ppadm list jobs --plugin ping --limit 20'],
  discovery: [
    'ppadm list discoveries --subnet office',
    'ppadm list discoveries --state running -o wide',
  ],
  token: ['ppadm list tokens', 'ppadm list tokens -o json'],
  change: ['ppadm list changes --name web1', 'ppadm list changes --actor ci --from 1d'],
};

/** Adds `list hosts`, `list plugins`, ... */
export function defineList(verb: Command, program: Program): void {
  addExamples(verb, firstOf(EXAMPLES));
  for (const kind of KINDS) {
    const command = verb.command(kind.plural).description(`list ${kind.plural}`);
    command.aliases([kind.name, ...(kind.aliases ?? [])]);
    addListOptions(command, kind);
    addExamples(command, EXAMPLES[kind.name] ?? []);
    onRun(command, program, (session) => listKind(session, kind, command.opts()));
  }
}

/** Adds a kind's filters and how much is wanted. */
export function addListOptions(command: Command, kind: Kind, defaultLimit = DEFAULT_LIMIT): void {
  addFilterOptions(command, kind);
  if (kind.isPaged) {
    command
      .option('--sort <fields>', 'by these fields, with - before one downwards: name,-updatedAt')
      .addOption(
        new Option('--page-size <n>', 'items of one request')
          .argParser(readPageSize)
          .default(MAX_PAGE_SIZE)
          .hideHelp(),
      );
  }
  command.addOption(
    new Option('--limit <n>', 'the most that are shown').argParser(readCount).default(defaultLimit),
  );
}

/** Fetches and writes a list, by the options that `addListOptions` added. */
export async function listKind(session: Session, kind: Kind, values: Values): Promise<void> {
  const listed = await fetchKind(session, kind, values);
  await printItems(session, kind, listed.items);
  sayRest(session, listed);
}

/** Fetches a list, by the options that `addListOptions` added. */
export async function fetchKind(session: Session, kind: Kind, values: Values): Promise<Listed> {
  const { sort, limit, pageSize } = values;
  const query = {
    ...readFilters(kind, values, session.now),
    ...(sort === undefined ? {} : { sort: `${sort}` }),
  };
  const options = { query, limit: Number(limit), pageSize: Number(pageSize ?? MAX_PAGE_SIZE) };
  return fetchList(await session.connect(), kind, options).catch((error: unknown) => {
    throw nameOptions(error, kind);
  });
}

/** Says how much of a list was left out, if any. */
export function sayRest(session: Session, { items, total, isComplete }: Listed): void {
  if (!isComplete) session.say(`These are ${items.length} of ${total}; --limit shows more.`);
}

function readPageSize(text: string): number {
  const size = readCount(text);
  if (size <= MAX_PAGE_SIZE) return size;
  throw new InvalidArgumentError(`It must be at most ${MAX_PAGE_SIZE}.`);
}
