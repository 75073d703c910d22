/** Check periods over a whole system on a simulated clock. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AvailabilityJson, CheckJson } from '../../src/contract/checks.ts';
import { type TempFolder, tempFolder } from '../servers/temp.ts';
import { type SimulatedSystem, startSimulatedSystem } from '../simulated-system.ts';

const MINUTE_MS = 60_000;
/** A Saturday. */
const START = Date.parse('2026-10-24T12:00:00Z');
const PATIENCE_MS = 120_000;

let folder: TempFolder;
let system: SimulatedSystem;
beforeEach(async () => {
  folder = await tempFolder();
  system = await startSimulatedSystem({ data: folder.path, seed: 1, startAt: START });
});
afterEach(async () => {
  await system.stop();
  await folder[Symbol.asyncDispose]();
}, PATIENCE_MS);

const send: SimulatedSystem['send'] = (...request) => system.send(...request);

/** A check of ten seconds' interval. */
async function addCheck(name: string, plugin: object): Promise<void> {
  await send('POST', '/suites', { name });
  const dummy = { name, builtin: 'dummy', params: '0 fine', interval: 10, suites: [name] };
  await send('POST', '/plugins', { ...dummy, ...plugin });
  await send('POST', '/hosts', { name, address: `${name}.test`, suites: [name], history: true });
}

const runsOf = async (name: string): Promise<number[]> => {
  const { items } = await send('GET', `/checks/${name}/${name}/history?limit=1000`);
  return items.map((item: { scheduledAt: string }) => Date.parse(item.scheduledAt)).reverse();
};
const statesOf = async (name: string) =>
  (await send('GET', `/checks/${name}/${name}/history?kind=states`)).items;

describe('10.1 a check period', () => {
  test('outside it silence is no fault, and history says why nothing is known', async () => {
    const weekdays = { saturday: '12:00-12:01,12:04-12:30' };
    await send('POST', '/timeperiods', { name: 'p', weekdays });
    await addCheck('a', { checkPeriod: 'p' });
    await system.clock.advance(2 * MINUTE_MS);
    const { nextDue } = await system.api.get<CheckJson>('/checks/a/a');
    const opensAt = START + 4 * MINUTE_MS;
    expect(Date.parse(nextDue ?? '')).toBeGreaterThanOrEqual(opensAt);
    expect(Date.parse(nextDue ?? '')).toBeLessThan(opensAt + 10_000);
    const { items } = await send('GET', '/schedule?host=a');
    expect(items).toMatchObject([{ nextDue }]);
    await system.clock.advance(1.9 * MINUTE_MS);
    const [silence, ok, ...rest] = await statesOf('a');
    expect(rest).toEqual([]);
    expect(ok).toMatchObject({ state: 'ok', cause: 'firstResult' });
    expect(silence).toMatchObject({ state: 'notMeasured', cause: 'outsidePeriod', to: null });
    await system.clock.advance(MINUTE_MS);
    expect((await statesOf('a'))[0]).toMatchObject({ state: 'ok', cause: 'measuredAgain' });
    for (const at of await runsOf('a')) {
      expect(at < START + MINUTE_MS + 1_000 || at >= opensAt).toBe(true);
    }
    const measured = system.app.api?.database.db
      .selectFrom('event')
      .select('event.payload')
      .where('event.type', '=', 'measurement');
    expect(await measured?.execute()).toEqual([]);
    const { states, seconds } = await system.api.get<AvailabilityJson>(
      '/checks/a/a/availability?from=2026-10-24T12:00:00Z&to=2026-10-24T12:04:00Z',
    );
    const sum = Object.values(states).reduce((total, share) => total + share.seconds, 0);
    expect(sum).toBe(seconds);
    expect(states.notMeasured.seconds).toBeGreaterThan(60);
  }, 120_000);

  test('silence in a window that has opened is a fault again', async () => {
    const weekdays = { saturday: '12:00-12:01,12:04-12:30' };
    await send('POST', '/timeperiods', { name: 'p', weekdays });
    await addCheck('a', { checkPeriod: 'p' });
    await system.clock.advance(3 * MINUTE_MS);
    expect((await statesOf('a'))[0]).toMatchObject({ cause: 'outsidePeriod' });
    // Nobody serves that zone.
    await send('PATCH', '/hosts/a', { zone: 'elsewhere' });
    await system.clock.advance(2.5 * MINUTE_MS);
    const [fault, resting] = await statesOf('a');
    expect(resting).toMatchObject({ state: 'notMeasured', cause: 'outsidePeriod' });
    expect(fault).toMatchObject({ state: 'notMeasured', cause: 'noWorker', to: null });
    expect(Date.parse(fault.from)).toBeGreaterThan(START + 4 * MINUTE_MS);
  }, 120_000);

  test('a run on demand and a result from outside do not ask for it', async () => {
    await send('POST', '/timeperiods', { name: 'never' });
    await addCheck('a', { checkPeriod: 'never' });
    await system.clock.advance(MINUTE_MS);
    const read = () => system.api.get<CheckJson>('/checks/a/a');
    expect(await read()).toMatchObject({ state: 'pending', nextDue: null });
    expect((await send('GET', '/schedule?host=a')).items).toEqual([]);
    await send('POST', '/checks/a/a/run');
    await system.clock.advance(1_000);
    expect(await read()).toMatchObject({ state: 'ok' });
    await send('POST', '/checks/a/a/results', { exitCode: 2, output: 'from outside' });
    await system.clock.advance(1_000);
    expect(await read()).toMatchObject({ state: 'critical' });
  }, 120_000);

  test('a soft problem is not tried again once the window is closed', async () => {
    await send('POST', '/timeperiods', { name: 'p', weekdays: { saturday: '12:00-12:01' } });
    const retries = { params: '2 broken', maxCheckAttempts: 1_000, retryInterval: 20 };
    await addCheck('a', { ...retries, interval: 86_400, checkPeriod: 'p' });
    await system.clock.advance(2 * MINUTE_MS);
    const runs = await runsOf('a');
    expect(runs.length).toBeGreaterThanOrEqual(3);
    for (const at of runs) expect(at).toBeLessThan(START + MINUTE_MS + 1_000);
  }, 120_000);

  test('follows changes: of the period, of what it excludes, and of who has it', async () => {
    const always = { saturday: '00:00-24:00' };
    await send('POST', '/timeperiods', { name: 'feast' });
    await send('POST', '/timeperiods', { name: 'p', weekdays: always, exclude: ['feast'] });
    await addCheck('a', { checkPeriod: 'p' });
    const runsInAMinute = async () => {
      const before = (await runsOf('a')).length;
      await system.clock.advance(MINUTE_MS);
      return (await runsOf('a')).length - before;
    };
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
    await send('PATCH', '/timeperiods/feast', { weekdays: always });
    expect(await runsInAMinute()).toBe(0);
    await send('PATCH', '/timeperiods/p', { exclude: [] });
    expect(await runsInAMinute()).toBe(6);
    await send('PATCH', '/timeperiods/p', { weekdays: { saturday: null } });
    expect(await runsInAMinute()).toBe(0);
    await send('PATCH', '/plugins/a', { checkPeriod: null });
    expect(await runsInAMinute()).toBe(6);
  }, 120_000);

  test('one that is used cannot be deleted', async () => {
    await send('POST', '/timeperiods', { name: 'p' });
    await addCheck('a', { checkPeriod: 'p' });
    const refused = await system.api.send('DELETE', '/timeperiods/p');
    const detail = expect.stringContaining('plugin a');
    expect(refused).toMatchObject({ status: 409, body: { detail } });
    const unknown = await system.api.send('PATCH', '/plugins/a', { checkPeriod: 'q' });
    expect(unknown).toMatchObject({ status: 422, body: { errors: [{ path: '/checkPeriod' }] } });
  }, 120_000);
});
