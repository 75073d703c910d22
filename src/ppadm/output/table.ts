/** Rows -> aligned columns, as wide as they need or cut to fit into a terminal. */

import { cutToWidth, displayWidth } from './width.ts';

/** What a column is called, and whether it gives way first when space is short. */
export interface TableColumn {
  readonly title: string;
  readonly isFlexible: boolean;
}

/** One field of a row; `paint` adds colours to the text after it was cut and aligned. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** What to lay out. */
export interface TableOptions {
  readonly columns: readonly TableColumn[];
  /** As many cells as columns. Text must be escaped and of one line. */
  readonly rows: readonly (readonly Cell[])[];
  /** Columns of the terminal; null = no limit. */
  readonly maxWidth: number | null;
  readonly paintTitle: (text: string) => string;
}

const GAP = '  ';
/** A flexible column gives way down to this width before the others do. */
const FLEXIBLE_MIN_WIDTH = 8;

/** Lines of text, each with a line end: the titles, then the rows. */
export function formatTable({ columns, rows, maxWidth, paintTitle }: TableOptions): string {
  const natural = columns.map(({ title }, index) =>
    rows.reduce(
      (width, row) => Math.max(width, displayWidth(row[index]?.text ?? '')),
      displayWidth(title),
    ),
  );
  const widths =
    maxWidth === null
      ? natural
      : fitWidths(
          natural,
          columns.map(({ isFlexible }) => isFlexible),
          maxWidth - GAP.length * (columns.length - 1),
        );
  const titles = columns.map(({ title }) => ({ text: title, paint: paintTitle }));
  return [titles, ...rows].map((cells) => formatRow(cells, widths)).join('');
}

function formatRow(cells: readonly Cell[], widths: readonly number[]): string {
  const texts = cells.map(({ text, paint = (plain: string) => plain }, index) => {
    const width = widths[index] ?? 0;
    const cut = cutToWidth(text, width);
    const isLast = index === cells.length - 1;
    return paint(cut) + (isLast ? '' : ' '.repeat(Math.max(0, width - displayWidth(cut))));
  });
  return `${texts.join(GAP).trimEnd()}\n`;
}

/**
 * Widths that add up to at most `available` if each can have one column at least: flexible columns
 * give way first, then all; of those that give way, the widest first.
 */
export function fitWidths(
  natural: readonly number[],
  isFlexible: readonly boolean[],
  available: number,
): number[] {
  const floors = natural.map((width, index) =>
    isFlexible[index] ? Math.min(width, FLEXIBLE_MIN_WIDTH) : width,
  );
  const flexed = shrink(natural, floors, available);
  if (sum(flexed) <= available) return flexed;
  return shrink(
    flexed,
    natural.map((width) => Math.min(width, 1)),
    available,
  );
}

/** Lowers the widest again and again, none below its floor, until they fit or all are there. */
function shrink(widths: readonly number[], floors: readonly number[], available: number): number[] {
  const shrunk = [...widths];
  let excess = sum(shrunk) - available;
  while (excess > 0) {
    let widest = -1;
    shrunk.forEach((width, index) => {
      const canShrink = width > (floors[index] ?? 0);
      if (canShrink && width > (shrunk[widest] ?? 0)) widest = index;
    });
    if (widest < 0) break;
    shrunk[widest] = (shrunk[widest] ?? 0) - 1;
    excess--;
  }
  return shrunk;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
