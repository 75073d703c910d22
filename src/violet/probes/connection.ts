/** A TCP connection for a probe: where to -> a socket, or why there is none. */

import { connect, type Socket } from 'node:net';
import type { StopSignal } from '../../lib/stop-signal.ts';
import type { CheckStateName } from '../../model/check.ts';
import { codeOf, describeError, isNameError, showText } from './probe.ts';

/** Where to connect to. */
export interface Endpoint {
  /** A name or an address. */
  readonly address: string;
  readonly port: number;
  /** Addresses of which family only; 0 is any. */
  readonly family: 0 | 4 | 6;
}

/**
 * What `net.Socket` adds to a copy of its options. In Node 20 a copy that gets new names has a hidden
 * class of its own, and each of the thirty look-ups in it begins from nothing.
 */
const SET_BY_NODE = {
  allowHalfOpen: false,
  emitClose: false,
  autoDestroy: true,
  decodeStrings: false,
};

/**
 * Connects. Rejects with the system's error, or with `signal`'s reason when it aborts, which also
 * ends the connection later on. Whoever has the socket must destroy it.
 */
export function openConnection(
  { address, port, family }: Endpoint,
  signal: StopSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, family, ...SET_BY_NODE });
    // Not by the option `signal`, which leaves a listener behind for each hop of a redirection.
    const abort = () => socket.destroy(toError(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', abort));
    // Stays: an error that nobody waits for any more must not end the process.
    socket.on('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** What a stream can be destroyed with. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Errors that are about this machine and say nothing of the target. */
const OWN_ERRORS = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/** Whether a connection failed for want of something on this machine. */
export function isOwnFailure(error: unknown): boolean {
  return OWN_ERRORS.has(codeOf(error));
}

/** Why this machine could not even try. */
export function describeOwnFailure(error: unknown): string {
  const remedy = /^E[MN]FILE$/.test(codeOf(error)) ? ': raise the limit of open files' : '';
  return `this violet cannot open a connection: ${describeError(error)}${remedy}`;
}

/** Why there is no connection, in the words of the plugins, and what that is for the target. */
export function describeFailedConnection(
  { address, port }: Endpoint,
  error: unknown,
): { readonly state: CheckStateName; readonly text: string } {
  if (isOwnFailure(error)) return { state: 'unknown', text: describeOwnFailure(error) };
  const shown = showText(address);
  const text = isNameError(error)
    ? `Invalid hostname, address or socket: ${shown}`
    : `connect to address ${shown} and port ${port}: ${describeError(error)}`;
  return { state: 'critical', text };
}
