/**
 * A signal with a time limit that leaves nothing behind. `AbortSignal.any` would do, but on Node 20 it
 * keeps a trace of every signal it joined: 13 KB a check, until the memory is full.
 */

import type { Clock } from './clock.ts';
import { type StopSignal, StopSource } from './stop-signal.ts';

/** A running limit. */
export interface Deadline {
  /** Aborts when the time is over, or when the parent aborts. */
  readonly signal: StopSignal;
  /** Aborts now. */
  abort(): void;
  /** Whether it was the time that ran out. */
  hasExpired(): boolean;
  /** Takes the timer away and lets go of the parent; always to be called. */
  end(): void;
}

/** Starts a limit of `limitMs` within what `parent` allows. */
export function startDeadline(clock: Clock, limitMs: number, parent?: StopSignal): Deadline {
  const source = new StopSource();
  let expired = false;
  const follow = () => source.abort(parent?.reason);
  if (parent?.aborted) follow();
  else parent?.addEventListener('abort', follow, { once: true });
  const cancel = clock.setTimer(limitMs, () => {
    expired = !source.aborted;
    source.abort();
  });
  return {
    signal: source,
    abort: () => source.abort(),
    hasExpired: () => expired,
    end() {
      cancel();
      parent?.removeEventListener('abort', follow);
    },
  };
}
