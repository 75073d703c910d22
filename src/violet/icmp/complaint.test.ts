import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { controlMessage, errorMessage, numberOf, TARGETS } from '../../../test/error-message.ts';
import { isOfComplaint, readComplaint } from './complaint.ts';
import type { EchoMark } from './packet.ts';

const MARK: EchoMark = { serial: 0x01020304, token: 0x1112131415161718n };

describe.each([4, 6] as const)('of IPv%i', (family) => {
  const whole = errorMessage(family, MARK);
  const complaint = {
    ...{ destination: TARGETS[family], reason: 'Host Unreachable' },
    ...{ mark: MARK, sequence: 0x0304 },
  };

  test.each([4, 8] as const)(
    'a message of a system with words of %i bytes is read',
    (wordBytes) => {
      expect(readComplaint(family, errorMessage(family, MARK, { wordBytes }))).toEqual(complaint);
    },
  );

  test('one that quotes 8 bytes has no mark', () => {
    const message = errorMessage(family, MARK, { quotedBytes: 8 });
    expect(readComplaint(family, message)).toEqual({ ...complaint, mark: null });
  });

  test('one that is cut off anywhere says nothing', () => {
    const { payload, name, control } = whole;
    for (let length = 0; length < 8; length++) {
      expect(readComplaint(family, { ...whole, payload: payload.subarray(0, length) })).toBeNull();
    }
    for (let length = 0; length < name.length; length++) {
      expect(readComplaint(family, { ...whole, name: name.subarray(0, length) })).toBeNull();
    }
    for (let length = 0; length < control.length; length++) {
      expect(readComplaint(family, { ...whole, control: control.subarray(0, length) })).toBeNull();
    }
  });

  test('one whose error is shorter than the structure says nothing', () => {
    const [level, option] = family === 4 ? [0, 11] : [41, 25];
    const control = controlMessage(level, option, whole.control.subarray(16, 31));
    expect(readComplaint(family, { ...whole, control })).toBeNull();
  });

  test('other control messages are read over, but not without end', () => {
    // Of a length that is padded.
    const other = Buffer.concat([controlMessage(1, 29, Buffer.alloc(3)), Buffer.alloc(5)]);
    const behind = (count: number) => {
      const control = Buffer.concat([...Array(count).fill(other), whole.control]);
      return readComplaint(family, { ...whole, control });
    };
    expect(behind(1)).toEqual(complaint);
    expect(behind(7)).toEqual(complaint);
    expect(behind(8)).toBeNull();
  });

  test('one whose control message lies of its length says nothing', () => {
    for (const length of [0, 15, whole.control.length + 1, 0xffff_ffff]) {
      const control = Buffer.from(whole.control);
      numberOf(length, 8).copy(control);
      expect(readComplaint(family, { ...whole, control })).toBeNull();
    }
  });

  test.each([0, 1, 4, 5])('an error of origin %i is nothing of the network', (origin) => {
    expect(readComplaint(family, errorMessage(family, MARK, { origin }))).toBeNull();
  });

  test('one that quotes a reply says nothing', () => {
    const payload = Buffer.from(whole.payload);
    payload[0] = family === 4 ? 0 : 129;
    expect(readComplaint(family, { ...whole, payload })).toBeNull();
  });

  test('nothing makes it throw', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    const wordBytes = fc.constantFrom(4, 8);
    fc.assert(
      fc.property(bytes, bytes, bytes, wordBytes, (payload, name, control, word) => {
        const message = { payload, name, control, wordBytes: word };
        expect(() => readComplaint(family, message)).not.toThrow();
      }),
    );
  });

  test('nothing but what is right in all parts is a complaint, whatever byte of it changes', () => {
    const at = fc.nat(whole.control.length - 1);
    fc.assert(
      fc.property(at, fc.nat(255), (offset, value) => {
        const control = Buffer.from(whole.control);
        control[offset] = value;
        const read = readComplaint(family, { ...whole, control });
        if (read !== null) expect(read).toMatchObject({ mark: MARK, reason: expect.any(String) });
      }),
    );
  });
});

test.each([
  [4, 3, 0, 'Network Unreachable'],
  [4, 3, 1, 'Host Unreachable'],
  [4, 3, 2, 'Bogus ICMP: Protocol Unreachable'],
  [4, 3, 3, 'Bogus ICMP: Port Unreachable'],
  [4, 3, 4, 'Destination Unreachable'],
  [4, 3, 9, 'Network Prohibited'],
  [4, 3, 10, 'Host Prohibited'],
  [4, 3, 11, 'Network Unreachable'],
  [4, 3, 12, 'Host Unreachable'],
  [4, 3, 13, 'Packet Filtered'],
  [4, 3, 99, 'Destination Unreachable'],
  [4, 11, 0, 'Time to live exceeded'],
  [4, 11, 1, 'Destination Unreachable'],
  [4, 12, 0, 'Destination Unreachable'],
  [6, 1, 0, 'Network Unreachable'],
  [6, 1, 1, 'Packet Filtered'],
  [6, 1, 2, 'Destination Unreachable'],
  [6, 1, 3, 'Host Unreachable'],
  [6, 1, 4, 'Bogus ICMP: Port Unreachable'],
  [6, 1, 6, 'Destination Unreachable'],
  [6, 2, 0, 'Destination Unreachable'],
  [6, 3, 0, 'Time to live exceeded'],
  [6, 4, 0, 'Destination Unreachable'],
] as const)('IPv%i type %i code %i is: %4$s', (family, type, code, reason) => {
  const read = readComplaint(family, errorMessage(family, MARK, { type, code }));
  expect(read?.reason).toBe(reason);
});

test.each([
  [4, 4, 0],
  [4, 5, 1],
  [4, 0, 0],
  [6, 137, 0],
  [6, 129, 0],
] as const)('IPv%i type %i says nothing of what became of an echo', (family, type, code) => {
  expect(readComplaint(family, errorMessage(family, MARK, { type, code }))).toBeNull();
});

test('the last byte of the address counts', () => {
  const read = readComplaint(4, errorMessage(4, MARK, { addressBytes: [192, 0, 2, 99] }));
  expect(read?.destination).toBe('192.0.2.99');
});

test('a call that fails so has met a complaint, not a socket that does not work', () => {
  const failure = (code: string) => Object.assign(new Error(code), { code });
  expect(isOfComplaint(failure('EHOSTUNREACH'))).toBe(true);
  expect(isOfComplaint(failure('EACCES'))).toBe(true);
  expect(isOfComplaint(failure('ENOTCONN'))).toBe(false);
  expect(isOfComplaint(new Error('x'))).toBe(false);
});
