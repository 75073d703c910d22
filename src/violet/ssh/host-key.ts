/**
 * Which keys a host may show, and what becomes of another: between the known_hosts files and the
 * handshake. A changed or revoked key is refused whatever the policy.
 */

import type { Log } from '../../lib/log.ts';
import { CERTIFICATE_SUFFIX, type CertifiedKey } from './host-certificate.ts';
import {
  fingerprint,
  hasKey,
  judgeKey,
  type KeyVerdict,
  type KnownHost,
  keyType,
} from './known-hosts.ts';
import type { KnownHostsFiles } from './known-hosts-file.ts';
import { formatTarget, knownHostName, type SshFailure, type SshTarget } from './target.ts';

/** What to do about a host of which no key is known: refuse it, or record its key. */
export type HostKeyPolicy = 'strict' | 'accept-new';

/** What a host's key is judged by. */
export interface HostKeyContext {
  readonly target: SshTarget;
  readonly host: KnownHost;
  /** From the host's certificate; null when no authority is known for it. */
  readonly certified: CertifiedKey | null;
  readonly policy: HostKeyPolicy;
  readonly files: KnownHostsFiles;
  readonly log: Log;
}

/** Signatures that prove a key, best first. SHA-1 (`ssh-rsa`) is not among them, as in OpenSSH. */
const SIGNATURES: readonly (readonly [type: string, algorithm: string])[] = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['ssh-rsa', 'rsa-sha2-512'],
  ['ssh-rsa', 'rsa-sha2-256'],
];

/** The algorithms to ask for: those first by which the host can show a key that is known. */
export function orderHostKeyAlgorithms({ host, certified }: HostKeyContext): string[] {
  const certifiedKeys = certified !== null && 'key' in certified ? [certified.key] : [];
  const known = [...certifiedKeys, ...host.keys, ...host.keysOfName];
  const types = known.map(keyType);
  const algorithms = (isKnown: boolean) =>
    SIGNATURES.filter(([type]) => types.includes(type) === isKnown).map(([, name]) => name);
  // A certificate's key alone: the host may have others, of which nobody has vouched.
  const [vouched] = certifiedKeys.map(keyType);
  if (vouched !== undefined) {
    return SIGNATURES.filter(([type]) => type === vouched).map(([, name]) => name);
  }
  return [...algorithms(true), ...algorithms(false)];
}

/** A key that may be trusted; with what people should be told of it, or null. */
export interface AdmittedKey {
  readonly notice: string | null;
}

/** Judges the key that the host has shown, and records it if it is new and may be trusted. */
export async function admitHostKey(
  key: Buffer,
  context: HostKeyContext,
): Promise<AdmittedKey | SshFailure> {
  const { host, certified } = context;
  const isCertified = certified !== null && 'key' in certified && certified.key.equals(key);
  if (isCertified && !hasKey(host.revoked, key)) return { notice: null };
  const verdict = judgeKey(host, key);
  if (verdict === 'known') return { notice: null };
  if (verdict === 'unknown' && context.policy === 'accept-new' && certified === null) {
    return recordKey(key, context);
  }
  return { phase: 'host key', reason: describeRefusal(verdict, key, context) };
}

async function recordKey(key: Buffer, context: HostKeyContext): Promise<AdmittedKey | SshFailure> {
  const { target, files, log } = context;
  try {
    await files.record(knownHostName(target), key);
  } catch (error) {
    // Without a record it would be accepted as new for ever, whoever shows it.
    const reason = `the new key cannot be recorded in ${files.paths[0]}: ${String(error)}`;
    return { phase: 'host key', reason };
  }
  log.warn(
    { host: formatTarget(target), key: describeKey(key), file: files.paths[0] },
    'the key of a new host was accepted and recorded',
  );
  return { notice: `the key of this host was new and is recorded: ${describeKey(key)}` };
}

function describeRefusal(
  verdict: Exclude<KeyVerdict, 'known'>,
  key: Buffer,
  { target, host, certified, files }: HostKeyContext,
): string {
  const name = knownHostName(target);
  const shown = `it shows ${describeKey(key)}`;
  const places = files.paths.join(', ');
  if (verdict === 'revoked') return `the key is revoked: ${shown}`;
  if (verdict === 'changed') {
    const known = host.keys.map(describeKey).join(', ');
    return `THE KEY HAS CHANGED, somebody may be in between: ${shown}, known_hosts has ${known} for ${name}; if the host was set up anew, correct ${places}`;
  }
  if (certified !== null) {
    const problem = 'problem' in certified ? certified.problem : 'it is for another key';
    return `the certificate of the host is not accepted: ${problem}; ${shown}`;
  }
  return `the key is unknown: ${shown}; check it and put it under ${name} into one of ${places}, or set violet.ssh.hostKeyPolicy to accept-new`;
}

function describeKey(key: Buffer): string {
  return `${keyType(key).replace(CERTIFICATE_SUFFIX, '')} ${fingerprint(key)}`;
}
