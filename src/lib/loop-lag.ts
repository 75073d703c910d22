/** How long the event loop kept others waiting. */

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Between looks of the monitor; shorter delays are not seen. */
const RESOLUTION_MS = 20;

/** Watches until stopped. */
export function watchLoopLag(): { readP99Ms(): number; stop(): void } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    /** 99th percentile since the last reading, beyond what the monitor itself waits. */
    readP99Ms() {
      const p99Ms = histogram.percentile(99) / 1e6;
      histogram.reset();
      return Number.isFinite(p99Ms) ? Math.max(0, p99Ms - RESOLUTION_MS) : 0;
    },
    stop: () => void histogram.disable(),
  };
}
