/** What a file keeps, and a span -> which rows of which archive are read. */

import { InvalidInput } from '../model/errors.ts';
import type { FetchSpan } from './rrd.ts';

/** What a file says of itself. */
export interface FileFacts {
  readonly stepS: number;
  /** Time of the newest sample, in seconds since the epoch. */
  readonly lastAtS: number;
  /** Its data sources, in its order. */
  readonly names: readonly string[];
  readonly archives: readonly {
    readonly consolidation: string;
    readonly stepCount: number;
    readonly rowCount: number;
  }[];
}

/** What may be read: rows of `stepS` whose ends are after `startS`, up to and with `endS`. */
export interface FetchPlan {
  /** Place of the archive in the file's list. */
  readonly archive: number;
  readonly startS: number;
  readonly endS: number;
  readonly stepS: number;
}

/**
 * Chooses the archive and cuts the span to what it keeps, so that an answer is never longer than an
 * archive; `startS >= endS` = no rows. Throws `InvalidInput`, with the file's `name`, when no archive
 * keeps this consolidation.
 */
export function planFetch(name: string, facts: FileFacts, span: FetchSpan): FetchPlan {
  const kept = facts.archives.flatMap((archive, index) => {
    if (archive.consolidation !== span.consolidation) return [];
    const stepS = facts.stepS * archive.stepCount;
    const endS = floorTo(stepS, facts.lastAtS);
    return [{ archive: index, stepS, endS, startS: endS - stepS * archive.rowCount }];
  });
  const reaching = kept.filter((archive) => archive.startS <= span.fromS);
  const distance = (archive: FetchPlan) => Math.abs(archive.stepS - span.stepS);
  const [best] =
    reaching.length > 0
      ? reaching.sort((one, other) => distance(one) - distance(other))
      : kept.sort((one, other) => one.startS - other.startS);
  if (best === undefined) {
    const message = `"${name}" does not keep ${span.consolidation} values`;
    throw new InvalidInput([{ path: 'consolidation', message }]);
  }
  return {
    ...best,
    startS: Math.max(best.startS, floorTo(best.stepS, span.fromS)),
    endS: Math.min(best.endS, floorTo(best.stepS, span.toS + best.stepS - 1)),
  };
}

function floorTo(stepS: number, atS: number): number {
  return Math.floor(atS / stepS) * stepS;
}
