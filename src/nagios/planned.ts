/** Sections 2.1 and 7: what availability tells apart: time that was planned, why nothing was measured, soft states. Pure. */

import type { StateType } from '../model/state-type.ts';

/** `from <= at < to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The parts of a span that any of these cover, in order and without overlap; null: without end. */
export function coveredParts(
  covers: readonly { readonly from: number; readonly to: number | null }[],
  span: Span,
): Span[] {
  const parts: Span[] = [];
  const ordered = covers.toSorted((one, other) => one.from - other.from);
  let at = span.from;
  for (const cover of ordered) {
    const from = Math.max(cover.from, at);
    const to = Math.min(cover.to ?? span.to, span.to);
    if (from >= to) continue;
    parts.push({ from, to });
    at = to;
  }
  return parts;
}

/** A stretch and why it began. */
export interface ReasonedStretch {
  readonly fromAt: number;
  readonly state: string;
  readonly cause: string;
}

/** Milliseconds of a span for each reason why nothing was measured; `pending`: before the first result. */
export function sumReasons(
  stretches: readonly ReasonedStretch[],
  { from, to }: Span,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  let at = from;
  let reason: string | null = 'pending';
  const add = (until: number) => {
    if (reason !== null && until > at) sums.set(reason, (sums.get(reason) ?? 0) + until - at);
    at = until;
  };
  for (const { fromAt, state, cause } of stretches) {
    add(Math.min(Math.max(fromAt, at), to));
    reason = state === 'notMeasured' ? cause : null;
  }
  add(to);
  return sums;
}

/** Stretches in which soft states do not count: until one is hard, the last hard one goes on. */
export function hardStretches<
  Stretch extends { readonly state: string; readonly stateType: StateType },
>(stretches: readonly Stretch[]): Stretch[] {
  const hard: Stretch[] = [];
  let last: Stretch | null = null;
  for (const stretch of stretches) {
    if (stretch.state === 'notMeasured') {
      hard.push(stretch);
    } else {
      if (stretch.stateType === 'hard') last = stretch;
      hard.push(last === null ? stretch : { ...stretch, state: last.state });
    }
  }
  return hard;
}
