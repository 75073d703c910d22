/**
 * Figures of this process by the names that Prometheus' own clients use. Not those that prom-client
 * brings: some of their names break the conventions, and their observers cannot be stopped.
 */

import { readdirSync } from 'node:fs';
import { watchLoopLag } from './loop-lag.ts';
import type { Metrics } from './metrics.ts';

/** Adds them. `startedAt`: when the process started, ms since the epoch. */
export function addProcessMetrics(metrics: Metrics, startedAt: number): { stop(): void } {
  const lag = watchLoopLag();
  metrics.gauge('process_start_time_seconds', 'When the process started, Unix time.', () =>
    Math.round(startedAt / 1_000),
  );
  metrics.readCounter('process_cpu_seconds_total', 'CPU time of the process.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge('process_resident_memory_bytes', 'Memory of the process in RAM.', () =>
    process.memoryUsage.rss(),
  );
  metrics.gauge('process_open_fds', 'Open file descriptors; on Linux.', countDescriptors);
  metrics.gauge('nodejs_heap_used_bytes', 'Memory of JavaScript objects.', () => {
    const { heapUsed } = process.memoryUsage();
    return heapUsed;
  });
  metrics.gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'How long the event loop kept others waiting since the last look, 99th percentile.',
    () => lag.readP99Ms() / 1_000,
  );
  return lag;
}

function countDescriptors(): number | null {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return null;
  }
}
