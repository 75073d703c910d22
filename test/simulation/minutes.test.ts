/**
 * A whole system in this process on a simulated clock: minutes of a site in seconds. Two systems run
 * side by side in some tests, which module state would not survive.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ResultJson } from '../../src/contract/checks.ts';
import type { StatusJson } from '../../src/contract/statistics.ts';
import { type TempFolder, tempFolder } from '../servers/temp.ts';
import { type SimulatedSystem, startSimulatedSystem } from '../simulated-system.ts';

const HOSTS = 20;
const MINUTES = 20;
const MINUTE_MS = 60_000;

let folder: TempFolder;
const systems: SimulatedSystem[] = [];
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(async () => {
  for (const system of systems.splice(0)) await system.stop();
  await folder[Symbol.asyncDispose]();
});

async function startSystem(name: string, seed: number) {
  const system = await startSimulatedSystem({ data: `${folder.path}/${name}`, seed });
  systems.push(system);
  const { clock, api } = system;
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
  test('every check runs in every minute, on its own second', { timeout: 120_000 }, async () => {
    const { clock, api } = await startSystem('one', 1);
    await clock.advance(MINUTES * MINUTE_MS);
    const status = await api.get<StatusJson>('/status');
    expect(status.checks).toMatchObject({ all: HOSTS, warning: HOSTS, pending: 0 });
    expect(status.scheduler).toMatchObject({ missed: 0, jobs: HOSTS });
    expect(status.workers.connected).toBe(1);
    for (let index = 0; index < HOSTS; index++) {
      const { items } = await api.get<{ items: readonly ResultJson[] }>(
        `/checks/h${index}/p/history?limit=1000`,
      );
      expect(items.length).toBeGreaterThanOrEqual(MINUTES);
      expect(items.length).toBeLessThanOrEqual(MINUTES + 1);
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
