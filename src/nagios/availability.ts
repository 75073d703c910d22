/** Section 2.1, the use of history: stretches of states -> how long an object was in which. Pure. */

/** A stretch of one state; it lasts until the next begins. */
export interface Stretch<State> {
  readonly fromAt: number;
  readonly state: State | 'notMeasured';
}

/** Milliseconds in each state; they add up to the span. */
export type AvailabilityMs<State extends string> = Record<State | 'notMeasured', number>;

/**
 * Divides `from <= at < to` among `states`. `stretches` in order of their beginnings; time before the
 * first of them is not measured.
 */
export function sumStretches<State extends string>(
  stretches: readonly Stretch<State>[],
  states: readonly State[],
  { from, to }: { readonly from: number; readonly to: number },
): AvailabilityMs<State> {
  const names: readonly (State | 'notMeasured')[] = [...states, 'notMeasured'];
  const sums = new Map(names.map((name) => [name, 0]));
  const add = (name: State | 'notMeasured', ms: number) =>
    sums.set(name, (sums.get(name) ?? 0) + ms);
  let at = from;
  let state: State | 'notMeasured' = 'notMeasured';
  for (const stretch of stretches) {
    const until = Math.min(Math.max(stretch.fromAt, at), to);
    add(state, until - at);
    at = until;
    state = stretch.state;
  }
  add(state, to - at);
  return Object.fromEntries(sums) as AvailabilityMs<State>;
}
