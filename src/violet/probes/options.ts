/** The options of probes, read like getopt: `-w 5`, `-w5`, `-4f ok`, `--port=80`, `--port 80`. */

/** An option: its long name is its key in the table. */
export interface OptionSpec {
  /** Undefined: a long name only. */
  readonly letter?: string;
  /** `optional`: only when it is written together, `-S1.2` or `--ssl=1.2`. */
  readonly takes: 'value' | 'nothing' | 'optional';
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
}

/** Arguments that a probe does not understand; the text says which, for people. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * Reads the arguments of a probe. Throws `UsageError` for an unknown option, one without its value
 * or with one too many, and for arguments that belong to no option.
 */
export function readOptions<Table extends OptionTable>(
  args: readonly string[],
  table: Table,
): Options<keyof Table & string> {
  const given = new Map<string, string[]>();
  const queue = [...args].reverse();
  const take = (name: string, shown: string, attached: string | undefined) => {
    const { takes } = findByName(table, name, shown);
    if (takes === 'nothing' && attached !== undefined) {
      throw new UsageError(`option ${shown} takes no value`);
    }
    const value = takes === 'value' ? (attached ?? queue.pop()) : (attached ?? '');
    if (value === undefined) throw new UsageError(`option ${shown} needs a value`);
    given.set(name, [...(given.get(name) ?? []), value]);
  };
  for (let arg = queue.pop(); arg !== undefined; arg = queue.pop()) {
    if (arg.startsWith('--')) readLongOption(arg, take);
    else if (/^-./s.test(arg)) readLetters(arg, table, take);
    else throw new UsageError(`"${arg}" belongs to no option`);
  }
  return {
    get: (name) => given.get(name)?.at(-1),
    all: (name) => given.get(name) ?? [],
    has: (name) => given.has(name),
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

function findByName(table: OptionTable, name: string, shown: string): OptionSpec {
  const spec = Object.hasOwn(table, name) ? table[name] : undefined;
  if (spec === undefined) throw new UsageError(`there is no option ${shown}`);
  return spec;
}

function readLongOption(arg: string, take: Take): void {
  const equals = arg.indexOf('=');
  const shown = equals === -1 ? arg : arg.slice(0, equals);
  take(shown.slice(2), shown, equals === -1 ? undefined : arg.slice(equals + 1));
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
