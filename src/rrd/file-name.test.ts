import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AssertionError } from '../lib/assert.ts';
import { formatFileName, parseFileName } from './file-name.ts';

/** Names as they may come: any characters, short enough for the longest safe form. */
const name = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 16 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 }),
  fc.constantFrom('../x', '/etc/passwd', '..', '.', 'a/b', 'a\\b', 'a:b', '\0', '%41', 'CON', '-r'),
);

describe('a statistics file name', () => {
  test.each([
    ['web-01_a', 'web-01_a'],
    ['Web', '%57eb'],
    ['../x', '%2E%2E%2Fx'],
    ['a%2Fb', 'a%252%46b'],
    ['ä\n', '%C3%A4%0A'],
  ])('of %j is %s', (given, safe) => {
    expect(formatFileName(given)).toBe(safe);
    expect(parseFileName(safe)).toBe(given);
  });

  test('maps back to what it was made from', () => {
    fc.assert(
      fc.property(name, (given) => {
        expect(parseFileName(formatFileName(given))).toBe(given);
      }),
    );
  });

  test('has only safe characters, so it stays in its folder', () => {
    fc.assert(
      fc.property(name, (given) => {
        expect(formatFileName(given)).toMatch(/^(?:[a-z0-9_-]|%[0-9A-F]{2})+$/);
      }),
    );
  });

  test('does not meet that of another name, even where case is folded', () => {
    const swapped = name.map((one) => [one, one.toUpperCase()] as const);
    fc.assert(
      fc.property(fc.oneof(fc.tuple(name, name), swapped), ([one, other]) => {
        const isSame = formatFileName(one).toLowerCase() === formatFileName(other).toLowerCase();
        expect(isSame).toBe(one === other);
      }),
    );
  });

  test('of nothing, or longer than a file system takes, is refused', () => {
    expect(() => formatFileName('')).toThrow(AssertionError);
    expect(formatFileName('a'.repeat(200))).toHaveLength(200);
    expect(() => formatFileName('a'.repeat(201))).toThrow(AssertionError);
    expect(() => formatFileName('A'.repeat(67))).toThrow(AssertionError);
  });
});
