import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../test/linear.ts';
import { createHostMacros, expandMacros } from './macros.ts';

const VALUES = new Map([
  ['A', 'one'],
  ['B', '$A$'],
  ['EMPTY', ''],
  ['PAIR', '$$'],
]);
const lookup = (name: string) => VALUES.get(name);

describe('11 expansion', () => {
  test.each([
    ['', ''],
    ['plain', 'plain'],
    ['$A$', 'one'],
    ['<$A$$A$>', '<oneone>'],
    ['-H $A$ -p 1', '-H one -p 1'],
    ['x$EMPTY$y', 'xy'],
    ['$$', '$'],
    ['$$$$', '$$'],
    ['5$$', '5$'],
    ['$$A$$', '$A$'],
    ['$$$A$$$', '$one$'],
    ['$', '$'],
    ['cost: 5$', 'cost: 5$'],
    ['$A$ 5$', 'one 5$'],
    ['$NO$', '$NO$'],
    ['$a$', '$a$'],
    ['$ A$', '$ A$'],
    ['$NO$$A$', '$NO$one'],
    ['$5 and $A$', '$5 and $A$'],
    ['$HOSTSTATE:other$', '$HOSTSTATE:other$'],
    ['$B$', '$A$'],
    ['$PAIR$', '$$'],
    ['$B$A$', '$A$A$'],
    ['$__proto__$ $constructor$', '$__proto__$ $constructor$'],
    ['\ud800$A$\0', '\ud800one\0'],
  ])('%j becomes %j', (argument, expected) => {
    expect(expandMacros(argument, lookup)).toBe(expected);
  });

  test('without known names only pairs of $ are changed', () => {
    const codeUnits = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));
    const unit = fc.oneof(fc.constantFrom('$', 'A', ' '), codeUnits);
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const nothing = () => undefined;
        expect(expandMacros(text.replaceAll('$', '$$$$'), nothing)).toBe(text);
        if (!text.includes('$$')) expect(expandMacros(text, nothing)).toBe(text);
      }),
    );
  });

  test('a value comes out as it is, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', 'A', 'X', "'", '&') }), (value) => {
        const known = (name: string) => (name === 'X' ? value : lookup(name));
        expect(expandMacros('-w $X$ $A$', known)).toBe(`-w ${value} one`);
      }),
    );
  });

  test('many long values end where no program could take the argument', () => {
    const value = 'v'.repeat(65_536);
    const expanded = expandMacros('$V$'.repeat(10_000), () => value);
    expect(expanded).toBe(`${value.repeat(3)}${'$V$'.repeat(9_997)}`);
  });

  test('S13 time grows with the length only', () => {
    for (const pattern of ['$', '$A$', '$x', 'x$', 'x', '$$$']) {
      expectLinear((size) => expandMacros(pattern.repeat(size), lookup), 20_000, pattern);
    }
  });
});

describe('11 macros of a host', () => {
  const macros = createHostMacros({
    host: {
      name: 'web1',
      address: '192.0.2.1',
      vars: { port: '8080', Url_Path: '/x', NAME: 'own', twice: 'a', TWICE: 'b' },
    },
    plugin: { name: 'http' },
    userMacros: { USER1: '/usr/lib', USER256: 'secret', HOSTNAME: 'no', USER: 'no', USERX: 'no' },
  });

  test.each([
    ['HOSTNAME', 'web1'],
    ['HOSTALIAS', 'web1'],
    ['HOSTDISPLAYNAME', 'web1'],
    ['HOSTADDRESS', '192.0.2.1'],
    ['SERVICEDESC', 'http'],
    ['SERVICEDISPLAYNAME', 'http'],
    ['_HOSTPORT', '8080'],
    ['_HOSTURL_PATH', '/x'],
    ['_HOSTNAME', 'own'],
    ['_HOSTTWICE', 'b'],
    ['_HOSTport', undefined],
    ['_HOST', undefined],
    ['USER1', '/usr/lib'],
    ['USER256', 'secret'],
    ['USER2', undefined],
    ['USER', undefined],
    ['USERX', undefined],
    ['hostname', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('%s is %j', (name, expected) => {
    expect(macros(name)).toBe(expected);
  });

  test('fill an argument', () => {
    expect(expandMacros('$USER1$/x -I $HOSTADDRESS$:$_HOSTPORT$ $$1', macros)).toBe(
      '/usr/lib/x -I 192.0.2.1:8080 $1',
    );
  });
});
