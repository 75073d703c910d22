import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { DependencyInputSchema } from '../contract/dependencies.ts';
import { HostInputSchema } from '../contract/hosts.ts';
import { PluginInputSchema } from '../contract/plugins.ts';
import { SubnetInputSchema } from '../contract/subnets.ts';
import { SuiteInputSchema } from '../contract/suites.ts';
import { TimeperiodInputSchema } from '../contract/timeperiods.ts';
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  formatDocuments,
  isMembership,
  KIND_FIELDS,
  toDocument,
} from './documents.ts';
import { formatJson } from './output/json.ts';
import { readDocuments } from './read-documents.ts';
import { findChanges, type Site, type SiteObject } from './site-changes.ts';

const EMPTY: Site = {
  ...{ timeperiod: new Map(), suite: new Map(), plugin: new Map() },
  ...{ subnet: new Map(), host: new Map(), dependency: new Map() },
};
const INPUTS = {
  timeperiod: TimeperiodInputSchema,
  suite: SuiteInputSchema,
  plugin: PluginInputSchema,
  subnet: SubnetInputSchema,
  host: HostInputSchema,
  dependency: DependencyInputSchema,
};
/** What only clients send: another form of a field. */
const CLIENT_FIELDS = ['subnet subnet', 'subnet netmask'];

/** Text that is hard on a format: anything, and what YAML reads as something else. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('yes', 'null', '~', '1e3', '- a', 'a: b', '#', '---', '\t', 'a\n\nb ', '|', '*x'),
);
const name = text.filter((each) => each !== '');

/** Values of a field in the form in which the server shows them. */
const valuesOf = (kind: DocumentKind, field: string, standard: unknown): fc.Arbitrary<unknown> => {
  if (isMembership(kind, field))
    return fc.uniqueArray(name, { maxLength: 3 }).map((all) => all.sort());
  if (kind === 'timeperiod' && field === 'exclude')
    return fc.uniqueArray(name, { maxLength: 3 }).map((all) => all.sort());
  if (kind === 'host' && field === 'parents')
    return fc.uniqueArray(name, { maxLength: 3 }).map((all) => all.sort());
  if (kind === 'host' && field === 'hostCheck') return name;
  if (field === 'exclude') return fc.constantFrom([], ['10.0.0.1/32'], ['10.0.0.0/30', '::1/128']);
  if (field === 'cidr') return fc.constantFrom('10.0.0.0/24', '2001:db8::/120');
  if (field === 'address') return fc.constantFrom('10.0.0.1', '2001:db8::1', 'web1.example');
  if (Array.isArray(standard)) return fc.constantFrom([], ['warning'], ['ok', 'critical']);
  if (typeof standard === 'boolean') return fc.boolean();
  if (typeof standard === 'number')
    return fc.integer({ min: 1, max: 60_000_000 }).map((n) => n / 1_000);
  if (typeof standard === 'object' && standard !== null)
    return fc.dictionary(name, text, { noNullPrototype: true });
  return text;
};

const objectOf = (kind: DocumentKind): fc.Arbitrary<SiteObject> => {
  const fields = [...KIND_FIELDS[kind].defaults]
    .filter(([field]) => !CLIENT_FIELDS.includes(`${kind} ${field}`))
    .map(([field, standard]) => {
      const values = valuesOf(kind, field, standard);
      const isOptional = standard !== undefined && !isMembership(kind, field);
      return [field, isOptional ? fc.oneof(fc.constant(standard), values) : values];
    });
  const record = { name, version: fc.nat(), ...Object.fromEntries(fields) };
  return fc.record(record) as unknown as fc.Arbitrary<SiteObject>;
};

/** A site in which everything is there that the object refers to. */
const siteOf = (kind: DocumentKind, item: SiteObject): Site => {
  const named = (value: unknown) => (Array.isArray(value) ? value : [value]).map(String);
  const others = (names: unknown) =>
    new Map(named(names).map((each) => [each, { name: each, version: 1, suites: [] }]));
  const site = {
    ...EMPTY,
    suite: kind === 'suite' ? new Map() : others(item['suites']),
    subnet: kind === 'host' ? others(item['subnet']) : new Map(),
    plugin: kind === 'host' ? others(item['hostCheck']) : new Map(),
    host: kind === 'host' ? others(item['parents']) : new Map(),
  };
  const before = kind === 'timeperiod' ? [...others(item['exclude'])] : [...site[kind]];
  if (kind === 'plugin' || kind === 'host') {
    const periods = [item['checkPeriod'], item['eventHandlerPeriod']];
    Object.assign(site, { timeperiod: others(periods) });
  }
  if (kind === 'dependency') {
    const fields = { host: ['host', 'masterHost'], plugin: ['plugin', 'masterPlugin'] };
    for (const [of, names] of Object.entries({ ...fields, timeperiod: ['period'] })) {
      Object.assign(site, { [of]: others(names.map((field) => item[field])) });
    }
  }
  return { ...site, [kind]: new Map([...before, [item.name, item]]) };
};

const read = (source: string) => {
  const { documents, errors } = readDocuments('f', source);
  expect(errors).toEqual([]);
  return documents;
};

test.each(DOCUMENT_KINDS)('every field of a %s that can be left out tells its default', (kind) => {
  const properties: Record<string, TSchema & { default?: unknown }> = INPUTS[kind].properties;
  const required: readonly string[] = INPUTS[kind].required ?? [];
  // Of these the absence means something: another field in their place, or nothing stated.
  const others = [
    'plugin script',
    'plugin builtin',
    'subnet cidr',
    'host name',
    ...CLIENT_FIELDS,
    'dependency failsOn',
  ];
  for (const [field, schema] of Object.entries(properties)) {
    const isKnown = others.includes(`${kind} ${field}`) || isMembership(kind, field);
    if (required.includes(field) || isKnown) continue;
    expect(schema.default, `${kind} ${field}`).toBeDefined();
  }
});

describe.each(DOCUMENT_KINDS)('a %s', (kind) => {
  const object = objectOf(kind);
  const formats = { yaml: formatDocuments, json: formatJson };

  test.each(['yaml', 'json'] as const)(
    'that was exported as %s is no change, whatever its fields are',
    (format) => {
      fc.assert(
        fc.property(object, (item) => {
          const source = formats[format]([toDocument(kind, item)]);
          expect(findChanges(read(source), siteOf(kind, item), false)).toEqual([]);
        }),
      );
    },
  );

  test('that differs in one field is a change of that field', () => {
    const fields = [...KIND_FIELDS[kind].defaults.keys()].filter(
      (field) => !isMembership(kind, field) && !CLIENT_FIELDS.includes(`${kind} ${field}`),
    );
    fc.assert(
      fc.property(object, fc.constantFrom(...fields), (item, field) => {
        const changed = { ...item, [field]: 'certainly-another' };
        const site = siteOf(kind, item);
        const other = new Map([['certainly-another', { ...item, name: 'certainly-another' }]]);
        const wanted = {
          ...site,
          ...(field === 'subnet' ? { subnet: other } : {}),
          ...(kind === 'host' && field === 'hostCheck' ? { plugin: other } : {}),
          ...(field === 'parents' ? { host: new Map([...site.host, ...other]) } : {}),
          ...(kind === 'dependency'
            ? {
                host: new Map([...site.host, ...other]),
                plugin: new Map([...site.plugin, ...other]),
              }
            : {}),
          timeperiod: new Map([...site.timeperiod, ...other]),
        };
        const [change] = findChanges(
          read(formatDocuments([toDocument(kind, changed)])),
          wanted,
          false,
        );
        expect(change?.fields.map((each) => each.field)).toEqual([field]);
        expect(change?.operation).toMatchObject({ ref: item.name, ifMatch: `"${item.version}"` });
      }),
    );
  });
});

test('any text is read, or refused with file and line', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (source) => {
      for (const { path } of readDocuments('site.yaml', source).errors) {
        expect(path).toMatch(/^site\.yaml:\d+$/);
      }
    }),
  );
});

test.each([
  ['[1, {}, []]', 4],
  ['kind: Hots\nmetadata: { name: x }', 1],
  ['kind: Host\nmetadata: { name: 123 }\nspec: { address: a }', 1],
  ['kind: Host\nmetadata: { name: h, color: red }\nspec: { adress: a, suites: web }', 3],
  ['kind: Host\nmetadata: { name: h }\nspec: { suites: [1] }\nstatus: {}', 2],
  ['kind: Host\nkind: Host', 1],
])('every fault of %j is told', (source, count) => {
  expect(readDocuments('f', source).errors).toHaveLength(count);
});

test('a fault says what may have been meant', () => {
  const source =
    'kind: Hots\nmetadata: { name: h }\n---\nkind: Host\nmetadata: { name: h }\nspec:\n  adress: x\n';
  expect(readDocuments('f.yaml', source).errors).toEqual([
    {
      path: 'f.yaml:1',
      message:
        'kind must be one of Timeperiod, Suite, Plugin, Subnet, Host, Dependency; did you mean Host?',
    },
    { path: 'f.yaml:7', message: 'adress is not a field of a host; did you mean address?' },
  ]);
});

test('aliases without end are refused', () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const former = level === 0 ? 'x' : `*l${level - 1}`;
    return `  l${level}: &l${level} [${Array(10).fill(former).join(', ')}]`;
  });
  const source = `kind: Host\nmetadata: { name: h }\nspec:\n${levels.join('\n')}`;
  expect(readDocuments('f', source).errors).toMatchObject([{ path: 'f:1' }]);
});

test('nesting without end is refused', () => {
  expect(readDocuments('f', `a: ${'['.repeat(100_000)}`).errors).toHaveLength(1);
});
