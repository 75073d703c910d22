/** What a kind of thing is to the commands; the table of all is kinds.ts. */

import type { RouteName } from '../contract/paths.ts';
import type { Format } from './output/format.ts';

/** Any object of the API. */
export type Item = Readonly<Record<string, unknown>>;

/** A column of a list. */
export interface Column<Field extends string = string> {
  readonly title: string;
  readonly field: Field;
  /** Default: text. */
  readonly format?: Format;
  /** Only with `-o wide`. */
  readonly isWide?: boolean;
  /** Gives way first when the terminal is too narrow. */
  readonly isFlexible?: boolean;
}

/** An option that fills a field. */
export interface FieldOption<Field extends string = string> {
  readonly field: Field;
  /** As commander takes it: `--address <address>`. */
  readonly flags: string;
  /**
   * `names`: a list, repeatable and with commas; `clearable`: text, where empty text clears;
   * `overrides`: numbers of plugins, repeatable.
   */
  readonly reads:
    | 'text'
    | 'clearable'
    | 'number'
    | 'onOff'
    | 'seconds'
    | 'names'
    | 'entries'
    | 'overrides';
  /** Whether the word `none` clears a number. */
  readonly isClearable?: boolean;
  readonly help: string;
  /** Words that can be completed; the server says whether there are others. */
  readonly words?: readonly string[];
  /** Other names of the option, not shown. */
  readonly aliases?: readonly string[];
  /** A field that cannot be there together with this one, so it is cleared by a change. */
  readonly replaces?: Field;
}

/** An option that narrows a list. */
export interface FilterOption {
  /** The API's parameter. */
  readonly query: string;
  readonly flags: string;
  /**
   * `flag`: present = true; `words`: some of `words`, with commas between; `when`: an instant, or a
   * duration before now.
   */
  readonly reads: 'text' | 'onOff' | 'flag' | 'words' | 'when';
  readonly words?: readonly string[];
  readonly help: string;
}

/** Routes by what they do. */
type RouteOf<Verb extends string> = Extract<RouteName, `${Verb}${Capitalize<ObjectName>}`>;
type ObjectName =
  | 'host'
  | 'plugin'
  | 'suite'
  | 'subnet'
  | 'timeperiod'
  | 'dependency'
  | 'check'
  | 'worker'
  | 'discovery'
  | 'downtime'
  | 'comment'
  | 'token';
type ListRoute = Extract<RouteName, `list${string}`>;

/** Routes that only objects of the configuration have. */
export interface ChangeRoutes {
  readonly create: RouteOf<'create'>;
  readonly change: RouteOf<'change'>;
  readonly delete: RouteOf<'delete'>;
}

/** One kind. */
export interface Kind {
  readonly name: string;
  readonly plural: string;
  /** Other words for the plural, not shown. */
  readonly aliases?: readonly string[];
  readonly list: ListRoute;
  /** Undefined for what has no life of its own. */
  readonly get: RouteOf<'get'> | undefined;
  /** Undefined for what only the services write. */
  readonly changes: ChangeRoutes | undefined;
  /** Parameters of the path, and the fields that fill them. */
  readonly key: readonly { readonly parameter: string; readonly field: string }[];
  /** Whether the list comes in pages, and can be sorted and searched. */
  readonly isPaged: boolean;
  readonly columns: readonly Column[];
  readonly filters: readonly FilterOption[];
  readonly fields: readonly FieldOption[];
  /** Options that may stand for the name when none is given; by field. */
  readonly identities: readonly string[];
}

/** Field names are checked against the contract. */
export interface KindSpec<Json, Input> extends Omit<Kind, 'columns' | 'fields'> {
  readonly columns: readonly Column<keyof Json & string>[];
  readonly fields: readonly FieldOption<keyof Input & string>[];
}

/** The kind, with its field names checked. */
export function defineKind<Json, Input = never>(spec: KindSpec<Json, Input>): Kind {
  return spec;
}
