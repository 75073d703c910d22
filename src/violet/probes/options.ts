/**
 * The options of probes, read like getopt: `-w 5`, `-w5`, `-4f ok`, `--port=80`, `--port 80`, and
 * `--po 80` while no other option begins so.
 */

/** An option: its long name is its key in the table. */
export interface OptionSpec {
  /** Undefined: a long name only. */
  readonly letter?: string;
  /** `optional`: only when it is written together, `-S1.2` or `--ssl=1.2`. */
  readonly takes: 'value' | 'nothing' | 'optional';
  /** Further long names. */
  readonly aliases?: readonly string[];
  /** Words that belong to no option are its values too. */
  readonly takesWords?: true;
}

/** Options by their long names. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** What was given, by long name. */
export interface Options<Name extends string> {
  /** The last value; undefined when it was not given. Empty for an option without a value. */
  get(name: Name): string | undefined;
  /** All values, in order. */
  all(name: Name): readonly string[];
  has(name: Name): boolean;
  /** Everything in the order of the arguments, for options that act upon those after them. */
  readonly inOrder: readonly { readonly name: Name; readonly value: string }[];
}

/** What all probes take. `-v` would show what a person at a terminal wants to see: nothing here. */
const COMMON_OPTIONS: OptionTable = {
  help: { letter: 'h', takes: 'nothing' },
  version: { letter: 'V', takes: 'nothing' },
  verbose: { letter: 'v', takes: 'nothing' },
};

/** Arguments that a probe does not understand; the text says which, for people. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * Reads the arguments of a probe. Throws `UsageError` for an unknown option, one without its value
 * or with one too many, for a wish for help, and for arguments that belong to no option.
 */
export function readOptions<Table extends OptionTable>(
  args: readonly string[],
  ownTable: Table,
): Options<keyof Table & string> {
  const table: OptionTable = { ...COMMON_OPTIONS, ...ownTable };
  const given: { name: keyof Table & string; value: string }[] = [];
  const queue = [...args].reverse();
  const wordOption = Object.keys(ownTable).find((name) => ownTable[name]?.takesWords);
  const take = (name: string, shown: string, attached: string | undefined) => {
    const takes = table[name]?.takes;
    if (takes === 'nothing' && attached !== undefined) {
      throw new UsageError(`option ${shown} takes no value`);
    }
    const value = takes === 'value' ? (attached ?? queue.pop()) : (attached ?? '');
    if (value === undefined) throw new UsageError(`option ${shown} needs a value`);
    if (Object.hasOwn(ownTable, name)) given.push({ name, value });
    else if (name !== 'verbose') throw new UsageError(`${shown} asks for nothing to be checked`);
  };
  for (let arg = queue.pop(); arg !== undefined; arg = queue.pop()) {
    if (arg.startsWith('--')) readLongOption(arg, table, take);
    else if (/^-./s.test(arg)) readLetters(arg, table, take);
    else if (wordOption !== undefined) given.push({ name: wordOption, value: arg });
    else throw new UsageError(`"${arg}" belongs to no option`);
  }
  const all = (name: string) => given.filter((one) => one.name === name).map(({ value }) => value);
  return {
    all,
    get: (name) => all(name).at(-1),
    has: (name) => given.some((one) => one.name === name),
    inOrder: given,
  };
}

/** A number of an option that is not negative; throws `UsageError` for anything else. */
export function readNumber(
  text: string,
  {
    name,
    max,
    isWhole,
  }: { readonly name: string; readonly max: number; readonly isWhole: boolean },
): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 0 && number <= max) || (isWhole && !Number.isInteger(number))) {
    const kind = isWhole ? 'a whole number' : 'a number';
    throw new UsageError(`"${text}" is no ${name}: it must be ${kind} up to ${max}`);
  }
  return number;
}

type Take = (name: string, shown: string, attached: string | undefined) => void;

function readLongOption(arg: string, table: OptionTable, take: Take): void {
  const equals = arg.indexOf('=');
  const shown = equals === -1 ? arg : arg.slice(0, equals);
  const names = findLongNames(shown.slice(2), table);
  const [name] = names;
  if (name === undefined) throw new UsageError(`there is no option ${shown}`);
  if (names.length > 1) {
    const meanings = names.map((one) => `--${one}`).join(' or ');
    throw new UsageError(`option ${shown} may mean ${meanings}`);
  }
  take(name, shown, equals === -1 ? undefined : arg.slice(equals + 1));
}

/** The option of exactly this name, else all that begin so. */
function findLongNames(text: string, table: OptionTable): string[] {
  const names = Object.entries(table).flatMap(([name, { aliases = [] }]) => {
    return [name, ...aliases].map((long) => ({ name, long }));
  });
  const exact = names.find(({ long }) => long === text);
  if (exact !== undefined) return [exact.name];
  const begun = names.filter(({ long }) => text !== '' && long.startsWith(text));
  return [...new Set(begun.map(({ name }) => name))];
}

/** Several letters may share a `-`; the first that takes a value takes the rest. */
function readLetters(arg: string, table: OptionTable, take: Take): void {
  for (let index = 1; index < arg.length; index++) {
    const letter = arg.charAt(index);
    const name = Object.keys(table).find((key) => table[key]?.letter === letter);
    if (name === undefined) throw new UsageError(`there is no option -${letter}`);
    const rest = arg.slice(index + 1);
    const takesRest = table[name]?.takes !== 'nothing' && rest !== '';
    take(name, `-${letter}`, takesRest ? rest : undefined);
    if (takesRest) return;
  }
}
