/** Addresses, networks and host names: what is one, and its normal form. */

import ipaddr from 'ipaddr.js';

/** RFC 1123 labels; the last is not all digits, so that a wrong IPv4 address is no host name. */
const HOST_NAME =
  /^(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*(?![0-9]+$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/**
 * The normal form of an IPv4 or IPv6 address; undefined when `text` is none. Only four decimal parts
 * are IPv4: octal and shortened forms mean different things to different programs.
 */
export function parseIpAddress(text: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return /(^|\.)0\d/.test(text) ? undefined : text;
  }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text).toRFC5952String();
}

/** Whether `text` is a DNS name. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

/** A network by its first address and the length of its prefix. */
export interface Network {
  readonly address: string;
  readonly prefixLength: number;
  /** How many addresses it spans. */
  readonly size: bigint;
}

/** The network that `text` (`ADDRESS/LENGTH`) lies in, bits behind the prefix cleared. */
export function parseCidr(text: string): Network | undefined {
  const match = /^([0-9a-fA-F:.]+)\/([0-9]{1,3})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseIpAddress(match[1]);
  if (address === undefined) return undefined;
  const prefixLength = Number(match?.[2]);
  const isIpv4 = !address.includes(':');
  const bits = isIpv4 ? 32 : 128;
  if (prefixLength > bits) return undefined;
  const network = isIpv4
    ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefixLength}`).toString()
    : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefixLength}`).toRFC5952String();
  return { address: network, prefixLength, size: 1n << BigInt(bits - prefixLength) };
}

/** The prefix length of an IPv4 netmask; undefined when it is none. */
export function parseNetmask(text: string): number | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipaddr.IPv4.parse(text).prefixLengthFromSubnetMask() ?? undefined;
}

/** `ADDRESS/LENGTH`. */
export function formatCidr(network: Network): string {
  return `${network.address}/${network.prefixLength}`;
}

/** Whether an address in its normal form reaches this machine only. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address);
}
