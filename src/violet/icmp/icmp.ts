/**
 * ICMP echo of this process: one socket for each family of addresses, which all pings and sweeps share.
 *
 * An echo is *queued* until the event loop turns, then *sent*, and ends once: *answered* by a reply
 * with its mark from its address, *lost* when its time is over or the network says so, or *unable* when
 * the socket is gone. A reply or complaint of none of those that wait is ignored, whoever sent it.
 */

import type { CancelTimer, Clock } from '../../lib/clock.ts';
import { Deque } from '../../lib/deque.ts';
import { parseIpAddress } from '../../lib/ip.ts';
import type { Log } from '../../lib/log.ts';
import type { Complaint } from './complaint.ts';
import { type IcmpSocket, openIcmpSocket, type SocketKind } from './icmp-socket.ts';
import { decodeReply, type EchoMark, encodeRequest, type Family, familyOf } from './packet.ts';
import type { SocketCalls } from './socket-calls.ts';

/** What became of an echo. */
export type EchoEnd =
  | { readonly kind: 'answered'; readonly rttMs: number }
  /** `reason` is what the network, as `check_ping` says it, or the system says; null when nobody did. */
  | { readonly kind: 'lost'; readonly reason: string | Error | null }
  /** Nothing is known of the target. */
  | { readonly kind: 'unable'; readonly reason: string };

/** One request. */
export interface EchoRequest {
  /** IPv4 or IPv6, the latter with its zone if it needs one. */
  readonly address: string;
  readonly timeoutMs: number;
  /** Is told once, never before `send` returns, never after it was cancelled. */
  readonly onEnd: (end: EchoEnd) => void;
}

/** Sends echoes. */
export interface Icmp {
  /** Which socket a family has now, or why it has none and what to do. */
  socketOf(family: Family): { readonly kind: SocketKind } | { readonly problem: string };
  /** Sends one; what it returns forgets it. */
  send(request: EchoRequest): () => void;
  /** What waits is `unable`; idempotent. */
  close(): void;
}

/** What it works with. */
export interface IcmpOptions {
  /** Null where sockets of ICMP cannot be opened at all. */
  readonly calls: SocketCalls | null;
  /** 64 bits that nobody can guess. */
  readonly createToken: () => bigint;
  readonly clock: Clock;
  readonly log: Log;
}

/** Some 300 bytes each. */
const MAX_WAITING = 65_536;
/** As many as Node receives in a turn of its loop, so that a receive buffer of any size suffices. */
const SENT_PER_TURN = 32;
/** Until a socket that could not be opened is tried again. */
const RETRY_MS = 10_000;
const STOPPED = 'this worker stops';
const NO_CALLS = 'sockets of ICMP need Linux and the npm package koffi';
/** Errors of sending that say something of the way to the target. All others say it of this machine. */
const UNDELIVERABLE: ReadonlySet<string> = new Set([
  ...['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'EADDRNOTAVAIL'],
  // A broadcast, a filter on this machine, an address that is none for a host.
  ...['EACCES', 'EPERM', 'EINVAL'],
]);

const NOT_PERMITTED =
  'no socket of ICMP is permitted: name the group of violet in the sysctl net.ipv4.ping_group_range, or give violet CAP_NET_RAW';
const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: NOT_PERMITTED,
  EPERM: NOT_PERMITTED,
  EAFNOSUPPORT: 'this machine has no such addresses',
  EMFILE: 'violet has too many files open: raise its limit (LimitNOFILE)',
  ENFILE: 'the system has too many files open: raise fs.file-max',
};

/** Opens the sockets; one that is not to be had is tried again when it is needed. */
export function openIcmp(options: IcmpOptions): Icmp {
  const families = { 4: new EchoFamily(4, options), 6: new EchoFamily(6, options) };
  return {
    socketOf: (family) => families[family].describe(),
    send: (request) => families[familyOf(request.address)].send(request),
    close() {
      for (const family of [families[4], families[6]]) family.stop();
    },
  };
}

interface Waiting {
  readonly request: EchoRequest;
  readonly mark: EchoMark;
  /** In its normal form, without zone. */
  readonly target: string;
  /** Null while it is queued. */
  sentAt: number | null;
  cancelTimer: CancelTimer | null;
  /** Why it gets no answer, should none come: said by somebody who need not have seen it. */
  rumour: string | null;
}

class EchoFamily {
  readonly #family: Family;
  readonly #options: IcmpOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #queue = new Deque<Waiting>();
  #socket: IcmpSocket | null = null;
  #problem = '';
  #retryAt = 0;
  #isStopped = false;
  #isFlushing = false;
  #serial = 0;

  constructor(family: Family, options: IcmpOptions) {
    this.#family = family;
    this.#options = options;
    this.#open();
  }

  describe(): ReturnType<Icmp['socketOf']> {
    this.#tryOpen();
    return this.#socket === null ? { problem: this.#problem } : { kind: this.#socket.kind };
  }

  send(request: EchoRequest): () => void {
    const waiting: Waiting = {
      request,
      mark: { serial: this.#nextSerial(), token: this.#options.createToken() },
      target: normalForm(request.address),
      sentAt: null,
      cancelTimer: null,
      rumour: null,
    };
    const { serial } = waiting.mark;
    this.#tryOpen();
    if (this.#waiting.size >= MAX_WAITING) {
      this.#refuse(waiting, `${MAX_WAITING} echoes wait already`);
    } else if (this.#socket === null) {
      this.#refuse(waiting, this.#problem);
    } else {
      this.#waiting.set(serial, waiting);
      this.#queue.push(waiting);
      this.#scheduleFlush();
    }
    return () => this.#forget(waiting);
  }

  stop(): void {
    this.#isStopped = true;
    this.#shut(STOPPED);
  }

  /** Serials of those that wait are not used again: 2^32 others come between. */
  #nextSerial(): number {
    this.#serial = (this.#serial + 1) >>> 0;
    return this.#serial;
  }

  #tryOpen(): void {
    if (this.#socket !== null || this.#isStopped) return;
    if (this.#options.clock.monotonic() >= this.#retryAt) this.#open();
  }

  #open(): void {
    const { calls, clock, log } = this.#options;
    const family = this.#family;
    this.#retryAt = clock.monotonic() + RETRY_MS;
    try {
      if (calls === null) throw new Error(NO_CALLS);
      this.#socket = openIcmpSocket(calls, family, {
        onPacket: (packet, source) => this.#receive(packet, source),
        onComplaint: (complaint) => this.#hear(complaint),
        onFailure: (error) => this.#fail(error),
      });
      log.info({ family, socket: this.#socket.kind }, 'echoes go through a socket of ICMP');
    } catch (error) {
      const problem = describeProblem(error);
      // Once for each reason, however often it is tried.
      if (problem !== this.#problem) {
        log.info({ family, reason: problem }, 'echoes go through fping or ping');
      }
      this.#problem = problem;
    }
  }

  #fail(error: Error): void {
    this.#options.log.warn({ error, family: this.#family }, 'the socket of ICMP does not work');
    this.#shut(describeProblem(error));
  }

  #shut(problem: string): void {
    this.#socket?.close();
    this.#socket = null;
    this.#problem = problem;
    this.#retryAt = this.#options.clock.monotonic() + RETRY_MS;
    this.#queue.drain();
    for (const waiting of [...this.#waiting.values()]) {
      this.#end(waiting, unable(problem));
    }
  }

  /** Waits like any other until it is told, so that it can be cancelled. */
  #refuse(waiting: Waiting, reason: string): void {
    this.#waiting.set(waiting.mark.serial, waiting);
    queueMicrotask(() => this.#end(waiting, unable(reason)));
  }

  #scheduleFlush(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (let count = 0; count < SENT_PER_TURN && this.#socket !== null; ) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      if (this.#waiting.get(waiting.mark.serial) !== waiting) continue;
      this.#transmit(this.#socket, waiting);
      count++;
    }
    if (this.#queue.count > 0) this.#scheduleFlush();
  }

  #transmit(socket: IcmpSocket, waiting: Waiting): void {
    const { clock } = this.#options;
    const { address, timeoutMs } = waiting.request;
    const lose = (reason: string | Error | null) => this.#end(waiting, { kind: 'lost', reason });
    waiting.cancelTimer = clock.setTimer(timeoutMs, () => lose(waiting.rumour));
    waiting.sentAt = clock.monotonic();
    socket.send(encodeRequest(this.#family, waiting.mark), address, (error) => {
      // Of a socket that was shut meanwhile all have ended.
      if (socket !== this.#socket) return;
      if (UNDELIVERABLE.has(codeOf(error))) lose(error);
      else this.#end(waiting, unable(describeProblem(error)));
    });
  }

  #receive(packet: Buffer, source: string): void {
    const mark = decodeReply(this.#family, packet);
    const waiting = mark === null ? null : this.#findSent(mark);
    if (waiting === null || waiting.sentAt === null || normalForm(source) !== waiting.target)
      return;
    const rttMs = this.#options.clock.monotonic() - waiting.sentAt;
    this.#end(waiting, { kind: 'answered', rttMs });
  }

  #hear({ mark, sequence, destination, reason }: Complaint): void {
    const waiting = mark === null ? this.#findLatest(sequence) : this.#findSent(mark);
    if (waiting?.target !== destination) return;
    if (mark !== null) this.#end(waiting, { kind: 'lost', reason });
    // A sequence number and an address can be guessed: who does must not make a host look dead.
    else waiting.rumour = reason;
  }

  /** Who was sent with this mark; null when nobody waits for it. */
  #findSent({ serial, token }: EchoMark): Waiting | null {
    const waiting = this.#waiting.get(serial);
    return waiting?.mark.token === token && waiting.sentAt !== null ? waiting : null;
  }

  #findLatest(sequence: number): Waiting | null {
    const back = (this.#serial - sequence) & 0xffff;
    const waiting = this.#waiting.get((this.#serial - back) >>> 0);
    return waiting === undefined || waiting.sentAt === null ? null : waiting;
  }

  #end(waiting: Waiting, end: EchoEnd): void {
    if (this.#forget(waiting)) waiting.request.onEnd(end);
  }

  #forget(waiting: Waiting): boolean {
    waiting.cancelTimer?.();
    if (this.#waiting.get(waiting.mark.serial) !== waiting) return false;
    return this.#waiting.delete(waiting.mark.serial);
  }
}

function unable(reason: string): EchoEnd {
  return { kind: 'unable', reason };
}

function describeProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return PROBLEMS[codeOf(error)] ?? error.message;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

/** To compare addresses, which the system prints in another form than people, and with a zone. */
function normalForm(address: string): string {
  const withoutZone = address.split('%', 1)[0] ?? address;
  return parseIpAddress(withoutZone) ?? withoutZone;
}
