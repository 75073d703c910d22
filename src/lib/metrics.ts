/** Counters, gauges and histograms of one running application, in Prometheus form. */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A figure that only goes up. */
export interface CounterMetric {
  add(amount?: number, labels?: Readonly<Record<string, string>>): void;
}

/** The metrics of one application; two applications in one process do not meet. */
export interface Metrics {
  /** `name` ends in `_total`. */
  counter(name: string, help: string, labelNames?: readonly string[]): CounterMetric;
  /** A figure that is read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void;
  /** A distribution of seconds. */
  histogram(name: string, help: string, bucketsS: readonly number[]): (valueS: number) => void;
  /** All of them in Prometheus text form. */
  format(): Promise<string>;
  readonly contentType: string;
}

/** Creates an empty set of metrics. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    contentType: registry.contentType,
    counter(name, help, labelNames = []) {
      const counter = new Counter({ name, help, labelNames, registers });
      if (labelNames.length === 0) counter.inc(0);
      return { add: (amount = 1, labels = {}) => counter.inc(labels, amount) };
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    histogram(name, help, bucketsS) {
      const histogram = new Histogram({ name, help, buckets: [...bucketsS], registers });
      return (valueS) => histogram.observe(valueS);
    },
    format: () => registry.metrics(),
  };
}
