import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeNews, type EchoMark, encodeRequest, type Family, wantedTypes } from './packet.ts';

const MARK: EchoMark = { serial: 0x01020304, token: 0x1112131415161718n };
const IPV6_HEADER = Buffer.concat([Buffer.from([0x60]), Buffer.alloc(39)]);
/** With an option, so that its length is not the usual one. */
const IPV4_HEADER = Buffer.concat([Buffer.from([0x46]), Buffer.alloc(23)]);
const HEADERS = { 4: IPV4_HEADER, 6: IPV6_HEADER } as const;

/** The request as it comes back: of another type. */
function reply(family: Family, mark = MARK): Buffer {
  const packet = encodeRequest(family, mark);
  packet[0] = family === 4 ? 0 : 129;
  return packet;
}

/** What a router says of the request. */
function complaint(family: Family, type: number, code: number, quotedBytes = 1_000): Buffer {
  const quoted = Buffer.concat([HEADERS[family], encodeRequest(family, MARK)]);
  return Buffer.concat([
    Buffer.from([type, code, 0, 0, 0, 0, 0, 0]),
    quoted.subarray(0, quotedBytes),
  ]);
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

  test('any mark comes back', () => {
    const marks = fc.record({ serial: fc.nat(0xffff_ffff), token: fc.bigInt(0n, 2n ** 64n - 1n) });
    fc.assert(
      fc.property(marks, (mark) => {
        expect(decodeNews(family, reply(family, mark))).toEqual({ kind: 'reply', mark });
      }),
    );
  });

  test('a request of somebody says nothing', () => {
    expect(decodeNews(family, encodeRequest(family, MARK))).toBeNull();
  });

  test('a reply or complaint that is cut off says nothing, and nothing makes it throw', () => {
    const [type] = family === 4 ? [3] : [1];
    const whole = complaint(family, type, 1);
    const markEnd = 8 + HEADERS[family].length + 8 + 12;
    for (let length = 0; length < markEnd; length++) {
      expect(decodeNews(family, whole.subarray(0, length))).toBeNull();
    }
    expect(decodeNews(family, whole.subarray(0, markEnd))).toMatchObject({ mark: MARK });
    for (let length = 0; length < 20; length++) {
      expect(decodeNews(family, reply(family).subarray(0, length))).toBeNull();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(() => decodeNews(family, Buffer.from(bytes))).not.toThrow();
      }),
    );
  });

  test('what quotes a packet of another kind says nothing', () => {
    const packet = complaint(family, family === 4 ? 3 : 1, 1);
    packet[8 + HEADERS[family].length] = family === 4 ? 0 : 129;
    expect(decodeNews(family, packet)).toBeNull();
  });

  test('every type that tells of a request is wanted', () => {
    expect(wantedTypes(family)).toEqual(family === 4 ? [0, 3, 11] : [129, 1, 3]);
  });
});

test('the checksum of IPv4 makes the sum of all words one of ones', () => {
  expect(sumOfWords(encodeRequest(4, MARK))).toBe(0xffff);
});

test('a raw socket of IPv4 has the header of IP before the message', () => {
  const packet = Buffer.concat([IPV4_HEADER, reply(4)]);
  expect(decodeNews(4, packet)).toEqual({ kind: 'reply', mark: MARK });
});

test.each([
  [4, 3, 0, 'Network unreachable'],
  [4, 3, 1, 'Host unreachable'],
  [4, 3, 13, 'Refused by a filter'],
  [4, 3, 99, 'Destination unreachable'],
  [4, 11, 0, 'Time to live exceeded'],
  [6, 1, 0, 'Network unreachable'],
  [6, 1, 1, 'Refused by a filter'],
  [6, 1, 3, 'Host unreachable'],
  [6, 3, 0, 'Time to live exceeded'],
] as const)('IPv%i type %i code %i is: %4$s', (family, type, code, reason) => {
  const news = decodeNews(family, complaint(family, type, code));
  expect(news).toEqual({ kind: 'undelivered', mark: MARK, reason });
});

test('a router that quotes 8 bytes says nothing', () => {
  expect(decodeNews(4, complaint(4, 3, 1, IPV4_HEADER.length + 8))).toBeNull();
});
