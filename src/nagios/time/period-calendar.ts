/**
 * Section 10.3: one time period as it is asked by very many, about times near one another: what was
 * found once is remembered, so that a million checks cost one reading of the calendar.
 */

import { isInside, lastWindow, nextTurn, type TimePeriod, type Window } from './time-period.ts';

/** A span of time that is inside, or outside, as a whole. */
export interface Stretch {
  /** It began then or before. */
  readonly from: number;
  /** When that changes; 300 days on when it does not by then. */
  readonly to: number;
  readonly isInside: boolean;
  /** Whether nothing is inside for 300 days. */
  readonly isEndless: boolean;
}

/** Stretches remembered; checks of one period are due in one or two of them, whatever their interval. */
const MAX_STRETCHES = 16;
const HORIZON_MS = 300 * 86_400_000;

/** The memory of a period. */
export class PeriodCalendar {
  readonly #period: TimePeriod;
  #stretches: readonly Stretch[] = [];
  #window: { readonly found: Window | null; readonly from: number; readonly to: number } | null =
    null;

  constructor(period: TimePeriod) {
    this.#period = period;
  }

  /** The stretch that an instant is in. */
  stretchAt(at: number): Stretch {
    const known = this.#stretches.find(({ from, to }) => from <= at && at < to);
    if (known !== undefined) return known;
    const turn = nextTurn(this.#period, at);
    const stretch = {
      from: at,
      to: turn ?? at + HORIZON_MS,
      isInside: isInside(this.#period, at),
      isEndless: turn === null,
    };
    const others = this.#stretches.filter(({ to }) => to !== stretch.to);
    this.#stretches = [stretch, ...others].slice(0, MAX_STRETCHES);
    return stretch;
  }

  /** The last stretch inside that began by then; null when there was none in 300 days. */
  lastWindowAt(at: number): Window | null {
    const known = this.#window;
    if (known !== null && known.from <= at && at < known.to) return known.found;
    const found = lastWindow(this.#period, at);
    this.#window = { found, from: at, to: this.stretchAt(at).to };
    return found;
  }
}
