/**
 * The kinds of documents that say what a site is to be, `{ kind, metadata: { name }, spec }`, with their
 * fields, which the contract tells; and objects of the API as such documents.
 */

import { isDeepStrictEqual } from 'node:util';
import { DependencyInputSchema } from '../contract/dependencies.ts';
import { HostInputSchema } from '../contract/hosts.ts';
import { PluginInputSchema } from '../contract/plugins.ts';
import { SubnetInputSchema } from '../contract/subnets.ts';
import { SuiteInputSchema } from '../contract/suites.ts';
import { TimeperiodInputSchema } from '../contract/timeperiods.ts';
import { formatYaml } from './output/yaml.ts';

/** The kinds that can be in suites. */
export const MEMBER_KINDS = ['plugin', 'subnet', 'host'] as const;

/** A kind that can be in suites: its field `suites` names them. */
export type MemberKind = (typeof MEMBER_KINDS)[number];

/** The kinds that documents can have, in the order in which they are made. */
export const DOCUMENT_KINDS = ['timeperiod', 'suite', ...MEMBER_KINDS, 'dependency'] as const;

/** A kind of documents. */
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** The fields in which a suite names its members. */
export const MEMBER_FIELDS: Readonly<Record<MemberKind, string>> = {
  plugin: 'plugins',
  subnet: 'subnets',
  host: 'hosts',
};

/** Fields of an object by name. */
export type Fields = Readonly<Record<string, unknown>>;

/** One document. */
export interface SiteDocument {
  readonly kind: DocumentKind;
  readonly name: string;
  readonly spec: Fields;
  /** `FILE:LINE` of its beginning. */
  readonly place: string;
  /** `FILE:LINE` of a field of its spec; of its beginning when the field is not there. */
  readonly placeOf: (field: string) => string;
}

/** What is known of the fields of a kind. */
interface KindFields {
  /** How the kind is written. */
  readonly title: string;
  /** Every field but the name, with its default; undefined = it has none. */
  readonly defaults: ReadonlyMap<string, unknown>;
}

/** The fields of each kind; from the contract, so that none can be forgotten. */
export const KIND_FIELDS: Readonly<Record<DocumentKind, KindFields>> = {
  timeperiod: { title: 'Timeperiod', defaults: defaultsOf(TimeperiodInputSchema) },
  suite: { title: 'Suite', defaults: defaultsOf(SuiteInputSchema) },
  plugin: { title: 'Plugin', defaults: defaultsOf(PluginInputSchema) },
  subnet: { title: 'Subnet', defaults: defaultsOf(SubnetInputSchema) },
  host: { title: 'Host', defaults: defaultsOf(HostInputSchema) },
  dependency: { title: 'Dependency', defaults: defaultsOf(DependencyInputSchema) },
};

function defaultsOf(schema: { readonly properties: object }): Map<string, unknown> {
  const fields: [string, { readonly default?: unknown }][] = Object.entries(schema.properties);
  return new Map(
    fields.filter(([name]) => name !== 'name').map(([name, field]) => [name, field.default]),
  );
}

/** Whether a field names suites, or members of a suite: left out of a document it is not stated. */
export function isMembership(kind: DocumentKind, field: string): boolean {
  return kind === 'suite' ? Object.values(MEMBER_FIELDS).includes(field) : field === 'suites';
}

/**
 * An object as a document, without what is at its default. Who is in which suite is written once,
 * with the members, and there always, since a list that is left out says nothing.
 */
export function toDocument(kind: DocumentKind, item: Fields) {
  const { title, defaults } = KIND_FIELDS[kind];
  const spec: Record<string, unknown> = {};
  for (const [field, standard] of defaults) {
    const isStated = isMembership(kind, field);
    if (isStated && kind === 'suite') continue;
    const value = item[field];
    if (value === undefined || (!isStated && isDeepStrictEqual(value, standard))) continue;
    spec[field] = value;
  }
  return { kind: title, metadata: { name: String(item['name']) }, spec };
}

/** Documents as YAML, one behind the other. */
export function formatDocuments(documents: readonly unknown[]): string {
  return documents.map((document) => formatYaml(document)).join('---\n');
}
