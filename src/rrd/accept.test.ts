import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatValue } from './accept.ts';

describe('values', () => {
  test.each([
    ['GAUGE', null, 'U'],
    ['GAUGE', Number.NaN, 'U'],
    ['GAUGE', Number.NEGATIVE_INFINITY, 'U'],
    ['GAUGE', 0.1, '0.1'],
    ['GAUGE', -0, '0'],
    ['GAUGE', 1e21, '1e+21'],
    ['ABSOLUTE', 1.5, '1.5'],
    ['COUNTER', 1.5, '2'],
    ['COUNTER', 1e21, '1000000000000000000000'],
    ['COUNTER', -1, 'U'],
    ['DERIVE', -1, '-1'],
    ['DERIVE', -0.2, '0'],
  ] as const)('of a %s: %j is written %s', (kind, value, text) => {
    expect(formatValue(kind, value)).toBe(text);
  });

  test('cannot carry anything but one number', () => {
    const kind = fc.constantFrom('GAUGE', 'COUNTER', 'DERIVE', 'ABSOLUTE');
    fc.assert(
      fc.property(kind, fc.double(), (one, value) => {
        expect(formatValue(one, value)).toMatch(/^(?:U|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/);
      }),
    );
  });
});
