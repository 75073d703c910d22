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

/** A request of which somebody says something. */
export interface QuotedRequest {
  /** The lower half of its serial. */
  readonly sequence: number;
  /** Null when no more is quoted than the 8 bytes that RFC 792 asks. */
  readonly mark: EchoMark | null;
}

const HEADER_BYTES = 8;
/** As ping and fping send by default. */
const PAYLOAD_BYTES = 56;
const MARK_BYTES = 12;
/** Ping sockets write another identifier here, raw ones send it as it is. */
const IDENTIFIER = 0x7070;

const REQUEST_TYPES: Readonly<Record<Family, number>> = { 4: 8, 6: 128 };
/** By family. */
export const REPLY_TYPES: Readonly<Record<Family, number>> = { 4: 0, 6: 129 };

/** A request. The checksum of IPv6 is left to the kernel, which knows our address. */
export function encodeRequest(family: Family, { serial, token }: EchoMark): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES);
  packet.writeUInt8(REQUEST_TYPES[family], 0);
  packet.writeUInt16BE(IDENTIFIER, 4);
  packet.writeUInt16BE(serial & 0xffff, 6);
  packet.writeUInt32BE(serial, HEADER_BYTES);
  packet.writeBigUInt64BE(token, HEADER_BYTES + 4);
  if (family === 4) packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

/**
 * The mark of a received reply; null when the packet is none. Raw sockets of IPv4 receive the header of
 * IP too, which no message of ICMP can be taken for.
 */
export function decodeReply(family: Family, packet: Buffer): EchoMark | null {
  const message = family === 4 ? skipIpHeader(packet) : packet;
  if (message.length < HEADER_BYTES || message.readUInt8(0) !== REPLY_TYPES[family]) return null;
  return readMark(message);
}

/** A request that comes back with a complaint, as far as it is quoted; null when it is none. */
export function decodeRequest(family: Family, message: Buffer): QuotedRequest | null {
  if (message.length < HEADER_BYTES || message.readUInt8(0) !== REQUEST_TYPES[family]) return null;
  return { sequence: message.readUInt16BE(6), mark: readMark(message) };
}

function readMark(message: Buffer): EchoMark | null {
  if (message.length < HEADER_BYTES + MARK_BYTES) return null;
  const serial = message.readUInt32BE(HEADER_BYTES);
  return { serial, token: message.readBigUInt64BE(HEADER_BYTES + 4) };
}

function skipIpHeader(packet: Buffer): Buffer {
  const first = packet[0] ?? 0;
  return first >> 4 === 4 ? packet.subarray((first & 0x0f) * 4) : packet;
}

/** RFC 1071. */
function checksum(packet: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < packet.length; offset += 2) sum += packet.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
