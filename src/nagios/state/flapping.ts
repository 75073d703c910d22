/**
 * Section 4: flapping, an object that changes its state too often. The last 21 recorded states are
 * kept as what matters of them, the 20 changes between neighbours. Part of an object's state.
 */

/** Changes that are remembered; the newest is bit 0. */
const CHANGE_COUNT = 20;
const ALL_CHANGES = 2 ** CHANGE_COUNT - 1;

/** What is known of how often an object changes its state. */
export interface Flapping<Name extends string> {
  /** Bit n: whether the state changed n recorded states ago. */
  readonly changes: number;
  /** The newest recorded state. */
  readonly last: Name;
  /** 0..100: the weighted share of changes. */
  readonly percent: number;
  readonly isFlapping: boolean;
  /** Since when; null while it is not. */
  readonly since: number | null;
}

/** When flapping starts and stops, and how changes are weighed. */
export interface FlapRules {
  /** False: percent is computed, but nothing starts. */
  readonly isEnabled: boolean;
  /** Percent at or below which flapping stops. */
  readonly low: number;
  /** Percent at or above which flapping starts. */
  readonly high: number;
  readonly weightOldest: number;
  readonly weightNewest: number;
}

/** What became of flapping by one recorded state. */
export type FlapTurn = 'started' | 'stopped' | 'disabled' | null;

/** The beginning: as if it had always been in the state `good`. */
export function noFlapping<Name extends string>(good: Name): Flapping<Name> {
  return { changes: 0, last: good, percent: 0, isFlapping: false, since: null };
}

/** The history with one state more; the very same object when that says nothing new. */
export function recordState<Name extends string>(
  flapping: Flapping<Name>,
  state: Name,
  rules: FlapRules,
): Flapping<Name> {
  const isChange = state !== flapping.last;
  if (flapping.changes === 0 && !isChange) return flapping;
  const changes = ((flapping.changes << 1) | (isChange ? 1 : 0)) & ALL_CHANGES;
  return { ...flapping, changes, last: state, percent: weigh(changes, rules) };
}

/** Whether flapping starts or stops by what is recorded; between the thresholds nothing does. */
export function turnOf<Name extends string>(flapping: Flapping<Name>, rules: FlapRules): FlapTurn {
  const { isFlapping, percent } = flapping;
  if (!rules.isEnabled) return isFlapping ? 'disabled' : null;
  if (isFlapping) return percent <= rules.low ? 'stopped' : null;
  return percent > rules.low && percent >= rules.high ? 'started' : null;
}

/** Weighted share of changes in percent. Weights grow evenly from the oldest to the newest change. */
function weigh(changes: number, { weightOldest, weightNewest }: FlapRules): number {
  const step = (weightNewest - weightOldest) / (CHANGE_COUNT - 1);
  let sum = 0;
  for (let age = 0; age < CHANGE_COUNT; age++) {
    if ((changes >>> age) & 1) sum += weightNewest - age * step;
  }
  return (sum * 100) / CHANGE_COUNT;
}
