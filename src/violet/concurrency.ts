/** `violet.concurrency: auto`: how many checks at a time suit this machine now. */

import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

/** What a choice is made from. */
export interface ConcurrencySample {
  /** Whether checks wait for a place while all are taken. */
  readonly isShort: boolean;
  /** 99th percentile of the event loop's delay since the last sample. */
  readonly lagMs: number;
  /** Load average over one minute, divided by the number of processors. */
  readonly loadPerCore: number;
  /** Share of the time since the last sample in which every thread that runs such checks was busy. */
  readonly threadUse: number;
}

/** Between choices; the load average needs some time to show the last one. */
const INTERVAL_MS = 10_000;
const LAG_HIGH_MS = 200;
const LAG_LOW_MS = 50;
const LOAD_HIGH = 4;
const LOAD_LOW = 1.5;
/** From here on a thread answers no sooner for having more to do. */
const FULL_USE = 0.9;

/** The numbers to begin with and to stay between. */
export interface ConcurrencyRange {
  readonly start: number;
  readonly min: number;
  readonly max: number;
}

/** Of checks that start a program each, for so many processors. */
export function programRange(cores: number): ConcurrencyRange {
  return { start: Math.max(16, cores * 16), min: Math.max(4, cores * 4), max: cores * 64 };
}

/** Of checks that do not: they wait for the network, most of the time. */
export const LIGHT_RANGE: ConcurrencyRange = { start: 256, min: 64, max: 2_048 };

/** The next number: less when the machine suffers, more when checks wait and it does not. Pure. */
export function nextConcurrency(
  count: number,
  { isShort, lagMs, loadPerCore, threadUse }: ConcurrencySample,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (lagMs > LAG_HIGH_MS || loadPerCore > LOAD_HIGH) return Math.max(min, Math.floor(count * 0.8));
  const isCalm = lagMs < LAG_LOW_MS && loadPerCore < LOAD_LOW && threadUse < FULL_USE;
  if (isShort && isCalm) {
    return Math.min(max, count + Math.ceil(count / 8));
  }
  return count;
}

/** Chooses again and again until stopped. */
export function startAdapting(options: {
  readonly range: { readonly min: number; readonly max: number };
  readonly count: () => number;
  readonly sample: () => ConcurrencySample;
  readonly resize: (count: number) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}): { stop(): Promise<void> } {
  const { range, clock, log } = options;
  const adapt = async () => {
    const count = options.count();
    const sample = options.sample();
    const next = nextConcurrency(count, sample, range);
    if (next === count) return;
    await options.resize(next);
    log.debug({ from: count, to: next, ...sample }, 'number of slots changed');
  };
  return repeat(clock, INTERVAL_MS, adapt, (error) => log.error({ error }, 'cannot adapt slots'));
}
