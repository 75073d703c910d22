/** Which archives a file has. */

import { type ArchiveSpan, DEFAULT_ARCHIVES, parseArchives } from '../model/archive-span.ts';
import type { Archive, Consolidation } from './rrd.ts';

const CONSOLIDATIONS: readonly Consolidation[] = ['AVERAGE', 'MIN', 'MAX'];
const MINUTE_S = 60;
/** How long the single values are kept when they come more often than once a minute. */
const NATIVE_SPAN_S = 3_600;

/** What is kept when nobody says otherwise. */
export const DEFAULT_SPANS: readonly ArchiveSpan[] = parseArchives(DEFAULT_ARCHIVES);

/**
 * The archives of a file with a value every `stepS` seconds. Resolutions finer than the step become the
 * step; of two that fall together the longer stays.
 */
export function defineArchives(
  stepS: number,
  spans: readonly ArchiveSpan[] = DEFAULT_SPANS,
): Archive[] {
  const rowCounts = new Map<number, number>();
  const native = stepS < MINUTE_S ? [{ resolutionS: stepS, spanS: NATIVE_SPAN_S }] : [];
  for (const { resolutionS, spanS } of [...native, ...spans]) {
    const stepCount = Math.max(1, Math.round(resolutionS / stepS));
    const rowCount = Math.ceil(spanS / (stepCount * stepS));
    rowCounts.set(stepCount, Math.max(rowCount, rowCounts.get(stepCount) ?? 0));
  }
  return [...rowCounts].flatMap(([stepCount, rowCount]) =>
    CONSOLIDATIONS.map((consolidation) => ({ consolidation, stepCount, rowCount })),
  );
}
