import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkCertificate } from './host-certificate.ts';
import type { KnownHost } from './known-hosts.ts';
import { wireString } from './wire.ts';

const NOW_MS = 1_800_000_000_000;
const AT = { address: 'web1', nowMs: NOW_MS };

function makeEd25519(): { readonly wire: Buffer; readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const x = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return { wire: Buffer.concat([wireString('ssh-ed25519'), wireString(x)]), privateKey };
}

const AUTHORITY = makeEd25519();
const HOST_KEY = makeEd25519().wire;
const HOST: KnownHost = { keys: [], keysOfName: [], authorities: [AUTHORITY.wire], revoked: [] };

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** A certificate as OpenSSH makes it, with what differs. */
function makeCertificate(
  changes: {
    readonly kind?: number;
    readonly principals?: readonly string[];
    readonly options?: string;
    readonly validS?: readonly [number, number];
  } = {},
): Buffer {
  const { kind = 2, principals = ['WEB1'], options = '' } = changes;
  const [fromS, toS] = changes.validS ?? [NOW_MS / 1_000 - 1, NOW_MS / 1_000 + 1];
  const signed = Buffer.concat([
    wireString('ssh-ed25519-cert-v01@openssh.com'),
    wireString('a random number'),
    HOST_KEY.subarray(wireString('ssh-ed25519').length),
    ...[uint64(1), uint32(kind), wireString('a name')],
    wireString(Buffer.concat(principals.map(wireString))),
    ...[uint64(fromS), uint64(toS)],
    ...[wireString(options), wireString(''), wireString(''), wireString(AUTHORITY.wire)],
  ]);
  const value = sign(null, signed, AUTHORITY.privateKey);
  const signature = Buffer.concat([wireString('ssh-ed25519'), wireString(value)]);
  return Buffer.concat([signed, wireString(signature)]);
}

describe('a certificate', () => {
  test('vouches for its key', () => {
    expect(checkCertificate(makeCertificate(), HOST, AT)).toEqual({ key: HOST_KEY });
  });

  const second = NOW_MS / 1_000;
  test.each([
    ['for a user', makeCertificate({ kind: 1 }), /for a user/],
    ['for nobody', makeCertificate({ principals: [] }), /not for web1/],
    ['for others', makeCertificate({ principals: ['web', '*'] }), /not for web1/],
    ['with options', makeCertificate({ options: 'x' }), /options/],
    ['of tomorrow', makeCertificate({ validS: [second + 1, second + 2] }), /not valid yet/],
    ['that ended now', makeCertificate({ validS: [0, second] }), /expired/],
    ['that is a key', HOST_KEY, /cannot be read/],
    ['that is nothing', Buffer.alloc(0), /cannot be read/],
  ])('%s does not', (_what, certificate, problem) => {
    expect(checkCertificate(certificate, HOST, AT)).toEqual({
      problem: expect.stringMatching(problem),
    });
  });

  test('does not when authority or key are not what they should be', () => {
    const check = (changes: Partial<KnownHost>) =>
      checkCertificate(makeCertificate(), { ...HOST, ...changes }, AT);
    expect(check({ authorities: [HOST_KEY] })).toHaveProperty('problem');
    expect(check({ revoked: [AUTHORITY.wire] })).toHaveProperty('problem');
    expect(check({ revoked: [HOST_KEY] })).toHaveProperty('problem');
  });

  test('does not when a single byte of it is another', () => {
    const whole = makeCertificate();
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
        const forged = Buffer.from(whole);
        forged[index] = (forged[index] ?? 0) ^ change;
        expect(checkCertificate(forged, HOST, AT)).toHaveProperty('problem');
      }),
      { numRuns: 2_000 },
    );
  });

  test('does not when it is cut or longer', () => {
    const whole = makeCertificate();
    for (let length = 0; length < whole.length; length++) {
      expect(checkCertificate(whole.subarray(0, length), HOST, AT)).toHaveProperty('problem');
    }
    const longer = Buffer.concat([whole, Buffer.of(0)]);
    expect(checkCertificate(longer, HOST, AT)).toHaveProperty('problem');
  });
});
