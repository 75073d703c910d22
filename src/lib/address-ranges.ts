/** Which addresses of a network are asked one by one: ranges, so that 65,536 of them cost nothing. */

import ipaddr from 'ipaddr.js';
import { assert } from './assert.ts';
import { type Network, parseCidr } from './ip.ts';

/** Addresses as numbers, both included. */
interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

/** Addresses of one family, in ascending order. */
export interface AddressRanges {
  /** How many addresses there are. */
  readonly count: number;
  /** `count` addresses from the one at `offset`, in their normal form; fewer at the end. */
  slice(offset: number, count: number): string[];
  /** Whether an address is one of them; false for what is no address in its normal form. */
  has(address: string): boolean;
}

/**
 * The addresses of the network `cidr` that a host can have, without those of the networks in
 * `exclude`. Left out are an IPv4 network's own address and its broadcast address (RFC 1122
 * 3.2.1.3), except below /31 (RFC 3021), and an IPv6 subnet's router anycast address (RFC 4291
 * 2.6.1), except below /127 (RFC 6164). Networks of the other family exclude nothing.
 */
export function hostRanges(cidr: string, exclude: readonly string[]): AddressRanges {
  const network = readNetwork(cidr);
  const isIpv4 = !network.address.includes(':');
  const excluded = exclude
    .map(readNetwork)
    .filter(({ address }) => !address.includes(':') === isIpv4)
    .map(rangeOf)
    .sort((one, other) => compare(one.first, other.first));
  const ranges: Range[] = [];
  let { first, last } = hostRange(network, isIpv4);
  for (const gap of excluded) {
    if (gap.first > last) break;
    if (gap.first > first) ranges.push({ first, last: gap.first - 1n });
    if (gap.last >= first) first = gap.last + 1n;
  }
  if (first <= last) ranges.push({ first, last });
  return {
    count: ranges.reduce((sum, range) => sum + countOf(range), 0),
    slice: (offset, count) => sliceOf(ranges, offset, count).map((it) => format(it, isIpv4)),
    has(address) {
      if (!ipaddr.isValid(address) || address.includes(':') === isIpv4) return false;
      const value = toNumber(address);
      return ranges.some((range) => range.first <= value && value <= range.last);
    },
  };
}

function readNetwork(cidr: string): Network {
  const network = parseCidr(cidr);
  assert(network, `"${cidr}" is a network`);
  return network;
}

function hostRange(network: Network, isIpv4: boolean): Range {
  const { first, last } = rangeOf(network);
  if (network.size <= 2n) return { first, last };
  return { first: first + 1n, last: isIpv4 ? last - 1n : last };
}

function rangeOf({ address, size }: Network): Range {
  const first = toNumber(address);
  return { first, last: first + size - 1n };
}

function countOf({ first, last }: Range): number {
  return Number(last - first) + 1;
}

function sliceOf(ranges: readonly Range[], offset: number, count: number): bigint[] {
  const addresses: bigint[] = [];
  let skipped = offset;
  for (const range of ranges) {
    const available = countOf(range);
    for (let index = skipped; index < available && addresses.length < count; index++) {
      addresses.push(range.first + BigInt(index));
    }
    skipped = Math.max(0, skipped - available);
  }
  return addresses;
}

function toNumber(address: string): bigint {
  return ipaddr
    .parse(address)
    .toByteArray()
    .reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function format(value: bigint, isIpv4: boolean): string {
  const length = isIpv4 ? 4 : 16;
  const bytes = Array.from({ length }, (_, index) =>
    Number((value >> BigInt(8 * (length - 1 - index))) & 255n),
  );
  return isIpv4 ? bytes.join('.') : new ipaddr.IPv6(bytes).toRFC5952String();
}

function compare(one: bigint, other: bigint): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
