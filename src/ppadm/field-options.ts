/** Options of the command line -> fields of an object and filters of a list, by a kind's table. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { ProblemAnswer } from '../contract/client.ts';
import { InvalidInput } from '../model/errors.ts';
import type { FieldOption, Item, Kind } from './kind.ts';
import { type Overrides, parseOverride } from './overrides.ts';
import { parseDuration, parseEntry, parseNames, parseOnOff } from './read-values.ts';
import { readWhen } from './when.ts';

/** Parameters that lists of every kind take, whose options are called alike. */
const LIST_PARAMETERS: readonly string[] = ['limit', 'sort'];

/** What a command's options are after parsing. */
export type Values = Readonly<Record<string, unknown>>;

/** Adds the options of a kind's fields. */
export function addFieldOptions(command: Command, kind: Kind): void {
  for (const field of kind.fields) {
    command.addOption(fieldOption(field, field.flags));
    for (const alias of field.aliases ?? []) {
      command.addOption(fieldOption(field, alias).hideHelp());
    }
  }
}

/** Adds `--add-x` and `--remove-x` for the fields that are lists. */
export function addMemberOptions(command: Command, kind: Kind): void {
  for (const field of kind.fields.filter(({ reads }) => reads === 'names')) {
    for (const verb of ['add', 'remove'] as const) {
      const flags = field.flags.replace('--', `--${verb}-`);
      command.addOption(new Option(flags, `${verb} one (repeatable)`).argParser(collectNames));
    }
  }
}

/** Adds the options of a kind's filters. */
export function addFilterOptions(command: Command, kind: Kind): void {
  for (const { flags, help, reads, words = [] } of kind.filters) {
    const option = new Option(flags, help);
    if (reads === 'onOff') option.argParser(readOnOff);
    if (reads === 'words') option.argParser((text: string) => readWords(text, words));
    command.addOption(option);
  }
}

/** The fields that were given. Throws `InvalidInput` when one is given under two names. */
export function readFields(kind: Kind, values: Values): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of kind.fields) {
    const given = flagsOf(field).filter((flags) => values[keyOf(flags)] !== undefined);
    const [flags, second] = given;
    if (flags === undefined) continue;
    if (second !== undefined) {
      throw new InvalidInput([
        { path: longName(second), message: `is another name of ${longName(flags)}: give one.` },
      ]);
    }
    const value = values[keyOf(flags)];
    fields[field.field] = field.reads === 'clearable' && value === '' ? null : value;
  }
  return fields;
}

/**
 * The fields as a change: what stands in the way of a given one is cleared, and lists gain and lose
 * members of those of `current`, which is asked for only then.
 */
export async function readChange(
  kind: Kind,
  values: Values,
  current: () => Promise<Item>,
): Promise<Record<string, unknown>> {
  const fields = readFields(kind, values);
  for (const { field, replaces } of kind.fields) {
    if (fields[field] !== undefined && replaces !== undefined) fields[replaces] ??= null;
  }
  for (const field of kind.fields.filter(({ reads }) => reads === 'names')) {
    const added = namesOf(values, field, 'add');
    const removed = namesOf(values, field, 'remove');
    if (added.length === 0 && removed.length === 0) continue;
    if (fields[field.field] !== undefined) {
      const path = longName(field.flags);
      const message = 'replaces the whole list, so it cannot be given with --add or --remove.';
      throw new InvalidInput([{ path, message }]);
    }
    const before = (await current())[field.field];
    const names = new Set([...(Array.isArray(before) ? before : []), ...added]);
    fields[field.field] = [...names].filter((name) => !removed.includes(name));
  }
  return fields;
}

/** The API's parameters for the filters that were given; durations count back from `now`. */
export function readFilters(kind: Kind, values: Values, now: number): Record<string, string> {
  const query: Record<string, string> = {};
  for (const { query: name, flags, reads } of kind.filters) {
    const given = values[keyOf(flags)];
    if (given === undefined) continue;
    const text = String(given);
    query[name] =
      reads === 'when' ? (readWhen(text, { option: longName(flags), now }) ?? text) : text;
  }
  return query;
}

/** A refusal of the server, with fields and parameters called as the options are. */
export function nameOptions(error: unknown, kind: Kind): unknown {
  if (!(error instanceof ProblemAnswer) || ![400, 422].includes(error.status)) return error;
  const errors = Array.isArray(error.problem.errors) ? error.problem.errors : [];
  if (errors.length === 0) return error;
  return new InvalidInput(
    errors.map(({ path, message }) => ({ path: optionOf(kind, String(path)), message })),
  );
}

/** `path`: a pointer into the body, or a parameter of the query with or without a slash before. */
function optionOf(kind: Kind, path: string): string {
  const name = /^\/?([^/]*)/.exec(path)?.[1] ?? '';
  const option =
    kind.fields.find(({ field }) => field === name) ??
    kind.filters.find(({ query }) => query === name);
  if (option) return longName(option.flags);
  return LIST_PARAMETERS.includes(name) ? `--${name}` : path;
}

function orNone({ isClearable }: FieldOption, read: (text: string) => number) {
  return (text: string) => (isClearable && text === 'none' ? null : read(text));
}

function fieldOption(field: FieldOption, flags: string): Option {
  const option = new Option(flags, field.help);
  switch (field.reads) {
    case 'number':
      return option.argParser(orNone(field, readNumber));
    case 'onOff':
      return option.argParser(readOnOff);
    case 'seconds':
      return option.argParser(orNone(field, readSeconds));
    case 'names':
      return option.argParser(collectNames);
    case 'entries':
      return option.argParser(collectEntries);
    case 'overrides':
      return option.argParser(collectOverrides);
    default:
      return option;
  }
}

function readNumber(text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number.');
}

function readOnOff(text: string): boolean {
  const value = parseOnOff(text);
  if (value !== undefined) return value;
  throw new InvalidArgumentError('It must be on or off.');
}

function readWords(text: string, words: readonly string[]): string {
  const given = parseNames(text.toLowerCase());
  if (given.length > 0 && given.every((word) => words.includes(word))) return given.join(',');
  throw new InvalidArgumentError(`It must be of: ${words.join(', ')}.`);
}

/** Seconds. */
export function readSeconds(text: string): number {
  const value = parseDuration(text);
  if (value !== undefined) return value;
  throw new InvalidArgumentError('It must be a duration like 30s, 5m or 1h30m.');
}

/** A whole number from 1. */
export function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

function collectNames(text: string, before: readonly string[] = []): string[] {
  return [...before, ...parseNames(text)];
}

function collectEntries(text: string, before: Values = {}): Values {
  const entry = parseEntry(text);
  if (entry) return { ...before, [entry[0]]: entry[1] };
  throw new InvalidArgumentError('It must be key=value, or key- to take a key out.');
}

function collectOverrides(text: string, before: Overrides = {}): Overrides {
  const override = parseOverride(text);
  if (override === undefined) {
    throw new InvalidArgumentError('It must be plugin.field=value, or plugin.field- or plugin-.');
  }
  const { plugin, numbers } = override;
  const merged = numbers === null ? null : { ...before[plugin], ...numbers };
  return { ...before, [plugin]: merged };
}

function namesOf(values: Values, field: FieldOption, verb: 'add' | 'remove'): readonly string[] {
  const names = values[keyOf(field.flags.replace('--', `--${verb}-`))];
  return Array.isArray(names) ? names : [];
}

function flagsOf(field: FieldOption): readonly string[] {
  return [field.flags, ...(field.aliases ?? [])];
}

/** The name under which commander keeps an option's value. */
function keyOf(flags: string): string {
  return new Option(flags).attributeName();
}

function longName(flags: string): string {
  return new Option(flags).long ?? flags;
}
