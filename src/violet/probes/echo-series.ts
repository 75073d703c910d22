/** A series of echoes to one host, through the sockets that all checks share. */

import { lookup } from 'node:dns/promises';
import type { CancelTimer } from '../../lib/clock.ts';
import type { EchoEnd, Icmp } from '../icmp/icmp.ts';
import { codeOf, describeError, isNameError, type ProbeContext } from './probe.ts';

/** This machine has no way to the host; `check_ping` does not tell the two apart. */
const WITHOUT_WAY: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH']);

/** Whom to ask, and how often. */
export interface EchoTarget {
  /** A name or an address. */
  readonly address: string;
  readonly family: 0 | 4 | 6;
  readonly count: number;
  readonly intervalMs: number;
  /** For the answer to each. */
  readonly answerMs: number;
}

/** What came back. */
export interface EchoSeries {
  readonly lossPercent: number;
  /** Average; null when nothing came back. */
  readonly rttMs: number | null;
  /** Why nothing came back, when somebody said so; in the words of `check_ping` where it has some. */
  readonly reason: string | null;
}

/** Why nothing can be said of the target. */
export interface Unanswerable {
  readonly problem: string;
}

/**
 * Sends them, one each interval. A text is why that cannot be done by sockets. Rejects when the signal
 * aborts, and leaves no timer then.
 */
export async function sendBySocket(
  target: EchoTarget,
  context: Pick<ProbeContext, 'icmp' | 'clock' | 'signal'>,
): Promise<EchoSeries | Unanswerable | string> {
  const problem = findProblem(context.icmp, target.family);
  if (problem !== null) return problem;
  const address = await findAddress(target);
  if (typeof address !== 'string') return address;
  context.signal.throwIfAborted();
  const ends = await collectEnds(address, target, context);
  if (typeof ends === 'string') return ends;
  return summarize(ends);
}

/** What the ends of echoes, one at least, say together. */
export function summarize(ends: readonly EchoEnd[]): EchoSeries {
  const times = ends.flatMap((end) => (end.kind === 'answered' ? [end.rttMs] : []));
  const sumMs = times.reduce((sum, rttMs) => sum + rttMs, 0);
  return {
    // Whole percents, as the programs and the plugin say it.
    lossPercent: Math.floor(((ends.length - times.length) * 100) / ends.length),
    rttMs: times.length === 0 ? null : sumMs / times.length,
    reason: times.length === 0 ? findReason(ends) : null,
  };
}

/** As what a name or an address of the wrong family is shown. */
export function describeUnknownName({ address }: Pick<EchoTarget, 'address'>): string {
  return `Invalid hostname/address - ${address}`;
}

/** Null when there is a socket that may do. */
function findProblem(icmp: Icmp, family: EchoTarget['family']): string | null {
  const sockets = family === 0 ? [icmp.socketOf(4), icmp.socketOf(6)] : [icmp.socketOf(family)];
  const [first] = sockets;
  if (first === undefined || sockets.some((socket) => 'kind' in socket)) return null;
  return 'problem' in first ? first.problem : null;
}

async function findAddress(target: EchoTarget): Promise<string | Unanswerable> {
  try {
    const found = await lookup(target.address, { family: target.family });
    const isOfFamily = target.family === 0 || found.family === target.family;
    return isOfFamily ? found.address : { problem: describeUnknownName(target) };
  } catch (error) {
    if (isNameError(error)) return { problem: describeUnknownName(target) };
    return { problem: `${target.address} cannot be looked up: ${describeError(error)}` };
  }
}

/** How each ended; a text as soon as one could not be sent. */
function collectEnds(
  address: string,
  { count, intervalMs, answerMs }: EchoTarget,
  { icmp, clock, signal }: Pick<ProbeContext, 'icmp' | 'clock' | 'signal'>,
): Promise<EchoEnd[] | string> {
  return new Promise((resolve, reject) => {
    const ends: EchoEnd[] = [];
    const cancels: CancelTimer[] = [];
    const finish = () => {
      for (const cancel of cancels) cancel();
      signal.removeEventListener('abort', abort);
    };
    const abort = () => {
      finish();
      reject(signal.reason);
    };
    const onEnd = (end: EchoEnd) => {
      if (end.kind !== 'unable') ends.push(end);
      if (end.kind !== 'unable' && ends.length < count) return;
      finish();
      resolve(end.kind === 'unable' ? end.reason : ends);
    };
    signal.addEventListener('abort', abort, { once: true });
    const send = () => {
      cancels.push(icmp.send({ address, timeoutMs: answerMs, onEnd }));
    };
    send();
    for (let index = 1; index < count; index++) {
      cancels.push(clock.setTimer(index * intervalMs, send));
    }
  });
}

/** The last word, since the first may be of a time before the others were sent. */
function findReason(ends: readonly EchoEnd[]): string | null {
  const last = ends.findLast((end) => end.kind === 'lost' && end.reason !== null);
  if (last?.kind !== 'lost' || last.reason === null) return null;
  return WITHOUT_WAY.has(codeOf(last.reason)) ? 'Network Unreachable' : describeError(last.reason);
}
