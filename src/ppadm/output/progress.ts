/** One line that tells how long work is going: redrawn in place on a terminal, absent elsewhere. */

import type { Session } from '../session.ts';
import { cutToWidth } from './width.ts';

const CLEAR_LINE = '\r\u001b[2K';
const TICK_MS = 1_000;
const DEFAULT_COLUMNS = 80;

/** A line under way. */
export interface Progress {
  /** Draws it anew; it is drawn every second too. */
  show(): void;
  /** Takes it away. */
  stop(): void;
}

/**
 * Begins the line; `describe` gives its text, which must be escaped, for the whole seconds that it
 * lasts already. The line is taken away when the user interrupts the program; `onInterrupt` may then
 * give a last word.
 */
export function startProgress(
  { surroundings, say }: Session,
  describe: (seconds: number) => string,
  onInterrupt?: () => string,
): Progress {
  const { errors, clock } = surroundings;
  const startedAt = clock.monotonic();
  let cancelTick = () => {};
  const show = () => {
    if (!errors.isTerminal) return;
    const seconds = Math.floor((clock.monotonic() - startedAt) / 1_000);
    const width = (errors.columns || DEFAULT_COLUMNS) - 1;
    errors.write(CLEAR_LINE + cutToWidth(describe(seconds), width));
  };
  const tick = () => {
    show();
    cancelTick = clock.setTimer(TICK_MS, tick);
  };
  const clear = () => {
    cancelTick();
    if (errors.isTerminal) errors.write(CLEAR_LINE);
  };
  const forget = surroundings.onInterrupt(() => {
    clear();
    if (onInterrupt) say(onInterrupt());
  });
  if (errors.isTerminal) tick();
  return {
    show,
    stop() {
      forget();
      clear();
    },
  };
}
