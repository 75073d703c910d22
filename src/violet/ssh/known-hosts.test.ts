import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectLinear } from '../../../test/linear.ts';
import {
  findKnownHost,
  fingerprint,
  judgeKey,
  keyType,
  matchesHosts,
  parseKnownHosts,
} from './known-hosts.ts';
import { wireString } from './wire.ts';

/** What the characters of a pattern mean in a regular expression. */
const MEANINGS: Readonly<Record<string, string>> = {
  ...{ a: 'a', b: 'b', '*': '.*', '?': '.', '.': '\\.' },
};

function makeKey(content: string, type = 'ssh-ed25519'): Buffer {
  return Buffer.concat([wireString(type), wireString(content)]);
}

const [A, B, C] = [makeKey('a'), makeKey('b'), makeKey('c', 'ssh-rsa')];
const at = (address: string, port = 22) => ({ address, port });

function lineOf(hosts: string, key: Buffer): string {
  return `${hosts} ${keyType(key)} ${key.toString('base64')}`;
}

function hashName(name: string): string {
  const salt = Buffer.alloc(20, 7);
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

describe('names of hosts', () => {
  test.each<[string, string, boolean]>([
    ['web1', 'web1', true],
    ['WEB1', 'web1', true],
    ['web1', 'web10', false],
    ['web?', 'web1', true],
    ['web?', 'web', false],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*', '::1', true],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
    ['**', '', true],
    ['web1,web2', 'web2', true],
    ['*,!web1', 'web1', false],
    ['!web1,*', 'web1', false],
    ['!web1', 'web2', false],
    ['[web1]:2222', '[web1]:2222', true],
    ['web1', '[web1]:2222', false],
    ['a.b', 'axb', false],
    [hashName('web1'), 'web1', true],
    [hashName('web1'), 'web2', false],
    ['|2|x|y', 'web1', false],
    ['|1||', 'web1', false],
  ])('%s and %s: %s', (hosts, name, isMatch) => {
    expect(matchesHosts(hosts, name)).toBe(isMatch);
  });

  test('patterns do as the regular expressions of the same meaning', () => {
    const characters = fc.array(fc.constantFrom('a', 'b', '.', '*', '?'), { maxLength: 8 });
    const names = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 });
    fc.assert(
      fc.property(characters, names, (pattern, name) => {
        const expected = new RegExp(`^${pattern.map((one) => MEANINGS[one]).join('')}$`).test(
          name.join(''),
        );
        expect(matchesHosts(pattern.join(''), name.join(''))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is known', () => {
  test.each<[string, string[], ReturnType<typeof judgeKey>]>([
    ['the very key', [lineOf('web1', A)], 'known'],
    ['one of several', [lineOf('web1', B), lineOf('web1', A)], 'known'],
    ['another key', [lineOf('web1', B)], 'changed'],
    ['a key of another type', [lineOf('web1', C)], 'changed'],
    ['nothing', [], 'unknown'],
    ['the key of another host', [lineOf('web2', A)], 'unknown'],
    ['a comment', [`# ${lineOf('web1', A)}`], 'unknown'],
    ['that it is revoked', [lineOf('web1', A), `@revoked * ${lineOf('', A).trim()}`], 'revoked'],
    ['that another is revoked', [lineOf('web1', A), `@revoked * ${lineOf('', B).trim()}`], 'known'],
    ['that it is an authority', [`@cert-authority ${lineOf('web1', A)}`], 'unknown'],
    ['a marker that nobody knows', [`@other ${lineOf('web1', A)}`], 'unknown'],
    ['a hash', [lineOf(hashName('web1'), A)], 'known'],
  ])('%s', (_what, lines, verdict) => {
    const host = findKnownHost(parseKnownHosts(lines.join('\n')), at('WEB1'));
    expect(judgeKey(host, A)).toBe(verdict);
  });

  test('on another port, a key of the bare name will do, but is no promise', () => {
    const lines = parseKnownHosts(lineOf('web1', A));
    const host = findKnownHost(lines, at('web1', 2_222));
    expect(judgeKey(host, A)).toBe('known');
    expect(judgeKey(host, B)).toBe('unknown');
    const both = parseKnownHosts(`${lineOf('web1', A)}\n${lineOf('[web1]:2222', B)}`);
    expect(judgeKey(findKnownHost(both, at('web1', 2_222)), B)).toBe('known');
    expect(judgeKey(findKnownHost(both, at('web1', 2_222)), C)).toBe('changed');
    expect(judgeKey(findKnownHost(both, at('web1')), B)).toBe('changed');
  });

  test('authorities are those of the name, with and without its port', () => {
    const authority = `@cert-authority ${lineOf('*.example.com', A)}`;
    const lines = parseKnownHosts(`${authority}\r\n`);
    for (const port of [22, 2_222]) {
      expect(findKnownHost(lines, at('a.example.com', port)).authorities).toEqual([A]);
    }
    expect(findKnownHost(lines, at('a.example.org')).authorities).toEqual([]);
  });
});

test('a fingerprint is the one of OpenSSH', () => {
  // From ssh-keygen -l of this very key.
  const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
  expect(fingerprint(Buffer.from(key, 'base64'))).toBe(
    'SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA',
  );
});

describe('any text', () => {
  test('is read without a throw, and gives keys only', () => {
    const word = fc.oneof(
      fc.constantFrom(
        '@revoked',
        '@cert-authority',
        '|1|a|b',
        'web1',
        'ssh-ed25519',
        '\r',
        '#',
        '!',
      ),
      fc.constant(A.toString('base64')),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.array(word).map((words) => words.join(' '))), (lines) => {
        const parsed = parseKnownHosts(lines.join('\n'));
        for (const { key } of parsed) expect(keyType(key)).not.toBe('');
        findKnownHost(parsed, at('web1', 23));
      }),
    );
  });

  test('takes linear time', () => {
    for (const piece of [
      '* ',
      ',',
      '@',
      '|',
      'a ssh-rsa AAAA\n',
      `${lineOf('*a*,!b', A)}\n`,
      '#',
    ]) {
      const find = (size: number) =>
        findKnownHost(parseKnownHosts(piece.repeat(size)), at('web1', 23));
      expectLinear(find, 5_000, piece);
    }
    expectLinear((size) => matchesHosts('a*'.repeat(size), 'a'.repeat(255)), 500, 'a*');
  });
});
