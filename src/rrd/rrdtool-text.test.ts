import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reply } from './pipeline.ts';
import { ReplyReader } from './rrdtool-replies.ts';
import { parseInfo, parseRows } from './rrdtool-text.ts';

const OK = 'OK u:0.01 s:0.00 r:1.23';
const PLAN = { archive: 0, startS: 0, endS: 1_000, stepS: 10 };

/** Lines as rrdtool might print them, and worse. */
const line = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', OK, 'ERROR: no', ' a b', '10: 1.0e+00 -nan', '20:', 'step = 10', 'ds[', '-1'),
);

function readAll(pieces: readonly string[]): Reply[] {
  const reader = new ReplyReader();
  return pieces.flatMap((piece) => reader.read(piece));
}

describe('replies', () => {
  test('are the lines up to OK, or the reason after ERROR', () => {
    expect(
      readAll([`${OK}\n a\n\n10: 1\n${OK}\nERROR: no such file \n-1\nERROR: x\nmore`]),
    ).toEqual([
      { kind: 'done', lines: [] },
      { kind: 'done', lines: [' a', '', '10: 1'] },
      { kind: 'refused', reason: 'no such file' },
      { kind: 'refused', reason: 'x' },
    ]);
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

  test('are bounded in the length and the number of their lines', () => {
    const [long] = readAll([...Array.from({ length: 100 }, () => 'x'.repeat(10_000)), `\n${OK}\n`]);
    expect(long?.kind === 'done' && long.lines[0]?.length).toBeLessThan(140_000);
    const [many, next] = readAll(['x\n'.repeat(300_000), `${OK}\n`, `${OK}\n`]);
    expect(many).toEqual({ kind: 'refused', reason: 'the answer has more than 200000 lines' });
    expect(next).toEqual({ kind: 'done', lines: [] });
  });
});

describe('answers', () => {
  test('to fetch are rows, with null for what is not known', () => {
    const lines = [
      '    a   b',
      '',
      '10: 1.5e+00 -nan',
      '20: nan -2.0e-03',
      '30: inf 0',
      '1010: 1 1',
    ];
    expect(parseRows(lines, PLAN)).toEqual([
      [1.5, null],
      [null, -0.002],
      [null, 0],
    ]);
    expect(parseRows(lines, { ...PLAN, startS: 10, endS: 20 })).toHaveLength(1);
  });

  test('of any kind are read without an exception', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        parseRows(lines, PLAN);
        parseInfo(lines);
      }),
    );
    expect(parseInfo([])).toBeNull();
    expect(parseInfo(['step = 10', 'rra[0].cf = "AVERAGE"'])).toBeNull();
  });
});
