/**
 * Reads the error queue of a socket, a bounded part of it in each turn of the event loop: whoever can
 * make the network complain must not keep this process from its work.
 */

import type { ErrorMessage } from './complaint.ts';

/** An error queue that is read when something is known to be in it. */
export interface ErrorQueue {
  /** Reads what is there: there was nothing, it was all, or there may be more for the next turns. */
  drain(): 'nothing' | 'all' | 'more';
}

/** Two microseconds each. */
const READ_PER_TURN = 64;

/** `read` gives the next message, null when there is none; it is valid until the next call. */
export function createErrorQueue(
  read: () => ErrorMessage | null,
  onMessage: (message: ErrorMessage) => void,
): ErrorQueue {
  let left = READ_PER_TURN;
  let isTurnAwaited = false;
  const awaitTurn = () => {
    if (isTurnAwaited) return;
    isTurnAwaited = true;
    setImmediate(() => {
      isTurnAwaited = false;
      const isRestThere = left === 0;
      left = READ_PER_TURN;
      // Node is told of an error once, however many are in the queue.
      if (isRestThere) drain();
    });
  };
  const drain: ErrorQueue['drain'] = () => {
    const leftBefore = left;
    while (left > 0) {
      const message = read();
      if (message === null) break;
      left--;
      awaitTurn();
      onMessage(message);
    }
    if (left === 0) return 'more';
    return left < leftBefore ? 'all' : 'nothing';
  };
  return { drain };
}
