/**
 * A socket of ICMP that Node reads on its event loop. Node takes a ping socket for one of UDP, as which
 * it is read and written alike; a raw one it refuses, so a raw one takes the place of one of UDP.
 */

import { createSocket, type Socket } from 'node:dgram';
import { type Complaint, isOfComplaint, RECEIVE_ERRORS, readComplaint } from './complaint.ts';
import { createErrorQueue } from './error-queue.ts';
import { type Family, REPLY_TYPES } from './packet.ts';
import type { SocketCalls } from './socket-calls.ts';

/** `ping` is for groups that `net.ipv4.ping_group_range` names, `raw` needs `CAP_NET_RAW`. */
export type SocketKind = 'ping' | 'raw';

/** An open socket. */
export interface IcmpSocket {
  readonly kind: SocketKind;
  /** Sends a packet; `onError` is told when the system refuses that, or a `DisturbedError`. */
  send(packet: Buffer, address: string, onError: (error: Error) => void): void;
  /** Nothing is received any more; idempotent. */
  close(): void;
}

/** Who is told what. */
export interface SocketListener {
  /** `source` is an address as the system prints it. */
  onPacket(packet: Buffer, source: string): void;
  onComplaint(complaint: Complaint): void;
  /** The socket does not work any more and should be closed. */
  onFailure(error: Error): void;
}

/** Errors of others came before each try to send: nothing is known of the packet's own target. */
export class DisturbedError extends Error {
  constructor() {
    super('too many errors come back from the network');
  }
}

const INET = { 4: 2, 6: 10 } as const;
const ICMP = { 4: 1, 6: 58 } as const;
const DATAGRAM = 2;
const RAW = 3;
const SOL_SOCKET = 1;
/** What may be set with CAP_NET_ADMIN, and what without. */
const BUFFERS = { receive: [33, 8], send: [32, 7] } as const;
/**
 * For thousands of replies that come while the event loop is busy, and for thousands of echoes that the
 * system keeps while it looks for their neighbours: nothing else can be sent when they fill the buffer.
 */
const BUFFER_BYTES = 4_194_304;
/** Level and number of the option that says which types of messages are received. */
const FILTERS = { 4: [255, 1], 6: [58, 1] } as const;
/** Node wants a port; a raw socket of IPv6 takes its protocol for one, the others none. */
const PORT = ICMP[6];
/** Thousands of others may fail in the same moment, and each try reads some of them. */
const MAX_TRIES = 256;

/** Opens one, a ping socket if that is allowed. Throws the system's error. */
export function openIcmpSocket(
  calls: SocketCalls,
  family: Family,
  listener: SocketListener,
): IcmpSocket {
  const { file, kind } = openFile(calls, family);
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    // Addresses only; a look-up would take a turn of the event loop for each packet.
    lookup: (address, _options, callback) => callback(null, address, family),
  });
  let isClosed = false;
  const close = () => {
    if (!isClosed) socket.close();
    isClosed = true;
  };
  let own: number;
  try {
    own = attach(calls, { family, kind, file, socket });
  } catch (error) {
    close();
    throw error;
  }
  const errors = createErrorQueue(
    () => (isClosed ? null : calls.receiveError(own)),
    (message) => {
      const complaint = readComplaint(family, message);
      if (complaint !== null) listener.onComplaint(complaint);
    },
  );
  socket.on('message', (packet, { address }) => listener.onPacket(packet, address));
  socket.on('error', (error) => {
    errors.drain();
    if (!isOfComplaint(error)) listener.onFailure(error);
  });
  /** `wasQuiet`: the last try failed too, though nobody else had failed. */
  const transmit: Transmit = (packet, address, onError, triesLeft, wasQuiet) => {
    if (isClosed) return;
    socket.send(packet, PORT, address, (error) => {
      if (error === null) return;
      const found = errors.drain();
      const isQuiet = found === 'nothing';
      const again = () => transmit(packet, address, onError, triesLeft - 1, isQuiet);
      if (isClosed || (isQuiet && wasQuiet)) onError(error);
      else if (triesLeft === 0) onError(new DisturbedError());
      // A failure takes one error away, and reading brings the next: so each second try waits.
      else if (found === 'more' && triesLeft % 2 === 0) setImmediate(again);
      else again();
    });
  };
  return {
    kind,
    send: (packet, address, onError) => transmit(packet, address, onError, MAX_TRIES - 1, false),
    close,
  };
}

type Transmit = (
  ...args: [...Parameters<IcmpSocket['send']>, triesLeft: number, wasQuiet: boolean]
) => void;

/** The error of a raw socket says more: whoever may open one need not be allowed the other. */
function openFile(calls: SocketCalls, family: Family): { file: number; kind: SocketKind } {
  try {
    return { file: calls.open(INET[family], DATAGRAM, ICMP[family]), kind: 'ping' };
  } catch {
    return { file: calls.open(INET[family], RAW, ICMP[family]), kind: 'raw' };
  }
}

/** Gives `file` to the socket and returns its number there; who fails leaves nothing open. */
function attach(
  calls: SocketCalls,
  of: { family: Family; kind: SocketKind; file: number; socket: Socket },
): number {
  let own = of.file;
  try {
    growBuffer(calls, of.file, BUFFERS.receive);
    growBuffer(calls, of.file, BUFFERS.send);
    const [level, option] = RECEIVE_ERRORS[of.family];
    calls.setOption(of.file, level, option, new Uint32Array([1]));
    if (of.kind === 'raw') setFilter(calls, of.family, of.file);
    if (of.kind === 'raw') own = calls.open(INET[of.family], DATAGRAM, 0);
    of.socket.bind({ fd: own });
  } catch (error) {
    calls.close(of.file);
    if (own !== of.file) calls.close(own);
    throw error;
  }
  // Before the event loop turns, and with it learns what it waits for.
  if (own !== of.file) calls.rename(of.file, own);
  return own;
}

function growBuffer(
  calls: SocketCalls,
  file: number,
  [forced, allowed]: (typeof BUFFERS)[keyof typeof BUFFERS],
): void {
  const size = new Uint32Array([BUFFER_BYTES]);
  try {
    calls.setOption(file, SOL_SOCKET, forced, size);
  } catch {
    // As much as net.core.rmem_max and wmem_max allow.
    calls.setOption(file, SOL_SOCKET, allowed, size);
  }
}

/** A raw socket would receive all of the machine's ICMP. A set bit shuts a type out. */
function setFilter(calls: SocketCalls, family: Family, file: number): void {
  const [level, option] = FILTERS[family];
  const mask = new Uint32Array(family === 4 ? 1 : 8).fill(0xffff_ffff);
  const index = REPLY_TYPES[family] >> 5;
  mask[index] = ~(1 << (REPLY_TYPES[family] & 31));
  calls.setOption(file, level, option, mask);
}
