/** Messages of an error queue as the kernel of this machine gives them. */

import { endianness } from 'node:os';
import type { ErrorMessage } from '../src/violet/icmp/complaint.ts';
import { type EchoMark, encodeRequest, type Family } from '../src/violet/icmp/packet.ts';

/** What a message says, if not that a host cannot be reached. */
export interface ErrorMessageChanges {
  readonly type?: number;
  readonly code?: number;
  readonly origin?: number;
  /** Of the address that the request went to. */
  readonly addressBytes?: readonly number[];
  /** How much of the request is quoted. */
  readonly quotedBytes?: number;
  readonly wordBytes?: 4 | 8;
}

const HOST_UNREACHABLE = { 4: [3, 1], 6: [1, 3] } as const;
/** 192.0.2.1 and 2001:db8::1. */
export const TARGETS = { 4: '192.0.2.1', 6: '2001:db8::1' } as const;
const TARGET_BYTES = {
  4: [192, 0, 2, 1],
  6: [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
} as const;
const LEVELS = { 4: [0, 11], 6: [41, 25] } as const;

/** A message that says so of a request with this mark. */
export function errorMessage(
  family: Family,
  mark: EchoMark,
  changes: ErrorMessageChanges = {},
): ErrorMessage {
  const [type, code] = HOST_UNREACHABLE[family];
  const origin = changes.origin ?? (family === 4 ? 2 : 3);
  const wordBytes = changes.wordBytes ?? 8;
  const errno = numberOf(113);
  const said = Buffer.from([origin, changes.type ?? type, changes.code ?? code, 0]);
  const error = Buffer.concat([errno, said, Buffer.alloc(8), Buffer.alloc(16)]);
  const [level, option] = LEVELS[family];
  return {
    payload: encodeRequest(family, mark).subarray(0, changes.quotedBytes),
    name: Buffer.concat([
      Buffer.alloc(family === 4 ? 4 : 8),
      Buffer.from(changes.addressBytes ?? TARGET_BYTES[family]),
    ]),
    control: controlMessage(level, option, error, wordBytes),
    wordBytes,
  };
}

/** `struct cmsghdr` with its data. */
export function controlMessage(
  level: number,
  type: number,
  data: Buffer,
  wordBytes: 4 | 8 = 8,
): Buffer {
  const length = numberOf(wordBytes + 8 + data.length, wordBytes);
  return Buffer.concat([length, numberOf(level), numberOf(type), data]);
}

/** A number as the kernel writes it. */
export function numberOf(value: number, bytes: 4 | 8 = 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (endianness() === 'LE') buffer.writeUInt32LE(value, 0);
  else buffer.writeUInt32BE(value, bytes - 4);
  return buffer;
}
