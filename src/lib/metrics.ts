/** Counters, gauges and histograms of one running application, in Prometheus form. */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { sleep, systemClock } from './clock.ts';

/** Values of a series' labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** A figure that only goes up. */
export interface CounterMetric {
  add(amount?: number, labels?: Labels): void;
}

/** One series of a figure. */
export interface MetricSample {
  readonly labels: Labels;
  readonly value: number;
}

/** What a figure is now; null and an empty list = there is none. */
export type Reading = number | null | readonly MetricSample[];

/** Adds one value to a distribution. */
export type Observe = (value: number, labels?: Labels) => void;

/** The metrics of one application; two applications in one process do not meet. */
export interface Metrics {
  /**
   * `name` ends in `_total`. Without labels, and for the values of the first label that are `known`,
   * it is 0 before it counts, so that its first rise is seen as one.
   */
  counter(
    name: string,
    help: string,
    labelNames?: readonly string[],
    known?: readonly string[],
  ): CounterMetric;
  /** A figure that only goes up and is kept elsewhere; read when somebody asks. */
  readCounter(name: string, help: string, read: () => number): void;
  /**
   * A figure that is read when somebody asks. While it cannot be read, or not within 3 s, it is left
   * out, and nothing else with it.
   */
  gauge(
    name: string,
    help: string,
    read: () => Reading | Promise<Reading>,
    labelNames?: readonly string[],
  ): void;
  /** A distribution; `buckets` are upper bounds, rising. */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames?: readonly string[],
  ): Observe;
  /** All of them in Prometheus text form. */
  format(): Promise<string>;
  readonly contentType: string;
}

/** Less than the 10 s for which Prometheus waits. */
const READ_LIMIT_MS = 3_000;

/** Bounds of what takes milliseconds on a good day: statements, files, messages, answers. */
export const FAST_BUCKETS_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Bounds of what takes as long as a target takes, up to the longest usual time-outs. */
export const SLOW_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Creates an empty set of metrics. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    contentType: registry.contentType,
    counter(name, help, labelNames = [], known = []) {
      const counter = new Counter({ name, help, labelNames, registers });
      if (labelNames.length === 0) counter.inc(0);
      for (const value of known) counter.inc({ [labelNames[0] ?? '']: value }, 0);
      // A look at the labels costs as much as the rest.
      if (labelNames.length === 0) return { add: (amount = 1) => counter.inc(amount) };
      return { add: (amount = 1, labels = {}) => counter.inc(labels, amount) };
    },
    readCounter(name, help, read) {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    },
    gauge(name, help, read, labelNames = []) {
      new Gauge({
        name,
        help,
        registers,
        labelNames,
        async collect() {
          const reading = await readInTime(read);
          this.reset();
          // Without labels there is a 0 now that nobody measured.
          if (labelNames.length === 0) this.remove();
          if (typeof reading === 'number') this.set(reading);
          else for (const { labels, value } of reading ?? []) this.set(labels, value);
        },
      });
    },
    histogram(name, help, buckets, labelNames = []) {
      const settings = { name, help, buckets: [...buckets], labelNames, registers };
      const histogram = new Histogram(settings);
      if (labelNames.length === 0) return (value) => histogram.observe(value);
      return (value, labels = {}) => histogram.observe(labels, value);
    },
    format: () => registry.metrics(),
  };
}

/** The reading; null when it fails or takes too long: whatever is away has a metric that says so. */
async function readInTime(read: () => Reading | Promise<Reading>): Promise<Reading> {
  const done = new AbortController();
  const late = sleep(systemClock, READ_LIMIT_MS, done.signal).then(() => null);
  try {
    return await Promise.race([read(), late]);
  } catch {
    return null;
  } finally {
    done.abort();
  }
}

/**
 * Keeps a label within bounds: the first `maxCount` values stand for themselves, all later ones are
 * `other`.
 */
export function limitValues(maxCount: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= maxCount) return 'other';
    known.add(value);
    return value;
  };
}
