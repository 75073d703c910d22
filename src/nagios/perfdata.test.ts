import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../test/linear.ts';
import type { Perfdatum } from '../model/check.ts';
import { formatPerfdata, parsePerfdata } from './perfdata.ts';

const BARE = { unit: '', warn: null, crit: null, min: null, max: null };

function item(label: string, value: number | null, more: Partial<Perfdatum> = {}): Perfdatum {
  return { ...BARE, label, value, ...more };
}

describe('1.3 items', () => {
  test.each<[string, Perfdatum]>([
    ['a=1', item('a', 1)],
    ['time=0.012s', item('time', 0.012, { unit: 's' })],
    [
      '/=2643MB;5948;5958;0;5968',
      {
        ...item('/', 2643, { unit: 'MB', warn: '5948', crit: '5958', min: 0, max: 5968 }),
      },
    ],
    ["'a b'=1", item('a b', 1)],
    ["'a''b'=1", item("a'b", 1)],
    ["''''=1", item("'", 1)],
    ["' a= ;'=1", item(' a= ;', 1)],
    ["'C:\\ %'=1", item('C:\\ %', 1)],
    ['a=U', item('a', null)],
    ['a=U;1;2', item('a', null, { warn: '1', crit: '2' })],
    ['a=-1.5', item('a', -1.5)],
    ['a=+1.5', item('a', 1.5)],
    ['a=.5', item('a', 0.5)],
    ['a=5.', item('a', 5)],
    ['a=-0', item('a', 0)],
    ['a=1e3', item('a', 1000)],
    ['a=1.5E-3s', item('a', 0.0015, { unit: 's' })],
    ['a=1eV', item('a', 1, { unit: 'eV' })],
    ['a=1c', item('a', 1, { unit: 'c' })],
    ['a=50%;80%;90%', item('a', 50, { unit: '%', warn: '80%', crit: '90%' })],
    ['a=12.4µs', item('a', 12.4, { unit: 'µs' })],
    ['a=3kB/s', item('a', 3, { unit: 'kB/s' })],
    ['a=21°C', item('a', 21, { unit: '°C' })],
    ['a=1;@10:20;~:5', item('a', 1, { warn: '@10:20', crit: '~:5' })],
    ['a=1;10:;', item('a', 1, { warn: '10:' })],
    ['a=1;;2', item('a', 1, { crit: '2' })],
    ['a=1;;;0', item('a', 1, { min: 0 })],
    ['a=1;;;;9', item('a', 1, { max: 9 })],
    ['a=1s;;;0s;1e2s', item('a', 1, { unit: 's', min: 0, max: 100 })],
    ['a=1;;;U;U', item('a', 1)],
    ['a=1;2;3;4;5;6;7', item('a', 1, { warn: '2', crit: '3', min: 4, max: 5 })],
    ['chk::host::a=1', item('chk::host::a', 1)],
    ['größe=1', item('größe', 1)],
  ])('%s', (text, expected) => {
    expect(parsePerfdata(text)).toEqual({ items: [expected], problems: [] });
  });

  test('any white space separates items, a label may come twice', () => {
    const { items, problems } = parsePerfdata("  a=1\tb=2\r\n'c d'=3  a=4 ");
    expect(items.map(({ label, value }) => [label, value])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c d', 3],
      ['a', 4],
    ]);
    expect(problems).toEqual([]);
  });

  test.each(['', ' ', ' \n\t '])('%j has no items and no problems', (text) => {
    expect(parsePerfdata(text)).toEqual({ items: [], problems: [] });
  });

  test.each([
    ['word', '"word": it has no "="'],
    ['|', '"|": it has no "="'],
    ['=1', '"=1": its label is empty'],
    ["''=1", '"\'\'=1": its label is empty'],
    ["it's=1", '"it\'s=1": a quote is inside its label'],
    ["'b", '"\'b": its quote is not closed'],
    ["'b'1", '"\'b\'1": no "=" follows its label'],
    ['b=', '"b=": its value is not a number'],
    ['b=;1;2', '"b=;1;2": its value is not a number'],
    ['b=1,5', '"b=1,5": its value is not a number'],
    ['b=1,5s', '"b=1,5s": its value is not a number'],
    ['b=1.5.3', '"b=1.5.3": its value is not a number'],
    ['b=1-2', '"b=1-2": its value is not a number'],
    ['b=0x10', '"b=0x10": its value is not a number'],
    ['b=c=1', '"b=c=1": its value is not a number'],
    ['b=NaN', '"b=NaN": its value is not a number'],
    ['b=inf', '"b=inf": its value is not a number'],
    ['b=-Infinity', '"b=-Infinity": its value is not a number'],
    ['b=1e999', '"b=1e999": its value is not a number'],
    ['b=.', '"b=.": its value is not a number'],
    ['b=u', '"b=u": its value is not a number'],
    ["b='1'", '"b=\'1\'": its value is not a number'],
    ['b=1|c', '"b=1|c": its value is not a number'],
    ['b=\ud800', '"b=\\ud800": its value is not a number'],
  ])('a bad item %j does not lose the others', (bad, problem) => {
    const { items, problems } = parsePerfdata(`a=1 ${bad} z=2`);
    expect(items).toEqual([item('a', 1), item('z', 2)]);
    expect(problems).toEqual([problem]);
  });

  test('an open quote that the next label closes loses only itself', () => {
    const { items, problems } = parsePerfdata("'a b=1 'c d'=2");
    expect(items).toEqual([item('b', 1), item('c d', 2)]);
    expect(problems).toEqual(['"\'a": no "=" follows its label']);
  });

  test('a bad bound loses the bound only', () => {
    expect(parsePerfdata('a=1;;;x;1,5')).toEqual({
      items: [item('a', 1)],
      problems: [
        '"a=1;;;x;1,5": its minimum is not a number',
        '"a=1;;;x;1,5": its maximum is not a number',
      ],
    });
  });

  test('10,000 items are kept, and that there were more is said', () => {
    const exactly = parsePerfdata('a=1 '.repeat(10_000));
    expect([exactly.items.length, exactly.problems]).toEqual([10_000, []]);
    const more = parsePerfdata('a=1 '.repeat(10_001));
    expect(more.items).toHaveLength(10_000);
    expect(more.problems).toEqual(['only the first 10000 items are kept']);
  });

  test('problems are counted when they are many, and short', () => {
    const { problems } = parsePerfdata(`${'x'.repeat(1_000)} `.repeat(25));
    expect(problems).toHaveLength(21);
    expect(problems[0]).toBe(`"${'x'.repeat(40)}": it has no "="`);
    expect(problems[20]).toBe('and 5 more');
  });
});

const pieces = fc.constantFrom(
  ...["'", '=', ';', ' ', '\n', '|', 'a', '1', '.', ',', 'U', '-', 'e', '%', ':', '~', '@'],
  ...['\0', '\u001b', '\ud800', '\udc00', '\u{1f3a8}', "'a b'=1;2 ", 'a=1 '],
);
const codeUnits = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));
const texts = fc.oneof(fc.string({ unit: pieces, maxLength: 200 }), fc.string({ unit: codeUnits }));
const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const ranges = fc.constantFrom('10', '10:', '~:10', '10:20', '@10:20', '80%', '-1e3:.5');
const items = fc.record<Perfdatum>({
  label: fc.string({ unit: fc.oneof(pieces, codeUnits), minLength: 1 }),
  value: numbers,
  unit: fc.constantFrom('', 's', '%', 'kB/s', '°C', 'e', 'µs'),
  warn: fc.option(ranges),
  crit: fc.option(ranges),
  min: fc.option(numbers),
  max: fc.option(numbers),
});

describe('properties', () => {
  test('what is formatted is read as the same', () => {
    const unmeasured = items.map((one) => ({ ...one, value: null, unit: '' }));
    fc.assert(
      fc.property(fc.array(fc.oneof(items, unmeasured), { maxLength: 10 }), (given) => {
        expect(parsePerfdata(formatPerfdata(given))).toEqual({ items: given, problems: [] });
      }),
      { numRuns: 300 },
    );
  });

  test('what any text is read as can be formatted and read again', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const { items: read } = parsePerfdata(text);
        expect(parsePerfdata(formatPerfdata(read))).toEqual({ items: read, problems: [] });
        expect(JSON.parse(JSON.stringify(read))).toEqual(read);
      }),
      { numRuns: 500 },
    );
  });

  test('junk between two items loses neither, if it has no quotes', () => {
    const junk = texts.filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(junk, (text) => {
        const { items: read } = parsePerfdata(`first=1 ${text} last=2`);
        expect(read[0]).toEqual(item('first', 1));
        expect(read.at(-1)).toEqual(item('last', 2));
      }),
    );
  });

  test.each([
    "'",
    '=',
    'a=1;',
    ' ',
    "'a ",
    "'''a ",
    "'' ",
    "''' ",
    '1',
    '.',
    '1.',
    '1e',
    'a=1 ',
    ';',
  ])('S13 time grows with the length only: %j, alone and as a value', (pattern) => {
    for (const ending of ['', ',']) {
      for (const start of ['', 'a=', 'a=1;;;', "'"]) {
        const parse = (count: number) => parsePerfdata(start + pattern.repeat(count) + ending);
        expectLinear(parse, 5_000, JSON.stringify([start, pattern, ending]));
      }
    }
  });
});
