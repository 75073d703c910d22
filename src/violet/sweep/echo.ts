/**
 * Which of many addresses answer ICMP echo. Through the sockets of this process where they are
 * permitted, else fping, which asks all of them in one process, else ping.
 */

import type { Slots } from '../../lib/slots.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { Unavailable } from '../../model/errors.ts';
import type { Executor } from '../executor/executor.ts';
import { findProgram } from '../executor/find-program.ts';
import type { EchoEnd, Icmp } from '../icmp/icmp.ts';
import { familyOf } from '../icmp/packet.ts';
import type { Pace } from './pace.ts';

/** What asking needs. */
export interface EchoContext {
  readonly icmp: Icmp;
  readonly executor: Executor;
  /** Of the programs; its `PATH` is where they are looked for. */
  readonly environment: Readonly<Record<string, string>>;
  /** How long an address may take to answer. */
  readonly timeoutMs: number;
  readonly pace: Pace;
  /** Places for programs that ask one address each. */
  readonly slots: Slots;
  /** May have a listener for each address. */
  readonly signal: StopSignal;
}

/** The addresses that answered, or why nothing can be known by ICMP on this machine. */
export type Echoes =
  | { readonly kind: 'asked'; readonly answered: ReadonlySet<string> }
  | { readonly kind: 'unable'; readonly reason: string };

/** Each address is asked so often. */
const TRIES = 2;
/** For the start and the end of a program. */
const PROGRAM_MS = 5_000;
/** A line for each address and each complaint of a router. */
const MAX_OUTPUT_BYTES = 262_144;

/**
 * Asks addresses, which must be in their normal form, so that none of them can be an option. Rejects
 * with `Unavailable` when `signal` aborts.
 */
export async function findEchoing(
  addresses: readonly string[],
  context: EchoContext,
): Promise<Echoes> {
  const bySockets = await askBySockets(addresses, context);
  if (typeof bySockets !== 'string') return { kind: 'asked', answered: bySockets };
  const path = context.environment['PATH'] ?? '';
  const fping = await findProgram('fping', path);
  if (fping !== null) return askTogether(fping, addresses, context);
  const ping = await findProgram('ping', path);
  if (ping !== null) return askEach(ping, addresses, context);
  return { kind: 'unable', reason: `neither fping nor ping is installed, and ${bySockets}` };
}

/** Who answered; a text is why sockets will not do, and then nothing is known of any. */
async function askBySockets(
  addresses: readonly string[],
  { icmp, pace, timeoutMs, signal }: EchoContext,
): Promise<ReadonlySet<string> | string> {
  for (const family of new Set(addresses.map(familyOf))) {
    const socket = icmp.socketOf(family);
    if ('problem' in socket) return socket.problem;
  }
  const answered = new Set<string>();
  let problem: string | null = null;
  const ask = async (address: string) => {
    for (let tries = 0; tries < TRIES && problem === null; tries++) {
      await pace.reserve(1, signal);
      if (problem !== null) return;
      const end = await sendOne(icmp, { address, timeoutMs }, signal);
      if (end.kind === 'unable') problem = end.reason;
      if (end.kind === 'answered') answered.add(address);
      if (end.kind !== 'lost') return;
    }
  };
  await Promise.all(addresses.map(ask));
  return problem ?? answered;
}

/** Rejects with `Unavailable` when `signal` aborts. */
function sendOne(
  icmp: Icmp,
  target: { readonly address: string; readonly timeoutMs: number },
  signal: StopSignal,
): Promise<EchoEnd> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      cancel();
      reject(new Unavailable('worker', 'This worker stops.'));
    };
    const onEnd = (end: EchoEnd) => {
      signal.removeEventListener('abort', abort);
      resolve(end);
    };
    const cancel = icmp.send({ ...target, onEnd });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

async function askTogether(
  file: string,
  addresses: readonly string[],
  context: EchoContext,
): Promise<Echoes> {
  const { pace, timeoutMs, signal } = context;
  await pace.reserve(addresses.length, signal);
  // Less than 1 ms is for root only.
  const intervalMs = Math.max(1, Math.round(pace.intervalMs));
  const sendingMs = addresses.length * intervalMs * TRIES;
  const outcome = await context.executor.run({
    file,
    args: [
      ...['-a', '-r', String(TRIES - 1), '-B', '1', '-i', String(intervalMs)],
      ...['-t', String(Math.round(timeoutMs)), '--', ...addresses],
    ],
    env: context.environment,
    cwd: '/',
    timeoutMs: sendingMs + TRIES * timeoutMs + PROGRAM_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    signal,
  });
  // 0: all answered, 1: some did not, 2: some cannot be asked; beyond, fping did not work.
  if (outcome.kind !== 'exited' || outcome.exitCode > 2) {
    const complaint = 'stderr' in outcome ? outcome.stderr.trim().split('\n')[0] : '';
    return { kind: 'unable', reason: `fping failed: ${complaint || outcome.kind}` };
  }
  const asked = new Set(addresses);
  const lines = outcome.stdout.split('\n').map((line) => line.trim());
  return { kind: 'asked', answered: new Set(lines.filter((line) => asked.has(line))) };
}

async function askEach(
  file: string,
  addresses: readonly string[],
  context: EchoContext,
): Promise<Echoes> {
  const { executor, environment, pace, slots, timeoutMs, signal } = context;
  const waitS = Math.max(1, Math.ceil(timeoutMs / 1_000));
  const answered = new Set<string>();
  let failure: string | undefined;
  const ask = async (address: string) => {
    const outcome = await executor.run({
      file,
      args: ['-n', '-q', '-c', '1', '-W', String(waitS), '--', address],
      env: environment,
      cwd: '/',
      timeoutMs: waitS * 1_000 + PROGRAM_MS,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      signal,
    });
    // 1: no answer; beyond, ping did not work.
    if (outcome.kind !== 'exited') failure ??= outcome.kind;
    else if (outcome.exitCode === 0) answered.add(address);
    else if (outcome.exitCode > 1) failure ??= outcome.stderr.trim().split('\n')[0];
  };
  const asked = addresses.map((address) =>
    slots.run(async () => {
      await pace.reserve(1, signal);
      await ask(address);
    }),
  );
  await Promise.all(asked);
  if (answered.size === 0 && failure !== undefined) {
    return { kind: 'unable', reason: `ping failed: ${failure}` };
  }
  return { kind: 'asked', answered };
}
