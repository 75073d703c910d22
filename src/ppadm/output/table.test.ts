import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitWidths, formatTable } from './table.ts';
import { cutToWidth, displayWidth } from './width.ts';

const table = (rows: readonly (readonly string[])[], maxWidth: number | null) =>
  formatTable({
    columns: [
      { title: 'HOST', isFlexible: false },
      { title: 'STATE', isFlexible: false },
      { title: 'OUTPUT', isFlexible: true },
    ],
    rows: rows.map((row) => row.map((text) => ({ text }))),
    maxWidth,
    paintTitle: String,
  });

const ROWS = [
  ['web1', 'ok', 'PING OK - Packet loss = 0%'],
  ['a-long-name', 'critical', 'down'],
];

describe('a table', () => {
  test('is aligned and as wide as it needs without a terminal', () => {
    expect(table(ROWS, null)).toBe(
      [
        'HOST         STATE     OUTPUT',
        'web1         ok        PING OK - Packet loss = 0%',
        'a-long-name  critical  down',
        '',
      ].join('\n'),
    );
  });

  test('cuts the flexible column first', () => {
    expect(table(ROWS, 40)).toBe(
      [
        'HOST         STATE     OUTPUT',
        'web1         ok        PING OK - Packet…',
        'a-long-name  critical  down',
        '',
      ].join('\n'),
    );
  });

  test('then the widest others', () => {
    expect(table(ROWS, 25).split('\n')[2]).toBe('a-long…  critic…  down');
  });

  test('is aligned with wide and combining characters', () => {
    const lines = table(
      [
        ['東京', 'ok', 'x'],
        ['e\u0301', 'ok', 'y'],
      ],
      null,
    ).split('\n');
    expect(lines[1]).toBe('東京  ok     x');
    expect(lines[2]).toBe('e\u0301     ok     y');
  });

  test('paints without changing the alignment', () => {
    const text = formatTable({
      columns: ['A', 'B'].map((title) => ({ title, isFlexible: false })),
      rows: [
        [{ text: 'ok', paint: (plain) => `<${plain}>` }, { text: 'x' }],
        [{ text: 'critical' }, { text: 'y' }],
      ],
      maxWidth: null,
      paintTitle: String,
    });
    expect(text).toBe('A         B\n<ok>        x\ncritical  y\n');
  });

  test('of ten thousand rows takes no time to speak of', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => [
      `host-${index}`,
      'ok',
      'x'.repeat(200),
    ]);
    const startedAt = performance.now();
    table(rows, 80);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('widths', () => {
  const widths = fc.array(fc.nat(60), { minLength: 1, maxLength: 12 });

  test('fit whenever every column can have one', () => {
    fc.assert(
      fc.property(
        widths,
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        fc.nat(300),
        (natural, flexible, available) => {
          const fitted = fitWidths(natural, flexible, available);
          const total = fitted.reduce((sum, width) => sum + width, 0);
          if (available >= natural.length)
            expect(total).toBeLessThanOrEqual(Math.max(available, 0));
          fitted.forEach((width, index) => {
            expect(width).toBeLessThanOrEqual(natural[index] ?? 0);
            expect(width).toBeGreaterThanOrEqual(Math.min(1, natural[index] ?? 0));
          });
        },
      ),
    );
  });

  test('are left alone when there is room', () => {
    fc.assert(
      fc.property(widths, (natural) => {
        const total = natural.reduce((sum, width) => sum + width, 0);
        expect(
          fitWidths(
            natural,
            natural.map(() => true),
            total,
          ),
        ).toEqual(natural);
      }),
    );
  });

  test('cut text is never wider than asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, width) => {
        expect(displayWidth(cutToWidth(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abcdef', 1, '…'],
    ['abcdef', 0, ''],
    ['東京都', 4, '東…'],
    ['東京都', 6, '東京都'],
  ])('%s in %i columns', (text, width, cut) => {
    expect(cutToWidth(text, width)).toBe(cut);
  });
});
