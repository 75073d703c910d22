/** What documents say and what is there -> the operations that make the one of the other. Pure. */

import type { BatchOperation } from '../contract/batch.ts';
import { type FieldError, InvalidInput } from '../model/errors.ts';
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  type Fields,
  isMembership,
  KIND_FIELDS,
  MEMBER_FIELDS,
  MEMBER_KINDS,
  type MemberKind,
  type SiteDocument,
} from './documents.ts';
import { orderHosts } from './host-order.ts';
import { normalizeNames, normalizeSpec } from './normal-form.ts';
import { type Difference, listDifferences } from './output/differences.ts';
import {
  type DocumentIndex,
  findContradictions,
  type Memberships,
  resolveMemberships,
} from './site-memberships.ts';

/** An object as the API shows it. */
export type SiteObject = Fields & {
  readonly name: string;
  /** Its ETag without the quotes. */
  readonly version: number;
};

/** What is there, by kind and name. */
export type Site = Readonly<Record<DocumentKind, ReadonlyMap<string, SiteObject>>>;

/** One change. */
export interface SiteChange {
  readonly action: 'create' | 'change' | 'delete';
  readonly kind: DocumentKind;
  readonly name: string;
  readonly fields: readonly Difference[];
  readonly operation: BatchOperation;
  /** What asks for it; undefined for a deletion, which the absence of one asks for. */
  readonly document: SiteDocument | undefined;
}

/**
 * The changes in the order in which they must be made: what refers to others comes after them, and
 * goes before them; no object is in two of them. Fields that a document leaves out take their
 * defaults; memberships that no document states stay as they are. With `prunes`, objects of the kinds
 * that documents speak of, and that none names, are deleted. Throws `InvalidInput` that names every
 * document which is there twice, contradicts another or refers to what will not be there.
 */
export function findChanges(
  documents: readonly SiteDocument[],
  site: Site,
  prunes: boolean,
): SiteChange[] {
  const errors: FieldError[] = [];
  const wanted = indexDocuments(documents, errors);
  const deletions = prunes ? findDeletions(wanted, site) : [];
  const remaining = leaveOut(site, deletions);
  errors.push(...findContradictions(wanted), ...findUnknownNames(wanted, remaining));
  if (errors.length > 0) throw new InvalidInput(errors);

  const memberships = resolveMemberships(wanted, remaining);
  const changes = DOCUMENT_KINDS.flatMap((kind) => {
    const compared = compareKind(kind, { wanted, remaining, memberships });
    if (kind === 'host') return orderHosts(compared, wanted.host, remaining.host);
    const specs = new Map([...wanted.timeperiod].map(([name, { spec }]) => [name, spec]));
    return kind === 'timeperiod' ? sortByExcludes(compared, specs) : compared;
  });
  const gone = (kind: DocumentKind) => deletions.filter((change) => change.kind === kind);
  return [
    ...gone('dependency'),
    ...gone('host'),
    ...changes,
    ...gone('plugin'),
    ...gone('subnet'),
    ...gone('suite'),
    ...sortByExcludes(gone('timeperiod'), site.timeperiod).reverse(),
  ];
}

function indexDocuments(documents: readonly SiteDocument[], errors: FieldError[]): DocumentIndex {
  const index = {
    timeperiod: new Map(),
    suite: new Map(),
    plugin: new Map(),
    subnet: new Map(),
    host: new Map(),
    dependency: new Map(),
  };
  for (const document of documents) {
    const { kind, name, place } = document;
    const byName: Map<string, SiteDocument> = index[kind];
    const first = byName.get(name);
    if (first === undefined) {
      byName.set(name, { ...document, spec: normalizeSpec(kind, document.spec) });
    } else {
      const message = `${kind} "${name}" is there twice, first at ${first.place}`;
      errors.push({ path: place, message });
    }
  }
  return index;
}

function findDeletions(wanted: DocumentIndex, site: Site): SiteChange[] {
  return DOCUMENT_KINDS.filter((kind) => wanted[kind].size > 0)
    .flatMap((kind) => [...site[kind].values()].map((object) => ({ kind, object })))
    .filter(({ kind, object }) => !wanted[kind].has(object.name))
    .map(({ kind, object: { name, version } }) => ({
      action: 'delete',
      kind,
      name,
      fields: [],
      operation: { op: 'delete', kind, ref: name, ifMatch: formatEtag(version) },
      document: undefined,
    }));
}

function leaveOut(site: Site, deletions: readonly SiteChange[]): Site {
  const keep = (kind: DocumentKind) => {
    const gone = new Set(deletions.filter((one) => one.kind === kind).map(({ name }) => name));
    return new Map([...site[kind]].filter(([name]) => !gone.has(name)));
  };
  return {
    timeperiod: keep('timeperiod'),
    suite: keep('suite'),
    plugin: keep('plugin'),
    subnet: keep('subnet'),
    host: keep('host'),
    dependency: keep('dependency'),
  };
}

/** Names in documents of what is neither in a document nor on the server, or is about to be deleted. */
function findUnknownNames(wanted: DocumentIndex, remaining: Site): FieldError[] {
  const errors: FieldError[] = [];
  const check = (document: SiteDocument, field: string, kind: DocumentKind) => {
    const value = document.spec[field];
    for (const name of Array.isArray(value) ? value : [value]) {
      if (typeof name !== 'string' || wanted[kind].has(name) || remaining[kind].has(name)) continue;
      const message = `${document.kind} "${document.name}": there is no ${kind} "${name}"`;
      errors.push({ path: document.placeOf(field), message });
    }
  };
  for (const kind of MEMBER_KINDS) {
    for (const member of wanted[kind].values()) check(member, 'suites', 'suite');
    for (const suite of wanted.suite.values()) check(suite, MEMBER_FIELDS[kind], kind);
  }
  for (const host of wanted.host.values()) {
    check(host, 'subnet', 'subnet');
    check(host, 'parents', 'host');
    check(host, 'hostCheck', 'plugin');
    check(host, 'eventHandlerPeriod', 'timeperiod');
  }
  for (const plugin of wanted.plugin.values()) {
    check(plugin, 'checkPeriod', 'timeperiod');
    check(plugin, 'eventHandlerPeriod', 'timeperiod');
  }
  for (const period of wanted.timeperiod.values()) check(period, 'exclude', 'timeperiod');
  for (const dependency of wanted.dependency.values()) {
    check(dependency, 'host', 'host');
    check(dependency, 'plugin', 'plugin');
    check(dependency, 'masterHost', 'host');
    check(dependency, 'masterPlugin', 'plugin');
    check(dependency, 'period', 'timeperiod');
  }
  return errors;
}

interface Comparison {
  readonly wanted: DocumentIndex;
  readonly remaining: Site;
  readonly memberships: Memberships;
}

function compareKind(
  kind: DocumentKind,
  { wanted, remaining, memberships }: Comparison,
): SiteChange[] {
  const suitesOf = (name: string) =>
    isMemberKind(kind) ? memberships[kind].get(name)?.suites : undefined;
  const changes = [...wanted[kind].values()].flatMap((document) =>
    compare(document, { current: remaining[kind].get(document.name), suites: suitesOf }),
  );
  if (!isMemberKind(kind)) return changes;
  // Members without a document of their own, which a suite's document takes in or leaves out.
  for (const [name, { suites, document }] of memberships[kind]) {
    const current = remaining[kind].get(name);
    if (current === undefined || wanted[kind].has(name)) continue;
    const fields = listDifferences(
      { suites: normalizeNames(current['suites']) },
      { suites: [...suites] },
    );
    if (fields.length === 0) continue;
    const ifMatch = formatEtag(current.version);
    const operation = { op: 'change', kind, ref: name, body: { suites }, ifMatch } as const;
    changes.push({ action: 'change', kind, name, fields, operation, document });
  }
  return changes;
}

function compare(
  document: SiteDocument,
  {
    current,
    suites: suitesOf,
  }: {
    readonly current: SiteObject | undefined;
    readonly suites: (name: string) => readonly string[] | undefined;
  },
): SiteChange[] {
  const { kind, name, spec } = document;
  const suites = suitesOf(name);
  const stated = Object.entries(spec).filter(([field]) => !isMembership(kind, field));
  const body = { name, ...Object.fromEntries(stated), ...(suites ? { suites } : {}) };
  if (current === undefined) {
    const isShown = (field: string) => field !== 'name' && (field !== 'suites' || suites?.length);
    const shown = Object.entries(body).filter(([field]) => isShown(field));
    const operation = { op: 'create', kind, body } as const;
    const fields = listDifferences({}, Object.fromEntries(shown));
    return [{ action: 'create', kind, name, fields, operation, document }];
  }
  const fields = listDifferences(knownFields(kind, current), {
    ...defaultFields(kind),
    ...body,
    name: undefined,
  });
  if (fields.length === 0) return [];
  const ifMatch = formatEtag(current.version);
  // To replace a suite would take its members out.
  const operation =
    kind === 'suite'
      ? ({
          op: 'change',
          kind,
          ref: name,
          body: { ...defaultFields(kind), ...body },
          ifMatch,
        } as const)
      : ({ op: 'replace', kind, ref: name, body, ifMatch } as const);
  return [{ action: 'change', kind, name, fields, operation, document }];
}

/** The object's fields that documents can state, but for the members of a suite. */
function knownFields(kind: DocumentKind, object: SiteObject): Fields {
  const names = [...KIND_FIELDS[kind].defaults.keys()];
  const shown = names.filter((field) => kind !== 'suite' || !isMembership(kind, field));
  return Object.fromEntries(
    shown.map((field) => [
      field,
      isMembership(kind, field) ? normalizeNames(object[field]) : object[field],
    ]),
  );
}

/** What fields that are left out come to be; without those whose absence means something else. */
function defaultFields(kind: DocumentKind): Fields {
  const defaults = [...KIND_FIELDS[kind].defaults];
  return Object.fromEntries(
    defaults.filter(([field, value]) => value !== undefined && !isMembership(kind, field)),
  );
}

function isMemberKind(kind: DocumentKind): kind is MemberKind {
  return (MEMBER_KINDS as readonly string[]).includes(kind);
}

/** Changes of time periods, each behind those that it excludes; a circle is the server's to refuse. */
function sortByExcludes(
  changes: readonly SiteChange[],
  specs: ReadonlyMap<string, Fields>,
): SiteChange[] {
  const byName = new Map(changes.map((change) => [change.name, change]));
  const sorted = new Set<SiteChange>();
  const visit = (name: string, way: readonly string[]) => {
    const change = byName.get(name);
    if (change === undefined || sorted.has(change) || way.includes(name)) return;
    const { exclude } = specs.get(name) ?? {};
    for (const other of Array.isArray(exclude) ? exclude : []) visit(String(other), [...way, name]);
    sorted.add(change);
  };
  for (const { name } of changes) visit(name, []);
  return [...sorted];
}

function formatEtag(version: number): string {
  return `"${version}"`;
}
