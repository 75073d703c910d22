import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostRanges } from './address-ranges.ts';
import { parseCidr } from './ip.ts';

const all = (cidr: string, exclude: readonly string[] = []) => {
  const ranges = hostRanges(cidr, exclude);
  return ranges.slice(0, ranges.count);
};

describe('the addresses that a host can have', () => {
  test.each([
    ['192.0.2.0/30', ['192.0.2.1', '192.0.2.2']],
    ['192.0.2.4/31', ['192.0.2.4', '192.0.2.5']],
    ['192.0.2.4/32', ['192.0.2.4']],
    ['2001:db8::/126', ['2001:db8::1', '2001:db8::2', '2001:db8::3']],
    ['2001:db8::/127', ['2001:db8::', '2001:db8::1']],
    ['2001:db8::7/128', ['2001:db8::7']],
  ])('of %s', (cidr, addresses) => {
    expect(all(cidr)).toEqual(addresses);
  });

  test.each([
    [['192.0.2.0/29'], []],
    [['0.0.0.0/0'], []],
    [
      ['192.0.2.1/32', '192.0.2.3/32'],
      ['192.0.2.2', '192.0.2.4', '192.0.2.5', '192.0.2.6'],
    ],
    [
      ['192.0.2.4/30', '192.0.2.4/31', '192.0.2.0/32'],
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    ],
    [['::/0', '198.51.100.0/24'], all('192.0.2.0/29')],
  ])('of 192.0.2.0/29 without %j', (exclude, addresses) => {
    expect(all('192.0.2.0/29', exclude)).toEqual(addresses);
  });

  test('of a /16 are 65,534, found at once wherever they begin', () => {
    const ranges = hostRanges('10.1.0.0/16', []);
    expect(ranges.count).toBe(65_534);
    expect(ranges.slice(65_533, 64)).toEqual(['10.1.255.254']);
    expect(ranges.slice(65_534, 64)).toEqual([]);
    expect(ranges.has('10.1.255.254')).toBe(true);
    for (const address of ['10.1.0.0', '10.1.255.255', '10.2.0.1', '::1', 'web1', '']) {
      expect(ranges.has(address)).toBe(false);
    }
  });
});

const ipv4 = fc.tuple(fc.integer({ min: 26, max: 32 }), fc.integer({ min: 0, max: 255 }));
const cidrs = fc.oneof(
  ipv4.map(([length, last]) => `192.0.2.${last}/${length}`),
  ipv4.map(([length, last]) => `2001:db8::${last.toString(16)}/${length + 96}`),
);

test('cut into slices, every address comes once and in order, and none that is excluded', () => {
  fc.assert(
    fc.property(
      cidrs,
      fc.array(cidrs, { maxLength: 5 }),
      fc.integer({ min: 1, max: 70 }),
      (cidr, exclude, size) => {
        const ranges = hostRanges(cidr, exclude);
        const addresses: string[] = [];
        for (let offset = 0; offset < ranges.count; offset += size) {
          const slice = ranges.slice(offset, size);
          expect(slice.length).toBe(Math.min(size, ranges.count - offset));
          addresses.push(...slice);
        }
        expect(new Set(addresses).size).toBe(ranges.count);
        const network = parseCidr(cidr);
        const isLeftOut = (address: string) =>
          exclude.some((one) => sameNetwork(address, one)) || !sameNetwork(address, cidr);
        expect(addresses.filter(isLeftOut)).toEqual([]);
        expect(addresses.every((address) => ranges.has(address))).toBe(true);
        const wanted = all(cidr).filter((address) => !isLeftOut(address));
        expect(addresses).toEqual(wanted);
        if (exclude.length === 0) {
          expect(BigInt(ranges.count)).toBeGreaterThanOrEqual((network?.size ?? 0n) - 2n);
        }
      },
    ),
  );
});

/** Whether the address lies in the network, by what `parseCidr` makes of both. */
function sameNetwork(address: string, cidr: string): boolean {
  const network = parseCidr(cidr);
  const own = parseCidr(`${address}/${network?.prefixLength}`);
  return own !== undefined && own.address === network?.address;
}
