/** Two versions of an object -> the fields that differ, and lines that show them. */

import { isDeepStrictEqual } from 'node:util';
import type { Palette } from './colors.ts';
import { escapeLine } from './escape.ts';

/** A field before and after; undefined = it is not there. */
export interface Difference {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The fields that differ, in the order in which they stand. Keys inside of values have no order. */
export function listDifferences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Difference[] {
  return Object.keys({ ...before, ...after })
    .map((field) => ({ field, before: before[field], after: after[field] }))
    .filter((one) => !isDeepStrictEqual(one.before, one.after));
}

/** `- field: before` and `+ field: after`, a line each, indented. */
export function formatDifferences(palette: Palette, differences: readonly Difference[]): string {
  return differences
    .flatMap(({ field, before, after }) => [
      ...(before === undefined ? [] : [palette.removed(formatField('-', field, before))]),
      ...(after === undefined ? [] : [palette.added(formatField('+', field, after))]),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function formatField(sign: string, field: string, value: unknown): string {
  return escapeLine(`    ${sign} ${field}: ${JSON.stringify(value)}`);
}
