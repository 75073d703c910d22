/**
 * A whole system in this process on a simulated clock: an hour of a site in seconds. Two systems run
 * side by side in some tests, which module state would not survive.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type App, startApp } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ResultJson } from '../../src/contract/checks.ts';
import type { StatusJson } from '../../src/contract/statistics.ts';
import { silentLog } from '../../src/lib/log.ts';
import { apiOf } from '../servers/program.ts';
import { type TempFolder, tempFolder } from '../servers/temp.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulated-clock.ts';

const HOSTS = 20;
const MINUTE_MS = 60_000;

let folder: TempFolder;
const apps: { app: App; clock: SimulatedClock }[] = [];
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(async () => {
  for (const { app, clock } of apps.splice(0)) {
    let isStopped = false;
    const stopped = app.stop().finally(() => {
      isStopped = true;
    });
    while (!isStopped) await clock.advance(1_000);
    await stopped;
  }
  await folder[Symbol.asyncDispose]();
});

/** A pseudo-random number generator, so that a run can be repeated by its seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function startSystem(name: string, seed: number) {
  const clock = createSimulatedClock();
  const data = `${folder.path}/${name}`;
  const { config } = await loadConfig({
    environment: {},
    flags: { data, 'red.listen': '127.0.0.1:0', 'rrd.driver': 'none' },
  });
  const { signal } = new AbortController();
  const context = { clock, random: createRandom(seed), log: silentLog(), signal };
  const app = await startApp(config, ['grey', 'violet', 'red'], context);
  apps.push({ app, clock });
  const api = apiOf(app.api?.url ?? '', data);
  await api.send('POST', '/suites', { name: 's' });
  await api.send('POST', '/plugins', {
    name: 'p',
    builtin: 'dummy',
    params: '1 "from $HOSTNAME$"',
    interval: 60,
    suites: ['s'],
  });
  for (let index = 0; index < HOSTS; index++) {
    const host = { name: `h${index}`, address: `h${index}.test`, suites: ['s'], history: true };
    await api.send('POST', '/hosts', host);
  }
  return { clock, api };
}

describe('simulation', () => {
  test('an hour of a site: every check ran in every minute, on its own second', {
    timeout: 180_000,
  }, async () => {
    const { clock, api } = await startSystem('one', 1);
    await clock.advance(60 * MINUTE_MS);
    const status = await api.get<StatusJson>('/status');
    expect(status.checks).toMatchObject({ all: HOSTS, warning: HOSTS, pending: 0 });
    expect(status.scheduler).toMatchObject({ missed: 0, jobs: HOSTS });
    expect(status.workers.connected).toBe(1);
    for (let index = 0; index < HOSTS; index++) {
      const { items } = await api.get<{ items: readonly ResultJson[] }>(
        `/checks/h${index}/p/history?limit=1000`,
      );
      expect(items.length).toBeGreaterThanOrEqual(60);
      expect(items.length).toBeLessThanOrEqual(61);
      expect(items[0]?.output).toContain(`from h${index}`);
      const due = items.map((item) => Date.parse(item.scheduledAt));
      const gaps = due.slice(1, -1).map((at, place) => (due[place] ?? 0) - at);
      expect(new Set(gaps)).toEqual(new Set([MINUTE_MS]));
    }
  });

  test('two systems in one process know nothing of each other', async () => {
    const one = await startSystem('one', 1);
    const two = await startSystem('two', 2);
    await one.api.send('DELETE', '/hosts/h0');
    await one.clock.advance(2 * MINUTE_MS);
    expect((await one.api.get<StatusJson>('/status')).checks).toMatchObject({
      all: HOSTS - 1,
      pending: 0,
    });
    expect((await two.api.get<StatusJson>('/status')).checks).toMatchObject({
      all: HOSTS,
      pending: HOSTS,
    });
  });
});
