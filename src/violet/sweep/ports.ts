/** Which of many addresses have a host behind them that answers TCP, be it by refusing. */

import { connect } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { Slots } from '../../lib/slots.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import type { Pace } from './pace.ts';

/** What asking needs. */
export interface PortContext {
  /** Tried on each address until one answers. */
  readonly ports: readonly number[];
  /** How long an address may take to answer. */
  readonly timeoutMs: number;
  readonly pace: Pace;
  /** Places for open sockets. */
  readonly slots: Slots;
  readonly clock: Clock;
  readonly signal: StopSignal;
}

/** What says something of this machine and nothing of the address. */
const OWN_FAILURES: readonly string[] = ['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL', 'EPERM'];

/**
 * The addresses that took or refused a connection. Rejects when this machine cannot open sockets; ends
 * early with what is known when `signal` aborts.
 */
export async function findListening(
  addresses: readonly string[],
  context: PortContext,
): Promise<ReadonlySet<string>> {
  const answered = new Set<string>();
  const asked = addresses.map(async (address) => {
    await context.pace.reserve(1, context.signal);
    const tries = context.ports.map((port) =>
      context.slots.run(async () => {
        if (answered.has(address) || context.signal.aborted) return;
        if (await answers(address, port, context)) answered.add(address);
      }),
    );
    await Promise.all(tries);
  });
  await Promise.all(asked);
  return answered;
}

function answers(
  address: string,
  port: number,
  { timeoutMs, clock, signal }: PortContext,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    const finish = (isThere: boolean) => {
      cancel();
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(isThere);
    };
    const giveUp = () => finish(false);
    const cancel = clock.setTimer(timeoutMs, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.on('connect', () => finish(true));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (OWN_FAILURES.includes(error.code ?? '')) reject(error);
      finish(error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET');
    });
  });
}
