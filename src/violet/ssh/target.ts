/** Whom an ssh connection goes to, and why one failed, in words for people. */

import { hostName } from './known-hosts.ts';

/** A login on a machine. */
export interface SshTarget {
  readonly login: string;
  /** An IP address or name; the name under which known_hosts has the host. */
  readonly address: string;
  readonly port: number;
}

/** How far it came. */
export type SshPhase =
  | 'resolve'
  | 'connect'
  | 'host key'
  | 'authentication'
  | 'channel'
  | 'time-out';

/** Why a command did not run, or not to its end. */
export interface SshFailure {
  readonly phase: SshPhase;
  /** A clause: what happened and what to do. */
  readonly reason: string;
}

/** `LOGIN@ADDRESS:PORT`, with brackets around an IPv6 address. */
export function formatTarget({ login, address, port }: SshTarget): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${login}@${host}:${port}`;
}

/**
 * `[LOGIN@]ADDRESS[:PORT]`, an IPv6 address in brackets; what is left out is taken from `defaults`.
 * Null for other text.
 */
export function parseTarget(
  text: string,
  defaults: { readonly login: string; readonly port: number },
): SshTarget | null {
  const parts = /^(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^:@[\]\s]+))(?::(\d{1,5}))?$/.exec(text);
  const address = parts?.[2] ?? parts?.[3];
  if (parts === null || address === undefined) return null;
  return { login: parts[1] ?? defaults.login, address, port: Number(parts[4] ?? defaults.port) };
}

/** The name in known_hosts, for texts that say what to put there. */
export function knownHostName({ address, port }: SshTarget): string {
  return hostName(address, port);
}

/** The reason of a phase that was not done in its time. */
export const NO_ANSWER = 'no answer in time (time-out)';

const CONNECT_REASONS: Readonly<Record<string, SshFailure>> = {
  ENOTFOUND: { phase: 'resolve', reason: 'there is no such name' },
  EAI_AGAIN: { phase: 'resolve', reason: 'the name servers do not answer' },
  ECONNREFUSED: { phase: 'connect', reason: 'nobody listens there: is sshd running?' },
  EHOSTUNREACH: { phase: 'connect', reason: 'there is no way to the host' },
  ENETUNREACH: { phase: 'connect', reason: 'there is no way to its network' },
  ETIMEDOUT: { phase: 'connect', reason: 'the host does not answer' },
  ECONNRESET: { phase: 'connect', reason: 'the connection was reset' },
  EMFILE: { phase: 'connect', reason: 'violet has too many files open: raise LimitNOFILE' },
};

/** Why a socket was not opened. */
export function describeConnectError(error: unknown): SshFailure {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  return CONNECT_REASONS[code] ?? { phase: 'connect', reason: `the system says ${code || first}` };
}
