/** What documents say and what is there -> the operations that make the one of the other. Pure. */

import type { BatchOperation } from '../contract/batch.ts';
import { type FieldError, InvalidInput } from '../model/errors.ts';
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  isEqual,
  KIND_FIELDS,
  type SiteDocument,
} from './documents.ts';

/** An object as the API shows it. */
export type SiteObject = Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly version: number;
};

/** What is there, by kind and name. */
export type Site = Readonly<Record<DocumentKind, ReadonlyMap<string, SiteObject>>>;

/** One change. */
export interface SiteChange {
  readonly action: 'create' | 'change' | 'delete';
  readonly kind: DocumentKind;
  readonly name: string;
  readonly fields: readonly {
    readonly field: string;
    readonly before: unknown;
    readonly after: unknown;
  }[];
  readonly operation: BatchOperation;
  /** Undefined for a deletion. */
  readonly document: SiteDocument | undefined;
}

/**
 * The changes in the order in which they must be made. Fields that a document leaves out take their
 * defaults; memberships that it leaves out stay as they are. With `prunes`, objects of the kinds that
 * documents speak of, and that none names, are deleted. Throws `InvalidInput` for names that are
 * there twice and memberships that contradict each other.
 */
export function findChanges(
  documents: readonly SiteDocument[],
  site: Site,
  prunes: boolean,
): SiteChange[] {
  refuseContradictions(documents);
  const changes = DOCUMENT_KINDS.flatMap((kind) =>
    documents
      .filter((document) => document.kind === kind)
      .flatMap((document) => compare(document, site[kind].get(document.name))),
  );
  return prunes ? [...changes, ...findDeletions(documents, site)] : changes;
}

function compare(document: SiteDocument, current: SiteObject | undefined): SiteChange[] {
  const { kind, name, spec } = document;
  const body: Record<string, unknown> = { name };
  for (const [field, standard] of KIND_FIELDS[kind].defaults) {
    const isMembership = field in KIND_FIELDS[kind].memberships;
    const value = field in spec ? spec[field] : isMembership ? current?.[field] : standard;
    if (value !== undefined) body[field] = value;
  }
  if (current === undefined) {
    const fields = Object.keys(spec).map((field) => ({
      field,
      before: undefined,
      after: spec[field],
    }));
    const operation = { op: 'create', kind, body } as const;
    return [{ action: 'create', kind, name, fields, operation, document }];
  }
  const fields = [...KIND_FIELDS[kind].defaults.keys()]
    .map((field) => ({ field, before: current[field], after: body[field] }))
    .filter(({ field, before, after }) => !isSame(kind, field, before, after));
  if (fields.length === 0) return [];
  const ifMatch = `"${current.version}"`;
  const operation = { op: 'replace', kind, ref: name, body, ifMatch } as const;
  return [{ action: 'change', kind, name, fields, operation, document }];
}

function isSame(kind: DocumentKind, field: string, before: unknown, after: unknown): boolean {
  if (!(field in KIND_FIELDS[kind].memberships)) return isEqual(before, after);
  const names = (value: unknown) => (Array.isArray(value) ? [...value].sort() : value);
  return isEqual(names(before), names(after));
}

/** Who is in a suite goes before it. */
const DELETION_ORDER: readonly DocumentKind[] = ['host', 'plugin', 'subnet', 'suite'];

function findDeletions(documents: readonly SiteDocument[], site: Site): SiteChange[] {
  return DELETION_ORDER.filter((kind) => documents.some((document) => document.kind === kind))
    .flatMap((kind) => [...site[kind].values()].map((object) => ({ kind, object })))
    .filter(
      ({ kind, object }) =>
        !documents.some((document) => document.kind === kind && document.name === object.name),
    )
    .map(({ kind, object: { name, version } }) => ({
      action: 'delete',
      kind,
      name,
      fields: [],
      operation: { op: 'delete', kind, ref: name, ifMatch: `"${version}"` },
      document: undefined,
    }));
}

function refuseContradictions(documents: readonly SiteDocument[]): void {
  const errors: FieldError[] = [];
  const byName = new Map<string, SiteDocument>();
  for (const document of documents) {
    const key = `${document.kind} ${document.name}`;
    const first = byName.get(key);
    if (first === undefined) byName.set(key, document);
    else {
      const message = `${document.kind} "${document.name}" is there twice, first at ${first.place}`;
      errors.push({ path: document.place, message });
    }
  }
  for (const document of documents) {
    for (const [field, [otherKind, otherField]] of Object.entries(
      KIND_FIELDS[document.kind].memberships,
    )) {
      const stated = document.spec[field];
      if (!Array.isArray(stated)) continue;
      for (const other of documents) {
        const theirs = other.spec[otherField];
        if (other.kind !== otherKind || !Array.isArray(theirs)) continue;
        if (!stated.includes(other.name) || theirs.includes(document.name)) continue;
        const message = `${document.kind} "${document.name}" is in "${other.name}", but ${other.place} leaves it out`;
        errors.push({ path: document.placeOf(field), message });
      }
    }
  }
  if (errors.length > 0) throw new InvalidInput(errors);
}
