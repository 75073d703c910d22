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
  const grammar = grammarOf(ownTable);
  const given: { name: keyof Table & string; value: string }[] = [];
  const values = new Map<string, string[]>();
  const add = (name: string, value: string) => {
    given.push({ name, value });
    const former = values.get(name);
    if (former === undefined) values.set(name, [value]);
    else former.push(value);
  };
  const queue = [...args].reverse();
  const take = (name: string, shown: string, attached: string | undefined) => {
    const takes = grammar.table[name]?.takes;
    if (takes === 'nothing' && attached !== undefined) {
      throw new UsageError(`option ${shown} takes no value`);
    }
    const value = takes === 'value' ? (attached ?? queue.pop()) : (attached ?? '');
    if (value === undefined) throw new UsageError(`option ${shown} needs a value`);
    if (Object.hasOwn(ownTable, name)) add(name, value);
    else if (name !== 'verbose') throw new UsageError(`${shown} asks for nothing to be checked`);
  };
  for (let arg = queue.pop(); arg !== undefined; arg = queue.pop()) {
    if (arg.startsWith('--')) readLongOption(arg, grammar, take);
    else if (arg.startsWith('-') && arg.length > 1) readLetters(arg, grammar, take);
    else if (grammar.wordOption !== undefined) add(grammar.wordOption, arg);
    else throw new UsageError(`"${arg}" belongs to no option`);
  }
  return {
    all: (name) => values.get(name) ?? [],
    get: (name) => values.get(name)?.at(-1),
    has: (name) => values.has(name),
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

/** A table with the common options, in the forms in which arguments are looked up. */
interface Grammar {
  readonly table: OptionTable;
  readonly nameOfLetter: ReadonlyMap<string, string>;
  /** Aliases too, in the order of the table. */
  readonly longNames: readonly { readonly name: string; readonly long: string }[];
  /** The option of words that belong to no other. */
  readonly wordOption: string | undefined;
}

/** Tables are constants, and arguments are read at every check. */
const grammars = new WeakMap<OptionTable, Grammar>();

function grammarOf(ownTable: OptionTable): Grammar {
  const known = grammars.get(ownTable);
  if (known !== undefined) return known;
  const table: OptionTable = { ...COMMON_OPTIONS, ...ownTable };
  const entries = Object.entries(table);
  const grammar = {
    table,
    // Of two options of one letter the first counts.
    nameOfLetter: new Map(
      entries
        .flatMap(([name, { letter }]): [string, string][] => (letter ? [[letter, name]] : []))
        .reverse(),
    ),
    longNames: entries.flatMap(([name, { aliases = [] }]) => {
      return [name, ...aliases].map((long) => ({ name, long }));
    }),
    wordOption: Object.keys(ownTable).find((name) => ownTable[name]?.takesWords),
  };
  grammars.set(ownTable, grammar);
  return grammar;
}

type Take = (name: string, shown: string, attached: string | undefined) => void;

function readLongOption(arg: string, grammar: Grammar, take: Take): void {
  const equals = arg.indexOf('=');
  const shown = equals === -1 ? arg : arg.slice(0, equals);
  const names = findLongNames(shown.slice(2), grammar);
  const [name] = names;
  if (name === undefined) throw new UsageError(`there is no option ${shown}`);
  if (names.length > 1) {
    const meanings = names.map((one) => `--${one}`).join(' or ');
    throw new UsageError(`option ${shown} may mean ${meanings}`);
  }
  take(name, shown, equals === -1 ? undefined : arg.slice(equals + 1));
}

/** The option of exactly this name, else all that begin so. */
function findLongNames(text: string, { longNames }: Grammar): string[] {
  const exact = longNames.find(({ long }) => long === text);
  if (exact !== undefined) return [exact.name];
  const begun = longNames.filter(({ long }) => text !== '' && long.startsWith(text));
  return [...new Set(begun.map(({ name }) => name))];
}

/** Several letters may share a `-`; the first that takes a value takes the rest. */
function readLetters(arg: string, { table, nameOfLetter }: Grammar, take: Take): void {
  for (let index = 1; index < arg.length; index++) {
    const letter = arg.charAt(index);
    const name = nameOfLetter.get(letter);
    if (name === undefined) throw new UsageError(`there is no option -${letter}`);
    const rest = arg.slice(index + 1);
    const takesRest = table[name]?.takes !== 'nothing' && rest !== '';
    take(name, `-${letter}`, takesRest ? rest : undefined);
    if (takesRest) return;
  }
}
