/** Freshness of hosts over a whole system on a simulated clock. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TempFolder, tempFolder } from '../servers/temp.ts';
import { type SimulatedSystem, startSimulatedSystem } from '../simulated-system.ts';

let folder: TempFolder;
let system: SimulatedSystem;
beforeEach(async () => {
  folder = await tempFolder();
  system = await startSimulatedSystem({ data: folder.path, seed: 1 });
  await send('POST', '/suites', { name: 's' });
  await send('POST', '/plugins', {
    ...{ name: 'silence', builtin: 'dummy', params: '2 "nothing came"', suites: ['s'] },
    ...{ hostCheck: true, activeChecks: false, freshness: 60 },
  });
  for (const name of ['told', 'mute']) {
    await send('POST', '/hosts', { name, address: `${name}.test`, suites: ['s'] });
  }
});
afterEach(async () => {
  await system.stop();
  await folder[Symbol.asyncDispose]();
}, 120_000);

const send: SimulatedSystem['send'] = (...request) => system.send(...request);
const stateOf = (host: string) => send('GET', `/hosts/${host}/state`);
/** Who was found to be stale, once for each event. */
const staleOnes = async () => {
  const rows = await system.app.api?.database.db
    .selectFrom('event')
    .select('event.payload')
    .where('event.type', '=', 'measurement')
    .execute();
  const told = (rows ?? []).map((row) => JSON.parse(row.payload));
  return told
    .filter(({ action }) => action === 'stale')
    .map(({ host, plugin }) => (plugin === undefined ? host : `${host}/${plugin}`))
    .sort();
};

test('rule 9.0.8: a host that has results of its own is not checked for lack of those of its check', async () => {
  for (let round = 0; round < 10; round++) {
    await send('POST', '/hosts/told/results', { exitCode: 0, output: 'from outside' });
    await system.clock.advance(30_000);
  }
  expect(await stateOf('told')).toMatchObject({ state: 'up', output: 'from outside' });
  expect(await stateOf('mute')).toMatchObject({ state: 'down', output: 'CRITICAL: nothing came' });
  expect([...new Set(await staleOnes())]).toEqual(['mute', 'mute/silence']);
  await system.clock.advance(60_000);
  expect(await stateOf('told')).toMatchObject({ state: 'down', output: 'CRITICAL: nothing came' });
  expect(await staleOnes()).toEqual(expect.arrayContaining(['told', 'told/silence']));
}, 120_000);
