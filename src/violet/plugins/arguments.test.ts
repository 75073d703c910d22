import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../../test/linear.ts';
import { buildArguments, splitParams } from './arguments.ts';

/** Quotes in four ways, all of which the shell reads as the same text. */
const QUOTES: readonly ((text: string) => string)[] = [
  (text) => `'${text.replaceAll("'", "'\\''")}'`,
  (text) => `"${text.replace(/[$`"\\]/g, '\\$&')}"`,
  (text) => `''${[...text].map((one) => (one === '\n' ? "'\n'" : `\\${one}`)).join('')}`,
  (text) => `'${text.replaceAll("'", `'"'"'`)}'`,
];

/** Texts with much of what quoting is about. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(...' \t\n\'"\\$`;|&><#*?~!{}()[]=%'.split(''), '$HOSTNAME$', '$(id)', '\r'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

describe('splitting', () => {
  test.each<[string, string[]]>([
    ['', []],
    [' \t\n ', []],
    ['-w 5 -c  10', ['-w', '5', '-c', '10']],
    ['a\tb\nc', ['a', 'b', 'c']],
    ["'a b' c", ['a b', 'c']],
    [`a'b c'"d e"f`, ['ab cd ef']],
    [`'' "" a`, ['', '', 'a']],
    [`'\\' "\\"" \\"`, ['\\', '"', '"']],
    ['"\\$ \\` \\\\ \\x \\\n."', ['$ ` \\ \\x .']],
    ['a\\ b \\\\ \\n', ['a b', '\\', 'n']],
    ['a\\\nb \\\n c', ['ab', 'c']],
    ['a\\', ['a\\']],
    ['a;b|c>d & $x `y` *.z #no ~', ['a;b|c>d', '&', '$x', '`y`', '*.z', '#no', '~']],
    ["-u '/a?b=1&c=2'", ['-u', '/a?b=1&c=2']],
  ])('%j gives %j', (params, args) => {
    expect(splitParams(params)).toEqual({ args });
  });

  test.each([
    ["a 'b", "'", 3],
    ['a "b', '"', 3],
    ['"a\\"', '"', 1],
    ['"a\\', '"', 1],
    [`'a'"`, '"', 4],
  ])('%j has a quote that is not closed', (params, quote, character) => {
    const problem = `the quote ${quote} at character ${character} is not closed`;
    expect(splitParams(params)).toEqual({ problem });
  });

  test('gives back what was quoted, however it was', () => {
    const quoted = fc.tuple(nasty, fc.constantFrom(...QUOTES));
    fc.assert(
      fc.property(fc.array(quoted), (words) => {
        const params = words.map(([text, quote]) => quote(text)).join(' ');
        expect(splitParams(params)).toEqual({ args: words.map(([text]) => text) });
      }),
    );
  });

  test('does as the shell does', () => {
    // Without what the shell expands or takes for an operator.
    const character = fc.constantFrom(' ', '  ', '\t', "'", '"', '\\', 'a', 'b', '\\"', "\\'", '=');
    fc.assert(
      fc.property(fc.array(character, { maxLength: 14 }), (characters) => {
        const params = characters.join('');
        const split = splitParams(params);
        if ('problem' in split) return;
        // The backslash at the very end would take the newline of the shell's text.
        fc.pre(!/(^|[^\\])(\\\\)*\\$/.test(params));
        const script = `for word in ${params}\ndo printf '%s\\0' "$word"; done`;
        const words = execFileSync('sh', ['-c', script]).toString().split('\0').slice(0, -1);
        expect(split.args).toEqual(words);
      }),
      { numRuns: 150 },
    );
  });

  test('never throws and takes linear time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (params) => {
        splitParams(params);
      }),
    );
    for (const piece of ["'", '"', '\\', '""', "a'b'", '"\\a', ' ', 'a ']) {
      const split = (count: number) => {
        splitParams(`"${piece.repeat(count)}`);
        splitParams(piece.repeat(count));
      };
      expectLinear(split, 20_000, JSON.stringify(piece));
    }
  });
});

describe('macros', () => {
  test('a value stays inside its argument, whatever it is, and is not expanded again', () => {
    fc.assert(
      fc.property(nasty, (value) => {
        const lookup = (name: string) => (name === 'X' ? value : undefined);
        expect(buildArguments(`-a $X$ '$X$ b' "c$X$" -z`, lookup)).toEqual({
          args: ['-a', value, `${value} b`, `c${value}`, '-z'],
        });
      }),
    );
  });

  test('quotes in the text do not hide macros, and an unknown one stays', () => {
    const lookup = (name: string) => ({ HOSTADDRESS: '::1' })[name];
    expect(buildArguments(`-H '$HOSTADDRESS$' $NONE$ $$5`, lookup)).toEqual({
      args: ['-H', '::1', '$NONE$', '$5'],
    });
  });

  test('an empty value is an empty argument', () => {
    expect(buildArguments('-a $X$ -b', () => '')).toEqual({ args: ['-a', '', '-b'] });
  });

  test('a problem of the text is handed on', () => {
    expect(buildArguments('"$X$', () => '"')).toHaveProperty('problem');
  });
});
