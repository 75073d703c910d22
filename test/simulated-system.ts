/** A whole system in this process on a simulated clock. */

import { expect } from 'vitest';
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
  /** What the API answers; it must not refuse. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
  send(method: string, path: string, body?: unknown): Promise<any>;
  /** Moves its clock until it has stopped. */
  stop(): Promise<void>;
}

const STOP_STEP_MS = 10;
const breath = () => new Promise((resolve) => setTimeout(resolve, 1));

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
  const api = apiOf(app.api?.url ?? '', data);
  return {
    clock,
    app,
    api,
    async send(method, path, body) {
      const { status, body: answer } = await api.send(method, path, body);
      expect({ path, status, answer }).toMatchObject({ status: expect.toSatisfy((s) => s < 300) });
      return answer;
    },
    async stop() {
      let isStopped = false;
      const stopped = app.stop().finally(() => {
        isStopped = true;
      });
      // With a breath between steps: what a slow disk takes must not pass as the site's time.
      while (!isStopped) {
        await clock.advance(STOP_STEP_MS);
        await breath();
      }
      await stopped;
    },
  };
}
