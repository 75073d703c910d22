/**
 * Certificates of hosts (OpenSSH's PROTOCOL.certkeys): the bytes -> the key that it vouches for, or
 * why it does not. Pure.
 *
 * Narrower than OpenSSH in two points: a certificate that names no host is good for none, where it
 * was once good for all; and an authority's signature with SHA-1 does not count.
 */

import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { hasKey, type KnownHost, keyType } from './known-hosts.ts';
import { MalformedWire, WireReader, wireString } from './wire.ts';

/** Behind the type of a key, the type of its certificates. */
export const CERTIFICATE_SUFFIX = '-cert-v01@openssh.com';

/** The key that a valid certificate vouches for, or a clause that says what is wrong with it. */
export type CertifiedKey = { readonly key: Buffer } | { readonly problem: string };

interface Certificate {
  /** The certified key as it travels. */
  readonly key: Buffer;
  readonly isForHosts: boolean;
  readonly principals: readonly string[];
  /** Seconds since the epoch; the end does not belong to it. */
  readonly validFromS: bigint;
  readonly validToS: bigint;
  readonly hasCriticalOptions: boolean;
  readonly authority: Buffer;
  readonly signature: Buffer;
  /** What the signature is over. */
  readonly signed: Buffer;
}

/** How many fields a type of key has behind its name. */
const KEY_FIELD_COUNTS: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'ssh-rsa': 2,
};
/** The certificate is for a host, not for a user. */
const HOST_CERTIFICATE = 2;

/** Checks a certificate against what is known of the host at `nowMs`. Never throws. */
export function checkCertificate(
  bytes: Buffer,
  host: KnownHost,
  { address, nowMs }: { readonly address: string; readonly nowMs: number },
): CertifiedKey {
  const certificate = parseCertificate(bytes);
  if (certificate === null) return { problem: 'it cannot be read' };
  const { key, authority, validFromS, validToS } = certificate;
  const nowS = BigInt(Math.floor(nowMs / 1_000));
  const principals = certificate.principals.map((name) => name.toLowerCase());
  const faults: readonly (readonly [isFault: boolean, problem: string])[] = [
    [!hasKey(host.authorities, authority), 'its authority is not the one in known_hosts'],
    [hasKey(host.revoked, authority), 'its authority is revoked'],
    [hasKey(host.revoked, key), 'its key is revoked'],
    [!certificate.isForHosts, 'it is for a user'],
    [certificate.hasCriticalOptions, 'it has options that must be understood and are not'],
    [nowS < validFromS, 'it is not valid yet'],
    [nowS >= validToS, 'it has expired'],
    [!principals.includes(address.toLowerCase()), `it is not for ${address}`],
    [!isSignedBy(certificate), 'its signature is wrong'],
  ];
  const fault = faults.find(([isFault]) => isFault);
  return fault ? { problem: fault[1] } : { key };
}

function parseCertificate(bytes: Buffer): Certificate | null {
  try {
    return readCertificate(bytes);
  } catch (error) {
    if (error instanceof MalformedWire) return null;
    throw error;
  }
}

function readCertificate(bytes: Buffer): Certificate | null {
  const reader = new WireReader(bytes);
  const certificateType = reader.text();
  const type = certificateType.replace(CERTIFICATE_SUFFIX, '');
  const fieldCount = KEY_FIELD_COUNTS[type];
  if (type === certificateType || fieldCount === undefined) return null;
  reader.string(); // a random number, so that nobody can choose what is signed
  const fields = Array.from({ length: fieldCount }, () => wireString(reader.string()));
  reader.uint64(); // serial number
  const isForHosts = reader.uint32() === HOST_CERTIFICATE;
  reader.string(); // a name for logs
  const principals = readStrings(reader.string());
  const validFromS = reader.uint64();
  const validToS = reader.uint64();
  const hasCriticalOptions = reader.string().length > 0;
  reader.string(); // extensions, which may be ignored
  reader.string(); // reserved
  const authority = reader.string();
  const signed = bytes.subarray(0, reader.position);
  const signature = reader.string();
  if (!reader.isAtEnd) return null;
  return {
    ...{ key: Buffer.concat([wireString(type), ...fields]), isForHosts, principals },
    ...{ validFromS, validToS, hasCriticalOptions, authority, signature, signed },
  };
}

function readStrings(bytes: Buffer): string[] {
  const reader = new WireReader(bytes);
  const strings: string[] = [];
  while (!reader.isAtEnd) strings.push(reader.text());
  return strings;
}

function isSignedBy({ authority, signature, signed }: Certificate): boolean {
  try {
    const reader = new WireReader(signature);
    const algorithm = reader.text();
    return verifySignature({ algorithm, authority, signed, value: reader.string() });
  } catch {
    // Numbers that are no key and no signature make OpenSSL throw in many ways.
    return false;
  }
}

interface SignatureParts {
  readonly algorithm: string;
  readonly authority: Buffer;
  readonly signed: Buffer;
  readonly value: Buffer;
}

function verifySignature({ algorithm, authority, signed, value }: SignatureParts): boolean {
  const type = keyType(authority);
  if (type === 'ssh-rsa') {
    const hash = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' }[algorithm];
    return hash !== undefined && verify(hash, signed, readRsaKey(authority), value);
  }
  if (algorithm !== type) return false;
  if (type === 'ssh-ed25519') return verify(null, signed, readEd25519Key(authority), value);
  const curve = CURVES[type];
  if (curve === undefined) return false;
  const key = { key: readEcKey(authority, curve), dsaEncoding: 'ieee-p1363' } as const;
  return verify(curve.hash, signed, key, readEcSignature(value, curve.sizeBytes));
}

interface Curve {
  readonly crv: string;
  readonly hash: string;
  /** Of a coordinate. */
  readonly sizeBytes: number;
}

const CURVES: Readonly<Record<string, Curve>> = {
  'ecdsa-sha2-nistp256': { crv: 'P-256', hash: 'sha256', sizeBytes: 32 },
  'ecdsa-sha2-nistp384': { crv: 'P-384', hash: 'sha384', sizeBytes: 48 },
  'ecdsa-sha2-nistp521': { crv: 'P-521', hash: 'sha512', sizeBytes: 66 },
};

function readEd25519Key(key: Buffer): KeyObject {
  const reader = new WireReader(key);
  reader.string();
  return importKey({ kty: 'OKP', crv: 'Ed25519', x: reader.string().toString('base64url') });
}

function readRsaKey(key: Buffer): KeyObject {
  const reader = new WireReader(key);
  reader.string();
  const e = withoutZeros(reader.string()).toString('base64url');
  return importKey({ kty: 'RSA', e, n: withoutZeros(reader.string()).toString('base64url') });
}

function readEcKey(key: Buffer, { crv, sizeBytes }: Curve): KeyObject {
  const reader = new WireReader(key);
  reader.string();
  reader.string(); // the curve once more
  const point = reader.string(); // 4, x, y
  const x = point.subarray(1, 1 + sizeBytes).toString('base64url');
  return importKey({ kty: 'EC', crv, x, y: point.subarray(1 + sizeBytes).toString('base64url') });
}

function importKey(key: Readonly<Record<string, string>>): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}

/** Two numbers of any length -> side by side, each as long as a coordinate. */
function readEcSignature(value: Buffer, sizeBytes: number): Buffer {
  const reader = new WireReader(value);
  const numbers = [reader.string(), reader.string()].map((number) => {
    const digits = withoutZeros(number);
    return Buffer.concat([Buffer.alloc(Math.max(0, sizeBytes - digits.length)), digits]);
  });
  return Buffer.concat(numbers);
}

/** Numbers on the wire have a zero before them when their first bit is set. */
function withoutZeros(number: Buffer): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  return first === -1 ? Buffer.alloc(0) : number.subarray(first);
}
