/** Colours, where a terminal shows them. */

import picocolors from 'picocolors';
import type { Screen } from '../surroundings.ts';

/** Puts the codes of a colour around text, or leaves it as it is. */
export type Paint = (text: string) => string;

/** The colours that are used. */
export interface Palette {
  readonly title: Paint;
  readonly added: Paint;
  readonly changed: Paint;
  readonly removed: Paint;
  /** The colour of a check's state, or of a worker's status. */
  readonly state: (state: string) => Paint;
}

/** Colours on a terminal, unless `NO_COLOR` or a dumb terminal forbids them. */
export function choosePalette(
  screen: Screen,
  environment: Readonly<Record<string, string | undefined>>,
): Palette {
  const isPlain = Boolean(environment['NO_COLOR']) || environment['TERM'] === 'dumb';
  const colors = picocolors.createColors(screen.isTerminal && !isPlain);
  const byState: Readonly<Record<string, Paint>> = {
    ok: colors.green,
    warning: colors.yellow,
    critical: colors.red,
    unknown: colors.magenta,
    pending: colors.dim,
    up: colors.green,
    down: colors.red,
    unreachable: colors.magenta,
    running: colors.green,
    draining: colors.yellow,
    lost: colors.red,
    done: colors.green,
    failed: colors.red,
    cancelled: colors.yellow,
  };
  return {
    title: colors.bold,
    added: colors.green,
    changed: colors.yellow,
    removed: colors.red,
    state: (state) => (Object.hasOwn(byState, state) ? byState[state] : undefined) ?? String,
  };
}
