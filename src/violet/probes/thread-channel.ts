/**
 * What violet and a thread of probes tell each other. All of one turn of the event loop goes out
 * together, as one text, so that the other side is woken once.
 */

import type { MessagePort, Worker } from 'node:worker_threads';
import type { Outcome } from '../../model/check.ts';
import type { ProbeOrder } from './run-probe.ts';

/** What violet tells; null: the run of that number is to be stopped. */
export type ToThread = readonly [id: number, order: ProbeOrder | null];

/** What the thread tells. */
export type FromThread =
  /** Null: the run was stopped. */
  | readonly [id: number, outcome: Outcome | null]
  /** A fault of the probe ended the run. */
  | readonly [id: number, outcome: null, fault: string]
  /** A probe has a fault, it is not known of which run. */
  | readonly [id: null, outcome: null, fault: string];

/** Gives each message that arrives to `receive` and returns what sends one. */
export function openThreadChannel<Sent, Received>(
  port: MessagePort | Worker,
  receive: (message: Received) => void,
): (message: Sent) => void {
  port.on('message', (text: string) => {
    for (const message of JSON.parse(text) as Received[]) receive(message);
  });
  let waiting: Sent[] = [];
  const write = () => {
    const messages = waiting;
    waiting = [];
    port.postMessage(JSON.stringify(messages));
  };
  return (message) => {
    if (waiting.push(message) === 1) setImmediate(write);
  };
}
