import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quoteWord } from './quote.ts';

/** Bytes as characters of the same number, so that any byte but NUL can be in a text. */
const byte = fc.oneof(
  fc.integer({ min: 1, max: 255 }),
  fc.constantFrom(...Buffer.from(`'"\\$\`!*~ \t\n\r;|&<>()#=-`)),
);
const bytes = fc
  .array(byte, { maxLength: 20 })
  .map((codes) => Buffer.from(codes).toString('latin1'));

describe('a quoted word', () => {
  test.each([
    ['', "''"],
    ['a', "'a'"],
    ["it's", "'it'\\''s'"],
    ['-w', "'-w'"],
  ])('of %j is %s', (text, word) => {
    expect(quoteWord(text)).toBe(word);
  });

  test('is read by the shell as the same bytes, 10,000 random texts long', () => {
    for (let seed = 0; seed < 10; seed++) {
      const texts = fc.sample(bytes, { numRuns: 1_000, seed });
      const script = `printf '%s\\0' ${texts.map(quoteWord).join(' ')}`;
      // As input, since arguments of execFileSync are UTF-8.
      const printed = execFileSync('sh', [], { input: Buffer.from(script, 'latin1') });
      expect(printed.toString('latin1').split('\0').slice(0, -1)).toEqual(texts);
    }
  });
});
