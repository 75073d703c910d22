import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInput } from '../model/errors.ts';
import {
  DOCUMENT_KINDS,
  formatDocuments,
  KIND_FIELDS,
  parseDocuments,
  toDocument,
} from './documents.ts';
import { findChanges, type Site } from './site-changes.ts';

const EMPTY: Site = { suite: new Map(), plugin: new Map(), subnet: new Map(), host: new Map() };

/** A value of another form than any default for a field, by what its default is. */
const valueLike = (standard: unknown): fc.Arbitrary<unknown> => {
  if (Array.isArray(standard)) return fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 3 });
  if (typeof standard === 'boolean') return fc.boolean();
  if (typeof standard === 'number') return fc.integer({ min: 1, max: 60_000 });
  if (typeof standard === 'object' && standard !== null) {
    return fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string());
  }
  return fc.string({ unit: 'binary' });
};

describe.each(DOCUMENT_KINDS)('a %s', (kind) => {
  const { defaults } = KIND_FIELDS[kind];
  const object = fc.record({
    name: fc.string({ minLength: 1 }),
    version: fc.nat(),
    ...Object.fromEntries(
      [...defaults].map(([field, standard]) => [
        field,
        fc.oneof(fc.constant(standard), valueLike(standard)),
      ]),
    ),
  });

  test('that was exported is no change, whatever its fields are', () => {
    fc.assert(
      fc.property(object, (item) => {
        const site = { ...EMPTY, [kind]: new Map([[item.name, item as never]]) };
        const text = formatDocuments([toDocument(kind, item)]);
        expect(findChanges(parseDocuments('f', text), site, true)).toEqual([]);
      }),
    );
  });

  test('that differs in one field is a change of that field', () => {
    const fields = [...defaults.keys()].filter(
      (field) => kind !== 'suite' || field === 'description',
    );
    fc.assert(
      fc.property(object, fc.constantFrom(...fields), (item, field) => {
        const changed = { ...item, [field]: 'certainly another value' };
        const site = { ...EMPTY, [kind]: new Map([[item.name, item as never]]) };
        const text = formatDocuments([toDocument(kind, changed)]);
        const [change] = findChanges(parseDocuments('f', text), site, false);
        expect(change?.fields.map((each) => each.field)).toEqual([field]);
        expect(change?.operation).toMatchObject({ op: 'replace', ifMatch: `"${item.version}"` });
      }),
    );
  });
});

test('any text is read, or refused with file and line', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      try {
        parseDocuments('site.yaml', text);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInput);
        for (const { path } of (error as InvalidInput).errors) {
          expect(path).toMatch(/^site\.yaml:\d+$/);
        }
      }
    }),
  );
});

test('what refers to others comes after them, and goes before them', () => {
  const documents = parseDocuments(
    'f',
    [
      'kind: Host\nmetadata: { name: h }\nspec: { address: 192.0.2.1 }',
      'kind: Suite\nmetadata: { name: s }',
    ].join('\n---\n'),
  );
  const old = { name: 'old', version: 1 };
  const site = { ...EMPTY, host: new Map([['old', old]]), suite: new Map([['old', old]]) };
  const changes = findChanges(documents, site, true).map(({ action, kind }) => [action, kind]);
  expect(changes).toEqual([
    ['create', 'suite'],
    ['create', 'host'],
    ['delete', 'host'],
    ['delete', 'suite'],
  ]);
});

test('aliases without end are refused', () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const former = level === 0 ? 'x' : `*l${level - 1}`;
    return `  l${level}: &l${level} [${Array(10).fill(former).join(', ')}]`;
  });
  const text = `kind: Host\nmetadata: { name: h }\nspec:\n${levels.join('\n')}`;
  expect(() => parseDocuments('f', text)).toThrow();
});
