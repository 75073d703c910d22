/** Checks that are left out, and the states that they are given, over a whole system on a simulated clock. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TempFolder, tempFolder } from '../servers/temp.ts';
import { type SimulatedSystem, startSimulatedSystem } from '../simulated-system.ts';

const MINUTE_MS = 60_000;
const PATIENCE_MS = 120_000;

let folder: TempFolder;
let system: SimulatedSystem;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(async () => {
  await system.stop();
  await folder[Symbol.asyncDispose]();
}, PATIENCE_MS);

/** A site with these semantics: the host `a` with the checks `web`, `sql` and its host check `alive`. */
async function open(semantics: Readonly<Record<string, unknown>>): Promise<void> {
  const flags = Object.fromEntries(
    Object.entries(semantics).map(([key, value]) => [`semantics.${key}`, value]),
  );
  system = await startSimulatedSystem({ data: folder.path, seed: 1, flags });
  await send('POST', '/suites', { name: 's' });
  const fine = { builtin: 'dummy', params: '0 fine', suites: ['s'], interval: 10 };
  await send('POST', '/plugins', { name: 'web', ...fine });
  await send('POST', '/plugins', { name: 'sql', ...fine, activeChecks: false });
  await send('POST', '/plugins', { name: 'alive', ...fine, hostCheck: true });
  await send('POST', '/hosts', { name: 'a', address: 'a.test', suites: ['s'], history: true });
  await send('POST', '/hosts', { name: 'router', address: 'r.test' });
  await system.clock.advance(MINUTE_MS);
}

const send: SimulatedSystem['send'] = (...request) => system.send(...request);
const tell = async (path: string, exitCode: number) => {
  await send('POST', `${path}/results`, { exitCode, output: 'told' });
  await system.clock.advance(1_000);
};
const depend = (fields: object) =>
  send('POST', '/dependencies', { name: 'd', kinds: ['execution'], ...fields });
/** Notifications of a check or host that were due. */
const tellingsOf = async (plugin: string | null) => {
  const rows = await system.app.api?.database.db
    .selectFrom('event')
    .select('event.payload')
    .where('event.type', '=', 'notification')
    .orderBy('event.id')
    .execute();
  return (rows ?? [])
    .map((row) => JSON.parse(row.payload))
    .filter((one) => (one.plugin ?? null) === plugin && one.isDue)
    .map((one) => `${one.about} ${one.state}`);
};

describe('3 checks of a host that is not up', () => {
  test('rule 3.0.6: are not run but for the host check, and are again when it is up', async () => {
    await open({ hostDownDisableServiceChecks: true });
    await send('PATCH', '/plugins/alive', { params: '2 gone' });
    await system.clock.advance(MINUTE_MS);
    const before = await send('GET', '/checks/a/web');
    await system.clock.advance(4 * MINUTE_MS);
    expect((await send('GET', '/checks/a/web')).scheduledAt).toBe(before.scheduledAt);
    const [stretch] = (await send('GET', '/checks/a/web/history?kind=states')).items;
    expect(stretch).toMatchObject({ state: 'notMeasured', cause: 'hostNotUp', to: null });
    const host = await send('GET', '/hosts/a/state');
    expect(host).toMatchObject({ state: 'down' });
    await send('PATCH', '/plugins/alive', { params: '0 back' });
    await system.clock.advance(MINUTE_MS);
    const [after] = (await send('GET', '/checks/a/web/history?kind=states')).items;
    expect(after).toMatchObject({ state: 'ok', cause: 'measuredAgain' });
  }, 120_000);

  test('rule 3.0.6: are run all the same by default', async () => {
    await open({});
    await tell('/hosts/a', 1);
    const before = await send('GET', '/checks/a/web');
    await system.clock.advance(MINUTE_MS);
    expect((await send('GET', '/checks/a/web')).scheduledAt).not.toBe(before.scheduledAt);
  }, 120_000);

  test('rule 3.0.7: are given the state that is configured, and nobody is told', async () => {
    await open({
      hostDownDisableServiceChecks: true,
      serviceSkipCheckHostDownStatus: 'unknown',
    });
    await send('PATCH', '/plugins/alive', { params: '2 gone' });
    await system.clock.advance(MINUTE_MS);
    const web = await send('GET', '/checks/a/web');
    expect(web).toMatchObject({
      ...{ state: 'unknown', stateType: 'hard', worker: 'red' },
      output: '(not run) The host is not up.',
    });
    expect(await tellingsOf('web')).toEqual([]);
    await send('PATCH', '/plugins/alive', { params: '0 back' });
    await system.clock.advance(MINUTE_MS);
    expect(await send('GET', '/checks/a/web')).toMatchObject({ state: 'ok', output: 'OK: fine' });
    expect(await tellingsOf('web')).toEqual([]);
  }, 120_000);
});

describe('3 checks that are left out by dependencies', () => {
  test('rule 3.0.7: a check is given a state while its master has failed', async () => {
    await open({ serviceSkipCheckDependencyStatus: 'warning' });
    await depend({ plugin: 'web', masterPlugin: 'sql' });
    await tell('/checks/a/sql', 2);
    await system.clock.advance(4 * MINUTE_MS);
    expect(await send('GET', '/checks/a/web')).toMatchObject({
      ...{ state: 'warning', stateType: 'hard', maxCheckAttempts: 1 },
      output: '(not run) It depends on a/sql, which is critical.',
    });
    const causes = (await send('GET', '/checks/a/web/history?kind=states')).items.map(
      ({ state, cause }: { state: string; cause: string }) => `${state} ${cause}`,
    );
    expect(causes).toEqual(['warning stateChange', 'ok firstResult']);
    await tell('/checks/a/sql', 0);
    await system.clock.advance(MINUTE_MS);
    expect((await send('GET', '/checks/a/web')).state).toBe('ok');
  }, 120_000);

  test('rule 3.0.7: a host is given a state while its host check is held, the check none', async () => {
    await open({ hostSkipCheckDependencyStatus: 'unreachable' });
    await depend({ host: 'a', masterHost: 'router', failsOn: ['down'] });
    await tell('/hosts/router', 1);
    await system.clock.advance(4 * MINUTE_MS);
    expect(await send('GET', '/hosts/a/state')).toMatchObject({
      ...{ state: 'unreachable', stateType: 'hard' },
      output: '(not run) It depends on router, which is down.',
    });
    const { items } = await send('GET', '/hosts/a/history?kind=states');
    expect(items.map(({ state }: { state: string }) => state)).toEqual(['unreachable', 'up']);
    const [check] = (await send('GET', '/checks/a/alive/history?kind=states')).items;
    expect(check).toMatchObject({ state: 'notMeasured', cause: 'dependency' });
    await tell('/hosts/router', 0);
    await system.clock.advance(MINUTE_MS);
    expect((await send('GET', '/hosts/a/state')).state).toBe('up');
  }, 120_000);
});
