/**
 * ICMP echo on the wire (RFC 792, RFC 4443): requests as bytes, and what bytes say of a request. A
 * request carries a mark, which both replies and complaints of routers bring back.
 */

/** The version of IP. */
export type Family = 4 | 6;

/** That of an address. */
export function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4;
}

/** What tells one request from all others, of this process and of whoever forges replies. */
export interface EchoMark {
  /** 32 bits; its lower half is the sequence number. */
  readonly serial: number;
  /** 64 bits that nobody can guess. */
  readonly token: bigint;
}

/** What a packet says of a request. */
export type EchoNews =
  | { readonly kind: 'reply'; readonly mark: EchoMark }
  /** `reason` in words, such as `Host unreachable`. */
  | { readonly kind: 'undelivered'; readonly mark: EchoMark; readonly reason: string };

const HEADER_BYTES = 8;
/** As ping and fping send by default. */
const PAYLOAD_BYTES = 56;
const MARK_BYTES = 12;
const IPV6_HEADER_BYTES = 40;
/** Ping sockets write another identifier here, raw ones send it as it is. */
const IDENTIFIER = 0x7070;

interface MessageTypes {
  readonly request: number;
  readonly reply: number;
  readonly undelivered: readonly number[];
}

const TYPES: Readonly<Record<Family, MessageTypes>> = {
  4: { request: 8, reply: 0, undelivered: [3, 11] },
  6: { request: 128, reply: 129, undelivered: [1, 3] },
};

const OUT_OF_HOPS = 'Time to live exceeded';
const REFUSED = 'Refused by a filter';
/** By type and code. */
const REASONS: Readonly<Record<Family, Readonly<Record<string, string>>>> = {
  4: {
    '3/0': 'Network unreachable',
    '3/1': 'Host unreachable',
    '3/2': 'Protocol unreachable',
    '3/6': 'Network unknown',
    '3/7': 'Host unknown',
    '3/9': REFUSED,
    '3/10': REFUSED,
    '3/13': REFUSED,
    '11/0': OUT_OF_HOPS,
  },
  6: {
    '1/0': 'Network unreachable',
    '1/1': REFUSED,
    '1/3': 'Host unreachable',
    '1/5': REFUSED,
    '1/6': REFUSED,
    '3/0': OUT_OF_HOPS,
  },
};

/** The types of messages that tell of a request, for a filter in the kernel. */
export function wantedTypes(family: Family): readonly number[] {
  const { reply, undelivered } = TYPES[family];
  return [reply, ...undelivered];
}

/** A request. The checksum of IPv6 is left to the kernel, which knows our address. */
export function encodeRequest(family: Family, { serial, token }: EchoMark): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES);
  packet.writeUInt8(TYPES[family].request, 0);
  packet.writeUInt16BE(IDENTIFIER, 4);
  packet.writeUInt16BE(serial & 0xffff, 6);
  packet.writeUInt32BE(serial, HEADER_BYTES);
  packet.writeBigUInt64BE(token, HEADER_BYTES + 4);
  if (family === 4) packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

/**
 * What a received packet says; null when that is nothing of a request with a mark. Raw sockets of
 * IPv4 receive the header of IP too, which no message of ICMP can be taken for.
 */
export function decodeNews(family: Family, packet: Buffer): EchoNews | null {
  const message = family === 4 && ipVersion(packet) === 4 ? skipIpHeader(4, packet) : packet;
  if (message === null || message.length < HEADER_BYTES) return null;
  const { reply, undelivered } = TYPES[family];
  const type = message.readUInt8(0);
  if (type === reply) {
    const mark = readMark(message);
    return mark === null ? null : { kind: 'reply', mark };
  }
  if (!undelivered.includes(type)) return null;
  const mark = readQuotedMark(family, message.subarray(HEADER_BYTES));
  const reason = REASONS[family][`${type}/${message.readUInt8(1)}`] ?? 'Destination unreachable';
  return mark === null ? null : { kind: 'undelivered', mark, reason };
}

/** Of the request that a router quotes. One that quotes no more than RFC 792 asks says nothing. */
function readQuotedMark(family: Family, quoted: Buffer): EchoMark | null {
  const request = ipVersion(quoted) === family ? skipIpHeader(family, quoted) : null;
  if (request === null || request.length < HEADER_BYTES) return null;
  return request.readUInt8(0) === TYPES[family].request ? readMark(request) : null;
}

function readMark(message: Buffer): EchoMark | null {
  if (message.length < HEADER_BYTES + MARK_BYTES) return null;
  const serial = message.readUInt32BE(HEADER_BYTES);
  return { serial, token: message.readBigUInt64BE(HEADER_BYTES + 4) };
}

function ipVersion(packet: Buffer): number {
  return packet.length === 0 ? 0 : packet.readUInt8(0) >> 4;
}

function skipIpHeader(family: Family, packet: Buffer): Buffer | null {
  const length = family === 6 ? IPV6_HEADER_BYTES : (packet.readUInt8(0) & 0x0f) * 4;
  return packet.length < length ? null : packet.subarray(length);
}

/** RFC 1071. */
function checksum(packet: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < packet.length; offset += 2) sum += packet.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
