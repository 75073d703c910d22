import { describe, expect, test } from 'vitest';
import { UsageError } from './options.ts';
import { createPattern } from './pattern.ts';

describe('a pattern', () => {
  test.each([
    ['^b$', 'a\nb\nc, and more than a few letters', {}, true],
    ['^b$', 'a\nb\nc, and more than a few letters', { spansLines: true }, false],
    ['a.b', 'a\nb, and more than a few letters', {}, false],
    ['a.b', 'a\nb, and more than a few letters', { spansLines: true }, true],
    ['HELLO', 'hello, and more than a few letters', { ignoresCase: true }, true],
    ['HELLO', 'hello, and more than a few letters', {}, false],
    ['^[[:digit:][:space:]]+$', '12 34', {}, true],
    ['^[^[:punct:]]+$', 'a.b', {}, false],
    ['[[:nonsense:]]', 'x', {}, false],
  ])('%j on %j with %j: %s', (source, text, options, isMatch) => {
    expect(createPattern(source, options).test(text)).toBe(isMatch);
  });

  test('that is none is refused with the reason', () => {
    expect(() => createPattern('(')).toThrow(UsageError);
    expect(() => createPattern('(')).toThrow(/^"\(" is no regular expression: Unterminated group$/);
  });

  test('that would never be done is given up', () => {
    expect(createPattern('^(a+)+$').test(`${'a'.repeat(200)}!`)).toBeNull();
  });
});
