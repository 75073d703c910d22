import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readNumber, readOptions, UsageError } from './options.ts';

const TABLE = {
  port: { letter: 'p', takes: 'value' },
  warning: { letter: 'w', takes: 'value' },
  ssl: { letter: 'S', takes: 'optional' },
  all: { letter: 'A', takes: 'nothing' },
  'use-ipv4': { letter: '4', takes: 'nothing' },
  sni: { takes: 'nothing' },
  warm: { takes: 'nothing', aliases: ['hot'] },
} as const;

/** What was given, as a plain object. */
function read(...args: string[]) {
  const options = readOptions(args, TABLE);
  const names = ['port', 'warning', 'ssl', 'all', 'use-ipv4', 'sni', 'warm'] as const;
  const given = names.filter((name) => options.has(name));
  return Object.fromEntries(given.map((name) => [name, options.all(name).join('+')]));
}

test.each<[string[], object]>([
  [[], {}],
  [['-p', '80'], { port: '80' }],
  [['-p80'], { port: '80' }],
  [['--port=80'], { port: '80' }],
  [['--port', '80'], { port: '80' }],
  [['--port='], { port: '' }],
  [['-p', ''], { port: '' }],
  [['-p', '-5'], { port: '-5' }],
  [['-p', '--'], { port: '--' }],
  [['-p', '1', '-p', '2'], { port: '1+2' }],
  [['-4Ap80'], { 'use-ipv4': '', all: '', port: '80' }],
  [['-4A', '-w', '5'], { 'use-ipv4': '', all: '', warning: '5' }],
  [['-S', '-p', '1'], { ssl: '', port: '1' }],
  [['-S1.2+'], { ssl: '1.2+' }],
  [['--ssl=1.2'], { ssl: '1.2' }],
  [['--sni'], { sni: '' }],
  [['-w', 'a=b c'], { warning: 'a=b c' }],
  [['--po=1', '--po', '2'], { port: '1+2' }],
  [['--warn=1'], { warning: '1' }],
  [['--use', '--al'], { 'use-ipv4': '', all: '' }],
  [['--hot', '--ho'], { warm: '+' }],
  [['-v', '-vv', '--verbose', '-p', '1'], { port: '1' }],
])('%j is read as %j', (args, expected) => {
  expect(read(...args)).toEqual(expected);
});

test.each([
  [['-x'], 'there is no option -x'],
  [['-4x'], 'there is no option -x'],
  [['--nope=1'], 'there is no option --nope'],
  [['--__proto__'], 'there is no option --__proto__'],
  [['--'], 'there is no option --'],
  [['--s'], 'option --s may mean --ssl or --sni'],
  [['-h'], '-h asks for nothing to be checked'],
  [['--help'], '--help asks for nothing to be checked'],
  [['-p', '1', '-V'], '-V asks for nothing to be checked'],
  [['-p'], 'option -p needs a value'],
  [['--port'], 'option --port needs a value'],
  [['--all=1'], 'option --all takes no value'],
  [['extra'], '"extra" belongs to no option'],
  [['-'], '"-" belongs to no option'],
  [[''], '"" belongs to no option'],
])('%j is refused: %s', (args, message) => {
  expect(() => read(...args)).toThrow(new UsageError(message));
});

test('the last value counts', () => {
  expect(readOptions(['-p1', '-p2'], TABLE).get('port')).toBe('2');
  expect(readOptions([], TABLE).get('port')).toBeUndefined();
});

test('words may be values, and what was given keeps its order', () => {
  const table = { host: { letter: 'H', takes: 'value', takesWords: true }, ...TABLE } as const;
  const options = readOptions(['-p1', 'one', '-w2', 'two'], table);
  expect(options.get('host')).toBe('two');
  expect(options.inOrder).toEqual([
    { name: 'port', value: '1' },
    { name: 'host', value: 'one' },
    { name: 'warning', value: '2' },
    { name: 'host', value: 'two' },
  ]);
});

test('whatever the arguments, nothing but a usage error is thrown', () => {
  const arg = fc.oneof(fc.string(), fc.constantFrom('-p', '-S', '-4', '--port', '--', '-', '--x='));
  fc.assert(
    fc.property(fc.array(arg), (args) => {
      try {
        readOptions(args, TABLE);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
  );
});

describe('numbers', () => {
  const port = { name: 'port', max: 65_535, isWhole: true };
  test.each(['', 'x', '-1', '1e3', '0x10', '65536', '1.5', ' 1', '1 ', 'Infinity'])(
    '%j is no port',
    (text) => {
      expect(() => readNumber(text, port)).toThrow(`"${text}" is no port`);
    },
  );

  test('whole or not, as asked for', () => {
    expect(readNumber('65535', port)).toBe(65_535);
    expect(readNumber('0.5', { name: 'time', max: 10, isWhole: false })).toBe(0.5);
  });
});
