import { describe, expect, test } from 'vitest';
import { formatCidr, isHostName, parseCidr, parseIpAddress, parseNetmask } from './ip.ts';

describe('addresses', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['2001:0DB8::0001', '2001:db8::1'],
    ['010.1.1.1', undefined],
    ['127.1', undefined],
    ['256.1.1.1', undefined],
    ['0x7f.0.0.1', undefined],
    ['fe80::1%eth0', undefined],
    ['web1', undefined],
    ['-oProxyCommand=x', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    expect(parseIpAddress(text)).toBe(expected);
  });

  test.each(['web1', 'a.b.example', 'under_score.example', 'x1-2.example', '1and1.example'])(
    '%s is a host name',
    (name) => {
      expect(isHostName(name)).toBe(true);
    },
  );

  test.each([
    '-x',
    'x-',
    'a..b',
    'a b',
    'a/b',
    '1.2.3.4',
    '1.2.3.256',
    '',
    'a\nb',
    'ä.example',
    '.a',
  ])('%j is no host name', (name) => {
    expect(isHostName(name)).toBe(false);
  });
});

describe('networks', () => {
  test.each([
    ['192.168.30.17/24', '192.168.30.0/24', 256n],
    ['10.0.0.0/32', '10.0.0.0/32', 1n],
    ['2001:db8::ff/120', '2001:db8::/120', 256n],
  ])('%s is %s with %d addresses', (text, normal, size) => {
    const network = parseCidr(text);
    expect(network && formatCidr(network)).toBe(normal);
    expect(network?.size).toBe(size);
  });

  test.each(['10.0.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/-1', 'x/8', '10.0.0/8'])(
    '%s is no network',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  test('a netmask has its ones before its zeros', () => {
    expect(parseNetmask('255.255.255.0')).toBe(24);
    expect(parseNetmask('255.255.255.191')).toBeUndefined();
    expect(parseNetmask('255.255.0.255')).toBeUndefined();
  });
});
