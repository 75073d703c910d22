/** One line that tells how long work is going: redrawn in place on a terminal, absent elsewhere. */

import type { Session } from '../session.ts';
import { cutToWidth } from './width.ts';

const CLEAR_LINE = '\r\u001b[2K';

/** A line under way. */
export interface Progress {
  /** Draws it anew. */
  show(): void;
  /** Takes it away. */
  stop(): void;
}

/** Begins the line; `describe` gives its text, which must be escaped. */
export function startProgress({ surroundings }: Session, describe: () => string): Progress {
  const { errors } = surroundings;
  if (!errors.isTerminal) return { show: () => {}, stop: () => {} };
  const show = () => {
    errors.write(CLEAR_LINE + cutToWidth(describe(), (errors.columns ?? 80) - 1));
  };
  show();
  return { show, stop: () => errors.write(CLEAR_LINE) };
}
