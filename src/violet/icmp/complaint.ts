/**
 * What the kernel tells of an echo that did not get through: a message of a socket's error queue
 * (`IP_RECVERR`, ip(7)). Routers send what it is made of, so nothing of it is trusted.
 */

import { endianness } from 'node:os';
import { parseIpAddress } from '../../lib/ip.ts';
import { decodeRequest, type Family, type QuotedRequest } from './packet.ts';

/** A message as `recvmsg` gives it. */
export interface ErrorMessage {
  /** What was sent, without the header of IP, as far as it came back. */
  readonly payload: Buffer;
  /** Of whom it was sent to, `struct sockaddr`. */
  readonly name: Buffer;
  /** Control messages, `struct cmsghdr`. */
  readonly control: Buffer;
  /** Of `size_t`. */
  readonly wordBytes: number;
}

/** Somebody, a router or this machine, says that an echo did not get through. */
export interface Complaint extends QuotedRequest {
  /** To whom the echo went, in its normal form. */
  readonly destination: string;
  /** In the words of `check_ping`, such as `Host Unreachable`. */
  readonly reason: string;
}

/** Levels and numbers of the options and of the control messages that they bring. */
export const RECEIVE_ERRORS = { 4: [0, 11], 6: [41, 25] } as const;

/** Who caused an error, in `struct sock_extended_err`: not this machine's own call. */
const ORIGINS = { 4: 2, 6: 3 } as const;
const EXTENDED_ERROR_BYTES = 16;
/** Of the address in `struct sockaddr_in` and `struct sockaddr_in6`. */
const ADDRESS_OFFSETS = { 4: 4, 6: 8 } as const;
/** More than one is not expected. */
const MAX_CONTROL_MESSAGES = 8;

const OTHER = 'Destination Unreachable';
const NETWORK = 'Network Unreachable';
const HOST = 'Host Unreachable';
const PORT = 'Bogus ICMP: Port Unreachable';
const FILTERED = 'Packet Filtered';
const OUT_OF_HOPS = 'Time to live exceeded';
/** By type, then by code. Other types, such as redirections, say nothing of what became of an echo. */
const REASONS: Readonly<
  Record<Family, Readonly<Record<number, Readonly<Record<number, string>>>>>
> = {
  4: {
    3: {
      ...{ 0: NETWORK, 1: HOST, 2: 'Bogus ICMP: Protocol Unreachable', 3: PORT },
      ...{ 9: 'Network Prohibited', 10: 'Host Prohibited', 13: FILTERED },
      // For this type of service.
      ...{ 11: NETWORK, 12: HOST },
    },
    11: { 0: OUT_OF_HOPS },
    12: {},
  },
  6: {
    1: { 0: NETWORK, 1: FILTERED, 3: HOST, 4: PORT },
    2: {},
    3: { 0: OUT_OF_HOPS, 1: OUT_OF_HOPS },
    4: {},
  },
};

/** As what a call fails when a message has come to the queue. */
const CODES: ReadonlySet<string> = new Set([
  ...['ENETUNREACH', 'EHOSTUNREACH', 'EHOSTDOWN', 'ECONNREFUSED', 'ENOPROTOOPT', 'ENONET'],
  ...['EMSGSIZE', 'EOPNOTSUPP', 'ENOTSUP', 'EPROTO', 'EACCES', 'EREMOTEIO'],
]);

/** Whether reading from a socket fails so because of a complaint, not because it does not work. */
export function isOfComplaint(error: Error): boolean {
  return 'code' in error && CODES.has(String(error.code));
}

/** The complaint in a message; null when it is none, or of no echo. */
export function readComplaint(family: Family, message: ErrorMessage): Complaint | null {
  const error = findExtendedError(family, message);
  const reason = error === null ? null : readReason(family, error);
  const destination = readAddress(family, message.name);
  const request = decodeRequest(family, message.payload);
  if (reason === null || destination === null || request === null) return null;
  return { ...request, destination, reason };
}

/** `struct sock_extended_err`, which must be whole. */
function findExtendedError(family: Family, { control, wordBytes }: ErrorMessage): Buffer | null {
  const headerBytes = wordBytes + 8;
  const [level, type] = RECEIVE_ERRORS[family];
  let rest = control;
  for (let count = 0; count < MAX_CONTROL_MESSAGES && rest.length >= headerBytes; count++) {
    const length = readWord(rest, wordBytes);
    if (length < headerBytes || length > rest.length) return null;
    if (readNumber(rest, wordBytes) === level && readNumber(rest, wordBytes + 4) === type) {
      const data = rest.subarray(headerBytes, length);
      return data.length < EXTENDED_ERROR_BYTES ? null : data;
    }
    rest = rest.subarray(Math.ceil(length / wordBytes) * wordBytes);
  }
  return null;
}

function readReason(family: Family, error: Buffer): string | null {
  const [origin, type, code] = error.subarray(4);
  if (origin !== ORIGINS[family]) return null;
  const reasons = REASONS[family][type ?? 0];
  return reasons === undefined ? null : (reasons[code ?? 0] ?? OTHER);
}

function readAddress(family: Family, name: Buffer): string | null {
  const offset = ADDRESS_OFFSETS[family];
  const bytes = name.subarray(offset, offset + (family === 4 ? 4 : 16));
  if (family === 4) return bytes.length < 4 ? null : bytes.join('.');
  return bytes.length < 16 ? null : (parseIpAddress(toGroups(bytes)) ?? null);
}

function toGroups(bytes: Buffer): string {
  return bytes.toString('hex').replace(/.{4}(?=.)/g, '$&:');
}

const isLittleEndian = endianness() === 'LE';

/** A number as the kernel writes it. */
function readNumber(bytes: Buffer, offset: number): number {
  return isLittleEndian ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset);
}

function readWord(bytes: Buffer, wordBytes: number): number {
  if (wordBytes === 4) return readNumber(bytes, 0);
  return Number(isLittleEndian ? bytes.readBigUInt64LE(0) : bytes.readBigUInt64BE(0));
}
