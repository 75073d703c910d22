import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { escapeBlock, escapeLine } from './escape.ts';
import { formatJson } from './json.ts';
import { formatYaml } from './yaml.ts';

/** Raw controls but line ends, bidi controls, separators. */
const RAW = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const HOSTILE = [
  ['clears the screen', 'a\x1b[2Jb', 'a\\x1b[2Jb'],
  ['retitles the window', '\x1b]0;x\x07', '\\x1b]0;x\\x07'],
  ['is a one-byte CSI', '\x9b31m', '\\x9b31m'],
  ['turns the line round', 'exe\u202egpj', 'exe\\u202egpj'],
  ['goes back to the start of the line', 'a\rb', 'a\\x0db'],
  ['deletes', 'a\x7fb\0', 'a\\x7fb\\x00'],
  ['hides', 'a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
  ['breaks the line by a separator', 'a\u2028b', 'a\\u2028b'],
  ['is half a character', 'a\ud800b', 'a\\ud800b'],
] as const;

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const hostileText = fc
  .array(fc.constantFrom(...HOSTILE.map(([, text]) => text), 'plain ', '\n', '\t', '"', '\\', ': '))
  .map((parts) => parts.join(''));

describe('text of one line', () => {
  test.each(HOSTILE)('that %s is shown, not done', (_what, text, shown) => {
    expect(escapeLine(text)).toBe(shown);
  });

  test('line ends and tabs are named', () => {
    expect(escapeLine('a\nb\tc')).toBe('a\\x0ab\\x09c');
  });

  test('letters of every script stay', () => {
    const text = 'grün 東京 مرحبا नमस्ते می\u200cخواهم 👩\u200d💻';
    expect(escapeLine(text)).toBe(text);
  });

  test('nothing raw is left of any text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, hostileText), (text) => {
        expect(escapeLine(text)).not.toMatch(/[\n]/);
        expect(escapeLine(text)).not.toMatch(RAW);
        expect(escapeBlock(text)).not.toMatch(RAW);
      }),
    );
  });
});

describe('text of several lines', () => {
  test('line ends stay, tabs become spaces', () => {
    expect(escapeBlock('a\r\nb\tc\x1b\n')).toBe('a\nb    c\\x1b\n');
  });
});

describe('JSON and YAML', () => {
  test('hold nothing raw, and the very same value', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, hostileText), (text) => {
        const value = { text, [text]: [text] };
        expect(formatJson(value)).not.toMatch(RAW);
        expect(JSON.parse(formatJson(value))).toEqual(value);
        expect(formatYaml({ text, list: [text] })).not.toMatch(RAW);
        // A lone surrogate has no form in YAML that every reader takes back.
        if (!/\p{Cs}/u.test(text)) {
          expect(parse(formatYaml({ text, list: [text] }))).toEqual({ text, list: [text] });
        }
      }),
    );
  });

  test('a long text is not folded, and objects that are the same are all written out', () => {
    const same = { a: 1 };
    expect(formatYaml([same, same])).toBe('- a: 1\n- a: 1\n');
    expect(formatYaml({ text: 'word '.repeat(100) }).split('\n').length).toBe(2);
  });
});
