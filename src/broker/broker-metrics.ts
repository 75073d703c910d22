/** What a process knows of its broker. */

import type { Metrics } from '../lib/metrics.ts';
import type { Broker } from './broker.ts';

/** Adds it. */
export function addBrokerMetrics(metrics: Metrics, broker: Broker): void {
  metrics.gauge('ppalette_broker_available', 'Whether the broker is reachable.', () =>
    Number(broker.problem() === null),
  );
  metrics.gauge(
    'ppalette_broker_unconfirmed_messages',
    'Messages handed to the broker that it has not confirmed yet.',
    () => broker.unconfirmed(),
  );
}
