/** YAML documents that say what a site is to be: `{ kind, metadata: { name }, spec }`. */

import { isMap, LineCounter, parseAllDocuments, stringify } from 'yaml';
import { HostInputSchema } from '../contract/hosts.ts';
import { PluginInputSchema } from '../contract/plugins.ts';
import { SubnetInputSchema } from '../contract/subnets.ts';
import { SuiteInputSchema } from '../contract/suites.ts';
import type { FieldError } from '../model/errors.ts';
import { InvalidInput } from '../model/errors.ts';

/** The kinds that documents can have, in the order in which they are made. */
export const DOCUMENT_KINDS = ['suite', 'plugin', 'subnet', 'host'] as const;

/** A kind of documents. */
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** One document. */
export interface SiteDocument {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** `FILE:LINE` of its beginning. */
  readonly place: string;
  /** `FILE:LINE` of a field of its spec. */
  readonly placeOf: (field: string) => string;
}

/** What is known of the fields of a kind. */
interface KindFields {
  /** How the kind is written. */
  readonly title: string;
  /** Every field but the name, with its default; undefined = it has none. */
  readonly defaults: ReadonlyMap<string, unknown>;
  /** Lists of names that two documents can speak of: field -> the other kind and its field. */
  readonly memberships: Readonly<Record<string, readonly [DocumentKind, string]>>;
}

/** The fields of each kind; from the contract, so that none can be forgotten. */
export const KIND_FIELDS: Readonly<Record<DocumentKind, KindFields>> = {
  suite: {
    title: 'Suite',
    defaults: defaultsOf(SuiteInputSchema),
    memberships: {
      hosts: ['host', 'suites'],
      plugins: ['plugin', 'suites'],
      subnets: ['subnet', 'suites'],
    },
  },
  plugin: {
    title: 'Plugin',
    defaults: defaultsOf(PluginInputSchema),
    memberships: { suites: ['suite', 'plugins'] },
  },
  subnet: {
    title: 'Subnet',
    defaults: defaultsOf(SubnetInputSchema),
    memberships: { suites: ['suite', 'subnets'] },
  },
  host: {
    title: 'Host',
    defaults: defaultsOf(HostInputSchema),
    memberships: { suites: ['suite', 'hosts'] },
  },
};

function defaultsOf(schema: { readonly properties: object }): Map<string, unknown> {
  const fields = Object.entries(schema.properties as Record<string, { default?: unknown }>);
  return new Map(
    fields.filter(([name]) => name !== 'name').map(([name, field]) => [name, field.default]),
  );
}

/** Reads the documents of one file. Throws `InvalidInput` that names every fault by file and line. */
export function parseDocuments(file: string, text: string): SiteDocument[] {
  const lines = new LineCounter();
  const errors: FieldError[] = [];
  const documents: SiteDocument[] = [];
  for (const parsed of parseAllDocuments(text, { lineCounter: lines })) {
    if (!('contents' in parsed)) continue;
    const placeAt = (offset: number | undefined) => `${file}:${lines.linePos(offset ?? 0).line}`;
    const start = placeAt(parsed.contents?.range?.[0] ?? parsed.range[0]);
    const [fault] = parsed.errors;
    if (fault) {
      errors.push({ path: placeAt(fault.pos[0]), message: firstLine(fault.message) });
      continue;
    }
    const value: unknown = parsed.toJS({ maxAliasCount: 100 });
    if (value === null) continue;
    const specNode = parsed.get('spec', true);
    const placeOf = (field: string) => {
      const pair = isMap(specNode)
        ? specNode.items.find((item) => String(item.key) === field)
        : undefined;
      const key = pair?.key as { range?: number[] } | undefined;
      return key?.range ? placeAt(key.range[0]) : start;
    };
    const read = readDocument(value, { place: start, placeOf });
    if (Array.isArray(read)) errors.push(...read);
    else documents.push(read);
  }
  if (errors.length > 0) throw new InvalidInput(errors);
  return documents;
}

function readDocument(
  value: unknown,
  { place, placeOf }: Pick<SiteDocument, 'place' | 'placeOf'>,
): SiteDocument | FieldError[] {
  const document = isObject(value) ? value : {};
  const kind = DOCUMENT_KINDS.find((one) => KIND_FIELDS[one].title === document['kind']);
  if (kind === undefined) {
    const known = DOCUMENT_KINDS.map((one) => KIND_FIELDS[one].title).join(', ');
    return [{ path: place, message: `kind must be one of ${known}` }];
  }
  const { metadata, spec = {} } = document;
  const name = isObject(metadata) ? metadata['name'] : undefined;
  if (typeof name !== 'string' || name === '') {
    return [{ path: place, message: 'metadata must have a name' }];
  }
  if (!isObject(spec)) return [{ path: place, message: 'spec must hold fields' }];
  const unknown = Object.keys(spec).filter((field) => !KIND_FIELDS[kind].defaults.has(field));
  if (unknown.length > 0) {
    return unknown.map((field) => ({
      path: placeOf(field),
      message: `${field} is not a field of a ${kind}`,
    }));
  }
  return { kind, name, spec, place, placeOf };
}

/** An object as a document, without what is at its default. */
export function toDocument(kind: DocumentKind, item: Readonly<Record<string, unknown>>) {
  const { title, defaults } = KIND_FIELDS[kind];
  const spec: Record<string, unknown> = {};
  for (const [field, standard] of defaults) {
    // Memberships are written once, with who is in the suite.
    if (kind === 'suite' && field !== 'description') continue;
    const value = item[field];
    if (value === undefined || isEqual(value, standard)) continue;
    spec[field] = value;
  }
  return { kind: title, metadata: { name: String(item['name']) }, spec };
}

/** Documents as YAML, one behind the other. */
export function formatDocuments(documents: readonly unknown[]): string {
  return documents.map((document) => stringify(document)).join('---\n');
}

/** Whether two values of fields are the same. Keys have no order; lists have, unless sorted before. */
export function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
