/** One object -> lines of `field  value`. */

import { parseInstant } from '../../lib/instant.ts';
import type { Perfdatum } from '../../model/check.ts';
import type { Item, Kind } from '../kind.ts';
import type { Palette } from './colors.ts';
import { escapeBlock, escapeLine } from './escape.ts';
import { type Format, formatAgo, formatPerfdata, formatUntil, formatValue } from './format.ts';
import { displayWidth } from './width.ts';

/** Lines, each with a line end. Every field is shown, by its name in the API. */
export function formatDetails(
  item: Item,
  kind: Kind,
  { palette, now }: { readonly palette: Palette; readonly now: number },
): string {
  const entries = Object.entries(item).map(([field, value]) => {
    const format = kind.columns.find((column) => column.field === field)?.format;
    const text = formatField(value, format, now);
    const paint = format === 'state' || format === 'status' ? palette.state(text) : String;
    return [escapeLine(field), paint(escapeBlock(text).trimEnd())] as const;
  });
  return formatPairs(entries, palette);
}

/** Aligned pairs; further lines of a value begin below its first. */
export function formatPairs(
  pairs: readonly (readonly [label: string, text: string])[],
  palette: Palette,
): string {
  const width = pairs.reduce((widest, [label]) => Math.max(widest, displayWidth(label)), 0);
  const indent = ' '.repeat(width + 2);
  return pairs
    .map(([label, text]) => {
      const gap = ' '.repeat(width + 2 - displayWidth(label));
      return `${palette.title(label)}${gap}${text.replaceAll('\n', `\n${indent}`)}\n`;
    })
    .join('');
}

function formatField(value: unknown, format: Format | undefined, now: number): string {
  if (Array.isArray(value) && typeof value[0] === 'object') {
    return formatPerfdata(value as Perfdatum[]);
  }
  if (typeof value === 'string' && !Number.isNaN(parseInstant(value))) {
    const distance = parseInstant(value) > now ? formatUntil(value, now) : formatAgo(value, now);
    return `${value} (${distance})`;
  }
  return formatValue(value, format ?? guessFormat(value), now);
}

function guessFormat(value: unknown): Format {
  if (Array.isArray(value)) return 'names';
  if (typeof value === 'object') return 'entries';
  if (typeof value === 'boolean') return 'onOff';
  return typeof value === 'number' ? 'number' : 'text';
}
