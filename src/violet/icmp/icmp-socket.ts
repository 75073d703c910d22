/**
 * A socket of ICMP that Node reads on its event loop. Node takes a ping socket for one of UDP, as which
 * it is read and written alike; a raw one it refuses, so a raw one takes the place of one of UDP.
 */

import { createSocket, type Socket } from 'node:dgram';
import { type Family, wantedTypes } from './packet.ts';
import type { SocketCalls } from './socket-calls.ts';

/** `ping` is for groups that `net.ipv4.ping_group_range` names, `raw` needs `CAP_NET_RAW`. */
export type SocketKind = 'ping' | 'raw';

/** An open socket. */
export interface IcmpSocket {
  readonly kind: SocketKind;
  /** Sends a packet; `onError` is told when the system refuses that. */
  send(packet: Buffer, address: string, onError: (error: Error) => void): void;
  /** Nothing is received any more; idempotent. */
  close(): void;
}

/** Who is told what. */
export interface SocketListener {
  /** `source` is an address as the system prints it. */
  onPacket(packet: Buffer, source: string): void;
  /** The socket does not work any more and should be closed. */
  onFailure(error: Error): void;
}

const INET = { 4: 2, 6: 10 } as const;
const ICMP = { 4: 1, 6: 58 } as const;
const DATAGRAM = 2;
const RAW = 3;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
/** For thousands of replies that come while the event loop is busy. */
const RECEIVE_BYTES = 4_194_304;
/** Level and number of the option that says which types of messages are received. */
const FILTERS = { 4: [255, 1], 6: [58, 1] } as const;
/** Node wants a port; a raw socket of IPv6 takes its protocol for one, the others none. */
const PORT = ICMP[6];

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
  try {
    attach(calls, { family, kind, file, socket });
  } catch (error) {
    close();
    throw error;
  }
  socket.on('message', (packet, { address }) => listener.onPacket(packet, address));
  socket.on('error', (error) => listener.onFailure(error));
  return {
    kind,
    send(packet, address, onError) {
      socket.send(packet, PORT, address, (error) => {
        if (error !== null) onError(error);
      });
    },
    close,
  };
}

/** The error of a raw socket says more: whoever may open one need not be allowed the other. */
function openFile(calls: SocketCalls, family: Family): { file: number; kind: SocketKind } {
  try {
    return { file: calls.open(INET[family], DATAGRAM, ICMP[family]), kind: 'ping' };
  } catch {
    return { file: calls.open(INET[family], RAW, ICMP[family]), kind: 'raw' };
  }
}

/** Gives `file` to the socket; who fails leaves nothing open. */
function attach(
  calls: SocketCalls,
  of: { family: Family; kind: SocketKind; file: number; socket: Socket },
): void {
  let own = of.file;
  try {
    growReceiveBuffer(calls, of.file);
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
}

function growReceiveBuffer(calls: SocketCalls, file: number): void {
  const size = new Uint32Array([RECEIVE_BYTES]);
  try {
    calls.setOption(file, SOL_SOCKET, SO_RCVBUFFORCE, size);
  } catch {
    // As much as net.core.rmem_max allows.
    calls.setOption(file, SOL_SOCKET, SO_RCVBUF, size);
  }
}

/** A raw socket would receive all of the machine's ICMP. A set bit shuts a type out. */
function setFilter(calls: SocketCalls, family: Family, file: number): void {
  const [level, option] = FILTERS[family];
  const mask = new Uint32Array(family === 4 ? 1 : 8).fill(0xffff_ffff);
  for (const type of wantedTypes(family)) {
    const index = type >> 5;
    mask[index] = (mask[index] ?? 0) & ~(1 << (type & 31));
  }
  calls.setOption(file, level, option, mask);
}
