/** Execution dependencies over a whole system on a simulated clock. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckJson } from '../../src/contract/checks.ts';
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
  await send('POST', '/suites', { name: 's' });
  const fine = { builtin: 'dummy', params: '0 fine', suites: ['s'] };
  await send('POST', '/plugins', { name: 'web', interval: 10, ...fine });
  await send('POST', '/plugins', { name: 'sql', activeChecks: false, ...fine });
  await send('POST', '/hosts', { name: 'a', address: 'a.test', suites: ['s'], history: true });
});
afterEach(async () => {
  await system.stop();
  await folder[Symbol.asyncDispose]();
}, PATIENCE_MS);

const send: SimulatedSystem['send'] = (...request) => system.send(...request);
const depend = (fields: object = {}) =>
  send('POST', '/dependencies', {
    ...{ name: 'd', plugin: 'web', masterPlugin: 'sql', kinds: ['execution'] },
    ...fields,
  });
const setMaster = async (exitCode: number) => {
  await send('POST', '/checks/a/sql/results', { exitCode, output: 'told' });
  await system.clock.advance(1_000);
};
const countRuns = async (plugin = 'web'): Promise<number> =>
  (await send('GET', `/checks/a/${plugin}/history?limit=1000`)).items.length;
const runsInAMinute = async () => {
  const before = await countRuns();
  await system.clock.advance(MINUTE_MS);
  return (await countRuns()) - before;
};
const statesOf = async () => (await send('GET', '/checks/a/web/history?kind=states')).items;

describe('8 an execution dependency', () => {
  test('holds a check while its master has failed, and releases it', async () => {
    await depend();
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
    await setMaster(2);
    expect(await runsInAMinute()).toBe(0);
    expect((await system.api.get<CheckJson>('/checks/a/web')).nextDue).not.toBeNull();
    await setMaster(0);
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
  }, 120_000);

  test('silence of a held check is no fault, and history says why', async () => {
    await depend();
    await system.clock.advance(MINUTE_MS);
    await setMaster(2);
    await system.clock.advance(3 * MINUTE_MS);
    expect((await statesOf())[0]).toMatchObject({
      ...{ state: 'notMeasured', cause: 'dependency', to: null },
    });
    await setMaster(0);
    await system.clock.advance(MINUTE_MS);
    const states = await statesOf();
    expect(states[0]).toMatchObject({ state: 'ok', cause: 'measuredAgain' });
    const causes = states.map(({ cause }: { cause: string }) => cause);
    expect(causes).toEqual(['measuredAgain', 'dependency', 'firstResult']);
  }, 120_000);

  test('does not hold a run on demand', async () => {
    await depend();
    await setMaster(2);
    const before = await countRuns();
    await send('POST', '/checks/a/web/run');
    await system.clock.advance(1_000);
    expect(await countRuns()).toBe(before + 1);
  }, 120_000);

  test('out of its period holds nothing, and holds when that begins', async () => {
    await send('POST', '/timeperiods', { name: 'p', weekdays: { saturday: '12:03-12:30' } });
    await depend({ period: 'p' });
    await setMaster(2);
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
    await system.clock.advance(START + 3 * MINUTE_MS - system.clock.now());
    expect(await runsInAMinute()).toBe(0);
  }, 120_000);

  test('follows changes: of its kinds, of its master, and its deletion', async () => {
    await setMaster(2);
    await depend({ kinds: ['notification'] });
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
    await send('PATCH', '/dependencies/d', { kinds: ['execution'] });
    await system.clock.advance(1_000);
    expect(await runsInAMinute()).toBe(0);
    await send('PATCH', '/dependencies/d', { failsOn: ['warning'] });
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
    await setMaster(1);
    expect(await runsInAMinute()).toBe(0);
    await send('DELETE', '/dependencies/d');
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
  }, 120_000);

  test('rule 3.0.8: of the kind parent holds what is below a check that is critical or unknown', async () => {
    const fine = { builtin: 'dummy', params: '0 fine', suites: ['s'] };
    await send('POST', '/plugins', { name: 'net', activeChecks: false, ...fine });
    await depend({ kinds: ['parent'] });
    await depend({ name: 'e', plugin: 'sql', masterPlugin: 'net', kinds: ['parent'] });
    await setMaster(1);
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
    await send('POST', '/checks/a/net/results', { exitCode: 3, output: 'told' });
    await system.clock.advance(1_000);
    expect(await runsInAMinute()).toBe(0);
    await system.clock.advance(3 * MINUTE_MS);
    expect((await statesOf())[0]).toMatchObject({ state: 'notMeasured', cause: 'serviceParents' });
    await send('POST', '/checks/a/net/results', { exitCode: 0, output: 'told' });
    await system.clock.advance(1_000);
    expect(await runsInAMinute()).toBeGreaterThanOrEqual(5);
  }, 120_000);

  test('of a host holds its host check', async () => {
    const fine = { builtin: 'dummy', params: '0 up', suites: ['s'] };
    await send('POST', '/plugins', { name: 'alive', interval: 10, hostCheck: true, ...fine });
    await send('POST', '/hosts', { name: 'router', address: 'r.test' });
    await send('POST', '/dependencies', {
      ...{ name: 'd', host: 'a', masterHost: 'router', kinds: ['execution'], failsOn: ['down'] },
    });
    const alive = () => countRuns('alive');
    await system.clock.advance(MINUTE_MS);
    const before = await alive();
    expect(before).toBeGreaterThanOrEqual(5);
    await send('POST', '/hosts/router/results', { exitCode: 1, output: 'told' });
    await system.clock.advance(2_000);
    const held = await alive();
    await system.clock.advance(MINUTE_MS);
    expect(await alive()).toBe(held);
  }, 120_000);
});
