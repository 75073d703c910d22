/** How far something got: a bar that moves on a terminal, a line now and then where there is none. */

import type { Screen } from '../surroundings.ts';

const BAR_WIDTH = 24;
/** Lines where there is no terminal: one for each such part of the way. */
const LINE_PART = 0.1;
const CLEAR_TO_END = '\x1b[K';

/** Shows progress on one screen. */
export interface Progress {
  /** `text` must be one line without controls; `part`: 0..1 of the way. */
  show(text: string, part: number): void;
  /** Leaves what is shown, and goes on below. */
  end(): void;
}

/** A bar for a part of the way, 0..1: `[######------]  50%`. */
export function formatProgress(part: number): string {
  const bounded = Math.min(1, Math.max(0, part));
  const filled = Math.floor(bounded * BAR_WIDTH);
  const percent = `${Math.floor(bounded * 100)}%`.padStart(4);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${percent}`;
}

/** Starts showing. */
export function startProgress(screen: Screen): Progress {
  let shown = '';
  let shownPart = -1;
  return {
    show(text, part) {
      if (text === shown) return;
      if (screen.isTerminal) {
        const width = (screen.columns ?? 80) - 1;
        screen.write(`\r${text.slice(0, width)}${CLEAR_TO_END}`);
      } else {
        const isFar = part - shownPart >= LINE_PART || part >= 1;
        if (!isFar) return;
        screen.write(`${text}\n`);
        shownPart = part;
      }
      shown = text;
    },
    end() {
      if (screen.isTerminal && shown !== '') screen.write('\n');
    },
  };
}
