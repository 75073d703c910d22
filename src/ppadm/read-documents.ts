/** Text of files -> documents that say what a site is to be, and every fault by file and line. */

import { isMap, isSeq, LineCounter, type Node, type ParsedNode, parseAllDocuments } from 'yaml';
import { findNear } from '../lib/near-names.ts';
import type { FieldError } from '../model/errors.ts';
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  isMembership,
  KIND_FIELDS,
  type SiteDocument,
} from './documents.ts';

/** What was read of a file; either may be empty. */
export interface ReadDocuments {
  readonly documents: readonly SiteDocument[];
  /** `path` is `FILE:LINE`. */
  readonly errors: readonly FieldError[];
}

/** Aliases of YAML that are followed; more are an attack. */
const MAX_ALIAS_COUNT = 100;
/** Text that YAML would read as something else needs quotes. */
const QUOTES = 'must be text; put it in quotes';

/** Where things stand in a file. */
interface Place {
  /** `FILE:LINE` of a node. */
  of(node: unknown): string;
}

/** Reads YAML documents, or JSON: one document, a list of them, or several divided by `---`. */
export function readDocuments(file: string, text: string): ReadDocuments {
  const documents: SiteDocument[] = [];
  const errors: FieldError[] = [];
  const lines = new LineCounter();
  const placeAt = (offset: number) => `${file}:${lines.linePos(offset).line || 1}`;
  const place: Place = { of: (node) => placeAt((node as Node | null)?.range?.[0] ?? 0) };
  for (const parsed of parseText(text, lines)) {
    const start = placeAt(parsed.contents?.range?.[0] ?? parsed.range[0]);
    const [fault] = parsed.errors;
    if (fault) {
      errors.push({ path: placeAt(fault.pos[0]), message: firstLineOf(fault) });
      continue;
    }
    try {
      const value: unknown = parsed.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
      if (value === null) continue;
      const nodes = isSeq(parsed.contents) ? parsed.contents.items : [parsed.contents];
      const values = Array.isArray(value) ? value : [value];
      for (const [index, node] of nodes.entries()) {
        const read = readDocument(values[index], node as ParsedNode | null, place);
        if (Array.isArray(read)) errors.push(...read);
        else documents.push(read);
      }
    } catch (error) {
      errors.push({ path: start, message: firstLineOf(error) });
    }
  }
  return { documents, errors };
}

function parseText(text: string, lineCounter: LineCounter) {
  const parsed = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  return 'empty' in parsed ? [] : parsed;
}

function readDocument(
  value: unknown,
  node: ParsedNode | null,
  place: Place,
): SiteDocument | FieldError[] {
  const start = place.of(node);
  if (!isFields(value)) return [{ path: start, message: 'must be kind, metadata and spec' }];
  const { metadata = {}, spec = {} } = value;
  const metadataNode = valueNode(node, 'metadata');
  const specNode = valueNode(node, 'spec');
  const kind = DOCUMENT_KINDS.find((one) => KIND_FIELDS[one].title === value['kind']);
  const name = isFields(metadata) ? metadata['name'] : undefined;
  const errors = [
    ...refuseOthers(value, ['kind', 'metadata', 'spec'], { node, place, what: 'a document' }),
    ...(kind === undefined
      ? [{ path: place.of(keyNode(node, 'kind') ?? node), message: sayKinds(value['kind']) }]
      : []),
    ...readName(name, place.of(keyNode(metadataNode, 'name') ?? node)),
    ...(isFields(metadata)
      ? refuseOthers(metadata, ['name'], { node: metadataNode, place, what: 'metadata' })
      : []),
    ...(isFields(spec) ? [] : [{ path: start, message: 'spec must hold fields' }]),
    ...(kind !== undefined && isFields(spec) ? checkSpec(kind, spec, { specNode, place }) : []),
  ];
  if (errors.length > 0 || kind === undefined || !isFields(spec)) return errors;
  const placeOf = (field: string) => place.of(keyNode(specNode, field) ?? node);
  return { kind, name: String(name), spec, place: start, placeOf };
}

function readName(name: unknown, path: string): FieldError[] {
  if (typeof name === 'string' && name !== '') return [];
  const isThere = name !== undefined && name !== null && name !== '';
  return [{ path, message: isThere ? `name ${QUOTES}` : 'metadata must have a name' }];
}

function sayKinds(kind: unknown): string {
  const titles = DOCUMENT_KINDS.map((one) => KIND_FIELDS[one].title);
  return `kind must be one of ${titles.join(', ')}${sayNear(String(kind), titles)}`;
}

/** Unknown fields, and lists of names that are none. */
function checkSpec(
  kind: DocumentKind,
  spec: Readonly<Record<string, unknown>>,
  { specNode, place }: { readonly specNode: unknown; readonly place: Place },
): FieldError[] {
  const known = [...KIND_FIELDS[kind].defaults.keys()];
  const lists = Object.entries(spec).filter(([field]) => isMembership(kind, field));
  return [
    ...refuseOthers(spec, known, { node: specNode, place, what: `a ${kind}` }),
    ...lists
      .filter(([, value]) => !isNames(value))
      .map(([field, value]) => {
        const path = place.of(keyNode(specNode, field));
        const reason = Array.isArray(value) ? `a name ${QUOTES}` : 'must be a list of names';
        return { path, message: `${field}: ${reason}` };
      }),
  ];
}

function refuseOthers(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  { node, place, what }: { readonly node: unknown; readonly place: Place; readonly what: string },
): FieldError[] {
  return Object.keys(value)
    .filter((field) => !known.includes(field))
    .map((field) => ({
      path: place.of(keyNode(node, field) ?? node),
      message: `${field} is not a field of ${what}${sayNear(field, known)}`,
    }));
}

function sayNear(word: string, known: readonly string[]): string {
  const [near] = findNear(word, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function keyNode(node: unknown, key: string): unknown {
  return pairOf(node, key)?.key;
}

function valueNode(node: unknown, key: string): unknown {
  return pairOf(node, key)?.value;
}

function pairOf(node: unknown, key: string) {
  return isMap(node) ? node.items.find((pair) => String(pair.key) === key) : undefined;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function firstLineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n')[0] ?? message;
}
