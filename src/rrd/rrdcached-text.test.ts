import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reply } from './pipeline.ts';
import type { RrdDefinition } from './rrd.ts';
import { RrdcachedReplyReader } from './rrdcached-replies.ts';
import {
  countPerCommand,
  escapePath,
  formatCachedCreate,
  formatCachedFetch,
  formatCachedUpdate,
  parseCachedInfo,
} from './rrdcached-text.ts';

const DEFINITION: RrdDefinition = {
  stepS: 10,
  dataSources: [
    { name: 'a', kind: 'GAUGE', heartbeatS: 30, min: 0, max: null },
    { name: 'b', kind: 'COUNTER', heartbeatS: 30, min: null, max: null },
  ],
  archives: [{ consolidation: 'MAX', stepCount: 6, rowCount: 100 }],
};

/** Lines as rrdcached might print them, and worse. */
const line = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '0 done',
    '-1 no',
    '2 lines',
    '0 Go ahead.  End with',
    '3',
    '',
    '99999999999 x',
    'step 1 10',
  ),
);

function readAll(pieces: readonly string[]): { replies: Reply[]; nonsense: string | null } {
  const reader = new RrdcachedReplyReader();
  const replies = pieces.flatMap((piece) => reader.read(piece));
  return { replies, nonsense: reader.nonsense };
}

describe('replies of rrdcached', () => {
  test('are the lines that they announce, or the reason after a negative number', () => {
    const text =
      '0 errors, enqueued 2 value(s).\n2 errors\n1 a\n2 b\n-1 No such file: x\n1 \n-1 y\n0';
    expect(readAll([text, ' Go ahead.  End with dot\n0 errors\n'])).toEqual({
      replies: [
        { kind: 'done', lines: [] },
        { kind: 'done', lines: ['1 a', '2 b'] },
        { kind: 'refused', reason: 'No such file: x' },
        { kind: 'done', lines: ['-1 y'] },
        { kind: 'done', lines: [] },
      ],
      nonsense: null,
    });
  });

  test('that do not begin with a number are told, shortened', () => {
    expect(readAll([`HTTP/1.1 400 Bad\n${'x'.repeat(1_000)}\n`])).toEqual({
      replies: [],
      nonsense: 'HTTP/1.1 400 Bad',
    });
    expect(readAll([`${'x'.repeat(200_000)}\n`]).nonsense).toBe('x'.repeat(100));
  });

  test('are the same however the output is cut', () => {
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
        const text = lines.map((one) => `${one}\n`).join('');
        const pieces: string[] = [];
        let at = 0;
        for (const length of cuts) {
          pieces.push(text.slice(at, at + length));
          at += length;
        }
        expect(readAll([...pieces, text.slice(at)])).toEqual(readAll([text]));
      }),
    );
  });
});

describe('commands for rrdcached', () => {
  test('name files by paths whose spaces end nothing', () => {
    expect(escapePath('/a b/c\\d.rrd')).toBe('/a\\ b/c\\\\d.rrd');
  });

  test('make files', () => {
    expect(formatCachedCreate('x.rrd', DEFINITION, 1_000)).toBe(
      'CREATE x.rrd -b 1000 -s 10 -O DS:a:GAUGE:30:0:U DS:b:COUNTER:30:U:U RRA:MAX:0.5:6:100',
    );
  });

  test('have the values in the order of the file, U for what the definition does not have', () => {
    const samples = [
      { atS: 10, values: [1.5, 2.4] },
      { atS: 20, values: [null, 3] },
    ];
    expect(formatCachedUpdate('x.rrd', DEFINITION, { samples, places: [1, -1, 0] })).toBe(
      'UPDATE x.rrd 10:2:U:1.5 20:3:U:U',
    );
  });

  test('are no longer than what every rrdcached takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double(), (sourceCount, value) => {
        const dataSources = Array.from({ length: sourceCount }, (_, index) => {
          return { name: `s${index}`, kind: 'GAUGE', heartbeatS: 1, min: null, max: null } as const;
        });
        const samples = Array.from({ length: countPerCommand(sourceCount) }, () => {
          return { atS: 10_000_000_000, values: dataSources.map(() => value) };
        });
        const places = dataSources.map((_, index) => index);
        const definition = { ...DEFINITION, dataSources };
        const text = formatCachedUpdate('x'.repeat(900), definition, { samples, places });
        expect(text.length).toBeLessThanOrEqual(4_000);
      }),
    );
  });

  test('read from where only the wanted archive reaches', () => {
    const facts = {
      stepS: 10,
      lastAtS: 10_005,
      names: ['a'],
      archives: [
        { consolidation: 'MAX', stepCount: 6, rowCount: 100 },
        { consolidation: 'AVERAGE', stepCount: 1, rowCount: 50 },
        { consolidation: 'MIN', stepCount: 2, rowCount: 400 },
      ],
    };
    const plan = { archive: 0, startS: 9_900, endS: 9_960, stepS: 60 };
    // The archive of single steps reaches back to 9,500, whatever it keeps.
    expect(formatCachedFetch('x.rrd', facts, { plan, consolidation: 'MAX' })).toBe(
      'FETCH x.rrd MAX 9499 9960',
    );
    const early = { ...plan, startS: 9_000 };
    expect(formatCachedFetch('x.rrd', facts, { plan: early, consolidation: 'MAX' })).toBe(
      'FETCH x.rrd MAX 9000 9960',
    );
  });
});

test('what rrdcached says of a file is read as what rrdtool says', () => {
  const lines = [
    ...['filename 2 /x y/a.rrd', 'step 1 10', 'last_update 1 1000', 'ds[a b].index 1 0'],
    ...['ds[value].index 1 0', 'ds[value].max 0 NaN', 'rra[0].cf 2 MAX', 'rra[0].rows 1 5'],
    ...['rra[0].pdp_per_row 1 6', 'ds[value].minimal_heartbeat 1 30'],
  ];
  expect(parseCachedInfo(lines)).toEqual({
    stepS: 10,
    lastAtS: 1_000,
    names: ['value'],
    heartbeats: new Map([['value', 30]]),
    archives: [{ consolidation: 'MAX', stepCount: 6, rowCount: 5 }],
  });
  fc.assert(fc.property(fc.array(line), (any) => void parseCachedInfo(any)));
  expect(parseCachedInfo([])).toBeNull();
});
