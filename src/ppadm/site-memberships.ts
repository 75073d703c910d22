/**
 * Who is in which suite, after documents that may say it from either side: with the members
 * (`suites`), with the suite (`hosts`, `plugins`, `subnets`), or not at all. Pure.
 */

import type { FieldError } from '../model/errors.ts';
import {
  type DocumentKind,
  type Fields,
  MEMBER_FIELDS,
  MEMBER_KINDS,
  type MemberKind,
  type SiteDocument,
} from './documents.ts';

/** Documents by kind and name. */
export type DocumentIndex = Readonly<Record<DocumentKind, ReadonlyMap<string, SiteDocument>>>;

/** Objects by kind and name. */
type Objects = Readonly<Record<DocumentKind, ReadonlyMap<string, Fields>>>;

/** The suites of a member, and the document that says so. */
export interface Membership {
  /** Sorted. */
  readonly suites: readonly string[];
  /** The member's own document, or that of a suite. */
  readonly document: SiteDocument;
}

/** Memberships by kind and name: of every member that a document speaks of. */
export type Memberships = Readonly<Record<MemberKind, ReadonlyMap<string, Membership>>>;

/** A list of names that a document states; undefined = it does not. */
function statedNames(document: SiteDocument | undefined, field: string): Set<string> | undefined {
  const value = document?.spec[field];
  return Array.isArray(value) ? new Set(value.map(String)) : undefined;
}

/** The memberships that the documents ask for, given what is there. */
export function resolveMemberships(documents: DocumentIndex, objects: Objects): Memberships {
  const subnet = resolveKind('subnet', { documents, objects, inherited: new Map() });
  // A new host of a subnet gets what the subnet's hosts get, unless its document says otherwise.
  const suitesOfSubnets = new Map<string, readonly string[]>();
  for (const [name, { suites }] of objects.subnet) suitesOfSubnets.set(name, namesIn(suites));
  for (const [name, { suites }] of subnet) suitesOfSubnets.set(name, suites);
  return {
    subnet,
    plugin: resolveKind('plugin', { documents, objects, inherited: new Map() }),
    host: resolveKind('host', { documents, objects, inherited: suitesOfSubnets }),
  };
}

interface Situation {
  readonly documents: DocumentIndex;
  readonly objects: Objects;
  /** Suites of a new member by the subnet that it is in. */
  readonly inherited: ReadonlyMap<string, readonly string[]>;
}

function resolveKind(
  kind: MemberKind,
  { documents, objects, inherited }: Situation,
): Map<string, Membership> {
  const stating = [...documents.suite.values()].flatMap((document) => {
    const members = statedNames(document, MEMBER_FIELDS[kind]);
    return members === undefined ? [] : [{ document, members }];
  });
  const memberships = new Map<string, Membership>();
  for (const name of new Set([...documents[kind].keys(), ...objects[kind].keys()])) {
    const own = documents[kind].get(name);
    const current = objects[kind].get(name);
    const before = current
      ? namesIn(current['suites'])
      : (inherited.get(String(own?.spec['subnet'])) ?? []);
    const suites = statedNames(own, 'suites') ?? new Set(before);
    let cause = own;
    for (const { document, members } of stating) {
      if (suites.has(document.name) === members.has(name)) continue;
      cause ??= document;
      if (members.has(name)) suites.add(document.name);
      else suites.delete(document.name);
    }
    if (cause) memberships.set(name, { suites: [...suites].sort(), document: cause });
  }
  return memberships;
}

/** Where a member's document and its suite's say the opposite; names both. */
export function findContradictions(documents: DocumentIndex): FieldError[] {
  const errors: FieldError[] = [];
  for (const kind of MEMBER_KINDS) {
    const field = MEMBER_FIELDS[kind];
    const refuse = (one: { path: string; says: string }, other: string) =>
      errors.push({ path: one.path, message: `${one.says}, but ${other} leaves it out` });
    for (const member of documents[kind].values()) {
      for (const name of statedNames(member, 'suites') ?? []) {
        const suite = documents.suite.get(name);
        if (statedNames(suite, field)?.has(member.name) !== false) continue;
        const says = `${kind} "${member.name}" is in suite "${name}"`;
        refuse({ path: member.placeOf('suites'), says }, `${suite?.placeOf(field)}`);
      }
    }
    for (const suite of documents.suite.values()) {
      for (const name of statedNames(suite, field) ?? []) {
        const member = documents[kind].get(name);
        if (statedNames(member, 'suites')?.has(suite.name) !== false) continue;
        const says = `suite "${suite.name}" has ${kind} "${name}"`;
        refuse({ path: suite.placeOf(field), says }, `${member?.placeOf('suites')}`);
      }
    }
  }
  return errors;
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
