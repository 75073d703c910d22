/** History when results stay out, and across a stop and a start of everything, on a simulated clock. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AvailabilityJson } from '../../src/contract/checks.ts';
import { patienceMs } from '../../src/model/patience.ts';
import { type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';
import { type SimulatedSystem, startSimulatedSystem } from '../simulated-system.ts';

const MINUTE_MS = 60_000;
/** A Saturday. */
const START = Date.parse('2026-10-24T12:00:00Z');
const PATIENCE_MS = 120_000;
/** Of a check of ten seconds' interval. */
const LASTS_MS = patienceMs({ intervalMs: 10_000, timeoutMs: 10_000 });

let folder: TempFolder;
let system: SimulatedSystem;
const start = async (startAt: number, flags: Record<string, unknown> = {}) => {
  system = await startSimulatedSystem({ data: folder.path, seed: 1, startAt, flags });
};
beforeEach(async () => {
  folder = await tempFolder();
  await start(START);
});
afterEach(async () => {
  await system.stop();
  await folder[Symbol.asyncDispose]();
}, PATIENCE_MS);

const send: SimulatedSystem['send'] = (...request) => system.send(...request);

/** A check of ten seconds' interval that is its host's check too. */
async function addCheck(name: string, plugin: object = {}): Promise<void> {
  await send('POST', '/suites', { name });
  const dummy = { name, builtin: 'dummy', params: '0 fine', interval: 10, suites: [name] };
  await send('POST', '/plugins', { ...dummy, hostCheck: true, ...plugin });
  await send('POST', '/hosts', { name, address: `${name}.test`, suites: [name], history: true });
}

const statesOf = async (path: string) => {
  const { items } = await send('GET', `${path}/history?kind=states`);
  return items.map((one: { state: string; cause: string; from: string; to: string | null }) => ({
    ...one,
    from: Date.parse(one.from),
    to: one.to === null ? null : Date.parse(one.to),
  }));
};
const runsOf = async (name: string): Promise<{ dueAt: number; endedAt: number }[]> => {
  const { items } = await send('GET', `/checks/${name}/${name}/history?limit=1000`);
  const read = (item: { scheduledAt: string; finishedAt: string }) => ({
    dueAt: Date.parse(item.scheduledAt),
    endedAt: Date.parse(item.finishedAt),
  });
  return items.map(read).reverse();
};

/** Stops, and starts again so long after the stop was asked for; gives when it had stopped. */
async function restart(afterMs: number): Promise<number> {
  const startAt = system.clock.now() + afterMs;
  await system.stop();
  const stoppedAt = system.clock.now();
  await start(Math.max(startAt, stoppedAt));
  return stoppedAt;
}

describe('a stop of the schedule', () => {
  test('is not measured from when a result was overdue until the next, of hosts too', async () => {
    await addCheck('a');
    await system.clock.advance(MINUTE_MS);
    const stoppedAt = await restart(10 * MINUTE_MS);
    await system.clock.advance(30_000);
    const runs = await runsOf('a');
    const before = runs.findLast(({ dueAt }) => dueAt <= stoppedAt);
    const after = runs.find(({ dueAt }) => dueAt > stoppedAt);
    for (const [path, good] of [
      ['/checks/a/a', 'ok'],
      ['/hosts/a', 'up'],
    ] as const) {
      const [again, gap, first, ...rest] = await statesOf(path);
      expect(rest).toEqual([]);
      expect(first).toMatchObject({ state: good, cause: 'firstResult' });
      expect(gap).toMatchObject({ state: 'notMeasured', cause: 'schedulerStopped' });
      expect(gap.from).toBe((before?.dueAt ?? 0) + LASTS_MS);
      expect([gap.to, again.from]).toEqual([after?.endedAt, after?.endedAt]);
      expect(again).toMatchObject({ state: good, cause: 'measuredAgain', to: null });
    }
    const span = `from=${new Date(START).toISOString()}&to=${new Date(system.clock.now()).toISOString()}`;
    const { states, seconds, reasons } = await system.api.get<AvailabilityJson>(
      `/checks/a/a/availability?${span}`,
    );
    const sum = Object.values(states).reduce((total, one) => total + one.seconds * 1_000, 0);
    expect(Math.round(sum)).toBe(Math.round(seconds * 1_000));
    expect(Object.keys(reasons).sort()).toEqual(['pending', 'schedulerStopped']);
  }, 120_000);

  test('shorter than what a result may be late leaves no gap', async () => {
    await addCheck('a');
    await system.clock.advance(MINUTE_MS);
    await restart(15_000);
    await system.clock.advance(MINUTE_MS);
    expect(await statesOf('/checks/a/a')).toMatchObject([{ state: 'ok', cause: 'firstResult' }]);
  }, 120_000);

  test('leaves a check outside its period its own reason, and ends with its own time', async () => {
    const weekdays = { saturday: '12:00-12:01,12:30-13:00' };
    await send('POST', '/timeperiods', { name: 'p', weekdays });
    await addCheck('a', { checkPeriod: 'p' });
    await system.clock.advance(MINUTE_MS);
    // Before red can tell why there are no results.
    await restart(29 * MINUTE_MS);
    await system.clock.advance(MINUTE_MS);
    const [again, gap, ...rest] = await statesOf('/checks/a/a');
    expect(rest).toHaveLength(1);
    expect(again).toMatchObject({ state: 'ok', cause: 'measuredAgain' });
    expect(gap).toMatchObject({ state: 'notMeasured', cause: 'outsidePeriod' });
  }, 120_000);

  test('keeps maintenance apart, and becomes a fault when no result follows', async () => {
    await addCheck('kept');
    await addCheck('lost');
    await system.clock.advance(MINUTE_MS);
    await send('PATCH', '/hosts/kept', { maintenance: true });
    await system.clock.advance(MINUTE_MS);
    await send('PATCH', '/hosts/lost', { zone: 'elsewhere' });
    const stoppedAt = await restart(10 * MINUTE_MS);
    await system.clock.advance(3 * MINUTE_MS);
    const [kept] = await statesOf('/checks/kept/kept');
    expect(kept).toMatchObject({ state: 'notMeasured', cause: 'maintenance', to: null });
    expect(kept.from).toBeLessThan(stoppedAt);
    const [fault, stopped] = await statesOf('/checks/lost/lost');
    expect(stopped).toMatchObject({ state: 'notMeasured', cause: 'schedulerStopped' });
    expect(fault).toMatchObject({ state: 'notMeasured', cause: 'noWorker', to: null });
    expect(stopped.to).toBe(fault.from);
    await send('PATCH', '/hosts/kept', { maintenance: false, zone: 'elsewhere' });
    await system.clock.advance(2 * MINUTE_MS);
    const [after, during] = await statesOf('/checks/kept/kept');
    expect(during).toMatchObject({ cause: 'maintenance', to: after.from });
    expect(after).toMatchObject({ state: 'notMeasured', cause: 'noWorker', to: null });
  }, 120_000);
});

test('requests that no busy worker takes in time are expired, which is told apart', async () => {
  await system.stop();
  await start(system.clock.now(), { 'violet.concurrency': 1 });
  const plugins = join(folder.path, 'plugins');
  await mkdir(plugins, { recursive: true });
  await writeFile(join(plugins, 'quick'), '#!/bin/sh\necho fine\n', { mode: 0o755 });
  await addCheck('a', { builtin: undefined, script: 'quick', params: '' });
  await system.clock.advance(MINUTE_MS);
  await waitFor('a result', async () => (await runsOf('a')).length > 0);
  // Longer than the test takes, so that the only slot is taken.
  await writeFile(join(plugins, 'long'), '#!/bin/sh\nexec sleep 3600\n', { mode: 0o755 });
  await send('POST', '/plugins', {
    ...{ name: 'long', script: 'long', timeout: 3_600, interval: 7_200, suites: ['a'] },
  });
  await system.clock.advance(3 * MINUTE_MS);
  const [silence, ...rest] = await statesOf('/checks/a/a');
  expect(rest).toMatchObject([{ state: 'ok', cause: 'firstResult' }]);
  expect(silence).toMatchObject({ state: 'notMeasured', cause: 'expired', to: null });
  const { reasons } = await system.api.get<AvailabilityJson>('/checks/a/a/availability');
  expect(Object.keys(reasons)).toEqual(['pending', 'expired']);
}, 120_000);
