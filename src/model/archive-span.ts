/** Which resolutions statistics files keep, and for how long, as the operator writes it. */

import { ConfigError } from './errors.ts';

/** Values of `resolutionS` seconds each are kept for `spanS` seconds. */
export interface ArchiveSpan {
  readonly resolutionS: number;
  readonly spanS: number;
}

/** What is kept when nobody says otherwise. */
export const DEFAULT_ARCHIVES = ['1m:2d', '5m:2w', '1h:2y'];

const UNIT_S: Readonly<Record<string, number>> = {
  ...{ s: 1, m: 60, h: 3_600, d: 86_400, w: 7 * 86_400, y: 365 * 86_400 },
};
/** A row of nine values is 72 bytes, so an archive is at most 22 MB. */
const MAX_ROWS = 100_000;

/**
 * `RESOLUTION:SPAN` each, as `5m:2w`. Throws `ConfigError` when a span is shorter than its resolution, or
 * one of them makes a file too large.
 */
export function parseArchives(texts: readonly string[]): ArchiveSpan[] {
  return texts.map((text) => {
    const [resolutionS = 0, spanS = 0] = text.split(':').map(parseDuration);
    const rowCount = spanS / resolutionS;
    if (rowCount >= 1 && rowCount <= MAX_ROWS) return { resolutionS, spanS };
    throw new ConfigError(
      `rrd.archives: "${text}" comes to ${Math.floor(rowCount)} values: write RESOLUTION:SPAN that come to 1 to ${MAX_ROWS}, as 5m:2w.`,
    );
  });
}

function parseDuration(text: string): number {
  return Number(text.slice(0, -1)) * (UNIT_S[text.slice(-1)] ?? 0);
}
