/** What a query says of span, step and size -> numbers within bounds. */

import type { Clock } from '../../lib/clock.ts';
import { InvalidInput } from '../../model/errors.ts';
import type { GraphSize, GraphTheme } from '../../rrd/graph/graph.ts';
import { readInstant } from './checks.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PERIODS_MS: Readonly<Record<string, number>> = {
  ...{ '1h': HOUR_MS, '1d': DAY_MS, '1w': 7 * DAY_MS, '1mo': 30 * DAY_MS, '1y': 365 * DAY_MS },
};
/** Values of a series when no step is asked for. */
const DEFAULT_VALUES = 60;
const DEFAULT_WIDTH = 800;

/** Parameters that every series takes. */
export type SpanQuery = Partial<
  Readonly<Record<'period' | 'from' | 'to' | 'step' | 'width' | 'height', string>>
> & { readonly theme?: GraphTheme };

/** A span of time; instants are milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly stepS: number;
}

/** The span that a query asks for, the last hour unless it says otherwise. Throws `InvalidInput`. */
export function readSpan(
  query: SpanQuery,
  clock: Pick<Clock, 'now'>,
  values = DEFAULT_VALUES,
): Span {
  if (query.period !== undefined && query.from !== undefined) {
    throw new InvalidInput(
      [{ path: 'period', message: 'stands in place of from, not beside it' }],
      true,
    );
  }
  const to = readInstant('to', query.to, clock.now());
  const from = readInstant('from', query.from, to - (PERIODS_MS[query.period ?? '1h'] ?? HOUR_MS));
  if (from >= to) throw new InvalidInput([{ path: 'from', message: 'must be before to' }], true);
  return { from, to, stepS: Number(query.step ?? Math.ceil((to - from) / 1_000 / values)) };
}

/** The size of a graph. Throws `InvalidInput` for one that cannot be read, or is too large to draw. */
export function readSize(query: SpanQuery, naturalHeight: number): GraphSize {
  const width = readPixels('width', query.width ?? DEFAULT_WIDTH, { least: 300, most: 2_000 });
  const height = query.height ?? Math.min(2_000, Math.max(150, naturalHeight));
  return { width, height: readPixels('height', height, { least: 150, most: 2_000 }) };
}

function readPixels(
  path: string,
  value: string | number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const pixels = Number(value);
  if (pixels >= least && pixels <= most) return pixels;
  throw new InvalidInput([{ path, message: `must be ${least} to ${most}` }], true);
}
