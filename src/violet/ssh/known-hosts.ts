/**
 * The text of known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") -> what is known of one
 * host -> whether a key is that host's. Pure; reading and writing files is in known-hosts-file.ts.
 */

import { createHash, createHmac } from 'node:crypto';
import { MalformedWire, WireReader } from './wire.ts';

/** One line that says something of keys. */
export interface KnownHostLine {
  readonly marker: 'key' | 'authority' | 'revoked';
  /** The hosts, as written: patterns with commas between, or a hash. */
  readonly hosts: string;
  /** The key as it travels: type and fields. */
  readonly key: Buffer;
}

/** What the lines say of one host. */
export interface KnownHost {
  /** Keys under its own name. */
  readonly keys: readonly Buffer[];
  /** Keys under its name without a port; it may have them, but they are not a promise. */
  readonly keysOfName: readonly Buffer[];
  /** Keys that may sign its certificates. */
  readonly authorities: readonly Buffer[];
  /** Keys that must not be used any more. */
  readonly revoked: readonly Buffer[];
}

/** `known`: it is this host's; `changed`: the host has other keys; `unknown`: it has none. */
export type KeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

const MARKERS: Readonly<Record<string, KnownHostLine['marker']>> = {
  '@cert-authority': 'authority',
  '@revoked': 'revoked',
};
const DEFAULT_PORT = 22;

/** The lines that can be understood, in order; others are left out, as by OpenSSH. Never throws. */
export function parseKnownHosts(text: string): KnownHostLine[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

/** What the lines say of an address and port. Hashed names cost some microseconds each. */
export function findKnownHost(
  lines: readonly KnownHostLine[],
  { address, port }: { readonly address: string; readonly port: number },
): KnownHost {
  const ownName = hostName(address, port);
  const bareName = hostName(address, DEFAULT_PORT);
  const keysOf = (marker: KnownHostLine['marker'], names: readonly string[]) =>
    lines
      .filter((line) => line.marker === marker)
      .filter((line) => names.some((name) => matchesHosts(line.hosts, name)))
      .map((line) => line.key);
  return {
    keys: keysOf('key', [ownName]),
    keysOfName: ownName === bareName ? [] : keysOf('key', [bareName]),
    authorities: keysOf('authority', [ownName, bareName]),
    revoked: keysOf('revoked', [ownName, bareName]),
  };
}

/**
 * Whether a key is the host's. Stricter than OpenSSH in one point: where any key of the host is
 * known, a key of another type has changed too, so `accept-new` cannot be talked into it.
 */
export function judgeKey(host: KnownHost, key: Buffer): KeyVerdict {
  if (hasKey(host.revoked, key)) return 'revoked';
  if (hasKey(host.keys, key)) return 'known';
  if (host.keys.length > 0) return 'changed';
  return hasKey(host.keysOfName, key) ? 'known' : 'unknown';
}

/** The name under which a host stands in the files: `[ADDRESS]:PORT` for another port than 22. */
export function hostName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === DEFAULT_PORT ? name : `[${name}]:${port}`;
}

/** True when the key is among them. */
export function hasKey(keys: readonly Buffer[], key: Buffer): boolean {
  return keys.some((one) => one.equals(key));
}

/** The type of a key or certificate, such as `ssh-ed25519`; empty when it is none. */
export function keyType(key: Buffer): string {
  try {
    return new WireReader(key).text();
  } catch (error) {
    if (error instanceof MalformedWire) return '';
    throw error;
  }
}

/** The fingerprint as OpenSSH prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** Whether a name is among `hosts`: one pattern fits, and none of those with `!` before them. */
export function matchesHosts(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name);
  let isMatch = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!matchesPattern(isNegated ? pattern.slice(1) : pattern, name)) continue;
    if (isNegated) return false;
    isMatch = true;
  }
  return isMatch;
}

function parseLine(line: string): KnownHostLine | null {
  const words = line.split(/[ \t\r]+/).filter((word) => word !== '');
  const first = words[0] ?? '';
  if (first === '' || first.startsWith('#')) return null;
  const marker = first.startsWith('@') ? MARKERS[first] : 'key';
  if (marker === undefined) return null;
  const [hosts, type, base64] = marker === 'key' ? words : words.slice(1);
  if (hosts === undefined || type === undefined || base64 === undefined) return null;
  const key = Buffer.from(base64, 'base64');
  // What is no key, such as the numbers of protocol 1, does not begin with its own type.
  return type !== '' && keyType(key) === type ? { marker, hosts, key } : null;
}

/** `|1|SALT|HASH`: an HMAC of the name, so that the file does not tell which hosts there are. */
function matchesHash(hosts: string, name: string): boolean {
  const [, version, salt, hash, ...more] = hosts.split('|');
  if (version !== '1' || !salt || !hash || more.length > 0) return false;
  const expected = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return expected.equals(Buffer.from(hash, 'base64'));
}

/** `*` stands for any characters, `?` for one. At most pattern times name steps. */
function matchesPattern(pattern: string, name: string): boolean {
  let at = 0;
  /** Behind the last `*`, and where in the name it is tried; -1 before the first. */
  let retryPattern = -1;
  let retryName = 0;
  let position = 0;
  while (position < name.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      retryPattern = ++at;
      retryName = position;
    } else if (wanted === '?' || wanted === name[position]) {
      at++;
      position++;
    } else if (retryPattern >= 0) {
      at = retryPattern;
      position = ++retryName;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
