/**
 * TLS over a connection: a socket -> a socket whose other end has shown who it is. The certificate is
 * looked at after the handshake, not by Node during it, so that one that is expired or not trusted
 * can be named and dated; what is not trusted is given to nobody who did not ask for it.
 */

import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect,
  type PeerCertificate,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { toError } from './connection.ts';
import { codeOf, showText } from './probe.ts';

/** How a certificate is checked, and what is shown in return. */
export interface TlsSettings {
  /** Authorities in PEM form; undefined: those of Node. */
  readonly ca?: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** The client's own, in PEM form. */
  readonly cert?: string;
  readonly key?: string;
  /** False: whoever answers is taken for the server. */
  readonly isVerified: boolean;
}

/** What is said of a certificate. */
export interface Certificate {
  /** Its common name, or another that it has; not fit to be shown as it is. */
  readonly name: string;
  /** Its last moment, milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A certificate that does not prove that this is the server; the message says why. */
export class UntrustedCertificate extends Error {
  override name = 'UntrustedCertificate';
  readonly certificate: Certificate;

  constructor(certificate: Certificate, reason: string) {
    super(reason);
    this.certificate = certificate;
  }
}

/** A connection over TLS. */
export interface SecureConnection {
  readonly socket: TLSSocket;
  readonly certificate: Certificate;
}

/**
 * Shakes hands with the server called `serverName`, which may be an address. Rejects with TLS's error,
 * with `UntrustedCertificate`, or when `signal` aborts; the connection is closed then.
 */
export async function secure(
  socket: Socket,
  serverName: string,
  { isVerified, ...settings }: TlsSettings,
  signal: StopSignal,
): Promise<SecureConnection> {
  try {
    const secured = connect({
      socket,
      ...settings,
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    await shakeHands(secured, signal);
    const peer = secured.getPeerCertificate();
    const certificate = readCertificate(peer);
    const reason = isVerified ? findFlaw(secured, peer, serverName) : null;
    if (reason !== null) throw new UntrustedCertificate(certificate, reason);
    return { socket: secured, certificate };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function shakeHands(socket: TLSSocket, signal: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // All of these stay: the connection may still fail when it is somebody else's.
    const abort = () => socket.destroy(toError(signal.reason));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', reject);
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      const error = new Error('the connection was closed during the TLS handshake');
      reject(Object.assign(error, { code: 'ERR_TLS_CLOSED' }));
    });
    socket.once('secureConnect', resolve);
  });
}

function readCertificate(peer: PeerCertificate): Certificate {
  const expiresAt = Date.parse(peer.valid_to);
  if (Number.isNaN(expiresAt)) throw new Error('the server shows no certificate');
  const { CN: commonName } = peer.subject;
  const [first] = [commonName].flat();
  const [, alternative] = /^(?:DNS|IP Address):([^,]+)/.exec(peer.subjectaltname ?? '') ?? [];
  return { name: first ?? alternative ?? 'Unknown CN', expiresAt };
}

/** Why this is not the server that was wanted; null when it is. */
function findFlaw(socket: TLSSocket, peer: PeerCertificate, serverName: string): string | null {
  if (!socket.authorized) {
    // Node gives OpenSSL's code, though it is declared as an error.
    const code: unknown = socket.authorizationError;
    return String(code instanceof Error ? codeOf(code) || code.message : code)
      .toLowerCase()
      .replaceAll('_', ' ');
  }
  const error = checkServerIdentity(serverName, peer);
  return error === undefined ? null : error.message;
}

/** Why there was no handshake, on one line. */
export function describeTlsFailure(error: unknown): string {
  if (error instanceof UntrustedCertificate) {
    const { certificate, message } = error;
    return `certificate '${showText(certificate.name)}' is not trusted: ${showText(message)}`;
  }
  // OpenSSL's own errors hide their reason among the places in its sources where they were found.
  const message = error instanceof Error ? error.message : String(error);
  const [, reason] = /:SSL routines:[^:]*:([^:]+):/.exec(message) ?? [];
  return showText(reason ?? message);
}

/** Whether an error is TLS's and not the network's. */
export function isTlsFailure(error: unknown): boolean {
  return error instanceof UntrustedCertificate || /SSL|TLS|EPROTO|CERT/.test(codeOf(error));
}
