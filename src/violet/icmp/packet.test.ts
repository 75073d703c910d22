import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeReply,
  decodeRequest,
  type EchoMark,
  encodeRequest,
  type Family,
  REPLY_TYPES,
} from './packet.ts';

const MARK: EchoMark = { serial: 0x01020304, token: 0x1112131415161718n };
const MARK_END = 8 + 12;
/** With an option, so that its length is not the usual one. */
const IPV4_HEADER = Buffer.concat([Buffer.from([0x46]), Buffer.alloc(23)]);

/** The request as it comes back: of another type. */
function reply(family: Family, mark = MARK): Buffer {
  const packet = encodeRequest(family, mark);
  packet[0] = REPLY_TYPES[family];
  return packet;
}

function sumOfWords(packet: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < packet.length; offset += 2) sum += packet.readUInt16BE(offset);
  return (sum & 0xffff) + (sum >>> 16);
}

describe.each([4, 6] as const)('of IPv%i', (family) => {
  test('a request has 64 bytes, its type and its sequence number', () => {
    const packet = encodeRequest(family, MARK);
    expect(packet).toHaveLength(64);
    expect(packet[0]).toBe(family === 4 ? 8 : 128);
    expect(packet.readUInt16BE(6)).toBe(0x0304);
  });

  test('any mark comes back, by a reply or in what is quoted', () => {
    const marks = fc.record({ serial: fc.nat(0xffff_ffff), token: fc.bigInt(0n, 2n ** 64n - 1n) });
    fc.assert(
      fc.property(marks, (mark) => {
        expect(decodeReply(family, reply(family, mark))).toEqual(mark);
        const sequence = mark.serial & 0xffff;
        expect(decodeRequest(family, encodeRequest(family, mark))).toEqual({ sequence, mark });
      }),
    );
  });

  test('a request of somebody is no reply, and a reply no request', () => {
    expect(decodeReply(family, encodeRequest(family, MARK))).toBeNull();
    expect(decodeRequest(family, reply(family))).toBeNull();
  });

  test('a reply that is cut off says nothing, and nothing makes it throw', () => {
    for (let length = 0; length < MARK_END; length++) {
      expect(decodeReply(family, reply(family).subarray(0, length))).toBeNull();
    }
    expect(decodeReply(family, reply(family).subarray(0, MARK_END))).toEqual(MARK);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(() => decodeReply(family, Buffer.from(bytes))).not.toThrow();
        expect(() => decodeRequest(family, Buffer.from(bytes))).not.toThrow();
      }),
    );
  });

  test('a request that is cut off has no mark, or is none', () => {
    const request = encodeRequest(family, MARK);
    for (let length = 0; length < MARK_END; length++) {
      const expected = length < 8 ? null : { sequence: 0x0304, mark: null };
      expect(decodeRequest(family, request.subarray(0, length))).toEqual(expected);
    }
  });
});

test('the checksum of IPv4 makes the sum of all words one of ones', () => {
  expect(sumOfWords(encodeRequest(4, MARK))).toBe(0xffff);
});

test('a raw socket of IPv4 has the header of IP before the message', () => {
  const packet = Buffer.concat([IPV4_HEADER, reply(4)]);
  expect(decodeReply(4, packet)).toEqual(MARK);
  expect(decodeReply(4, packet.subarray(0, 20))).toBeNull();
});
