/** A whole system in this process on a simulated clock. */

import { type App, startApp } from '../src/app/app.ts';
import { loadConfig } from '../src/config/load.ts';
import { silentLog } from '../src/lib/log.ts';
import { type ApiCaller, apiOf } from './servers/program.ts';
import { createSimulatedClock, type SimulatedClock } from './simulated-clock.ts';

/** How a system is started. */
export interface SimulatedSystemOptions {
  /** Its data folder. */
  readonly data: string;
  readonly seed: number;
  readonly startAt?: number;
  /** Keys of the configuration. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** A running system. */
export interface SimulatedSystem {
  readonly clock: SimulatedClock;
  readonly api: ApiCaller;
  readonly app: App;
  /** Moves its clock until it has stopped. */
  stop(): Promise<void>;
}

/** A pseudo-random number generator, so that a run can be repeated by its seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Starts it with an empty site, or with what its folder has. */
export async function startSimulatedSystem(
  options: SimulatedSystemOptions,
): Promise<SimulatedSystem> {
  const { data, seed, startAt, flags = {} } = options;
  const clock = createSimulatedClock(startAt);
  const { config } = await loadConfig({
    environment: {},
    flags: { data, 'red.listen': '127.0.0.1:0', 'rrd.driver': 'none', ...flags },
  });
  const { signal } = new AbortController();
  const context = { clock, random: createRandom(seed), log: silentLog(), signal };
  const app = await startApp(config, ['grey', 'violet', 'red'], context);
  return {
    clock,
    app,
    api: apiOf(app.api?.url ?? '', data),
    async stop() {
      let isStopped = false;
      const stopped = app.stop().finally(() => {
        isStopped = true;
      });
      while (!isStopped) await clock.advance(1_000);
      await stopped;
    },
  };
}
