/** Hosts' own states over a whole system: parents, what waits for their checks, and what people do. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shardOf } from '../../src/broker/topology.ts';
import { listEventsAfter } from '../../src/database/queries/events.ts';
import { openRunningSite } from '../running-site.ts';
import { waitFor } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let call: (typeof site)['call'];
beforeAll(async () => {
  // No result is so new that it answers for another check: what comes back is checked at once.
  site = await openRunningSite({ 'semantics.cachedHostCheckHorizon': 0 });
  ({ call } = site);
});
afterAll(() => site.close());

/**
 * Each check runs once within ten seconds of being added, when depends on its host's id: so hosts are
 * made until one leaves the test this time.
 */
const REST_MS = 8_500;

let count = 0;
const YEAR_S = 31_536_000;

/** A suite whose plugin `alive` says of each host what its variable `code` is; the schedule rests. */
async function addSuite(plugin: Record<string, unknown> = {}) {
  const suite = `s${++count}`;
  const alive = `alive${count}`;
  await call('POST', '/suites', { name: suite });
  const dummy = { builtin: 'dummy', params: '$_HOSTCODE$ said', interval: YEAR_S };
  await call('POST', '/plugins', {
    ...{ name: alive, ...dummy, hostCheck: true, suites: [suite] },
    ...plugin,
  });
  const addHost = async (name: string, fields: Record<string, unknown> = {}) => {
    const host = `${suite}-${name}`;
    const body = { name: host, address: `${host}.test`, suites: [suite], vars: { CODE: '0' } };
    for (;;) {
      const made = await call('POST', '/hosts', { ...body, history: true, ...fields });
      expect([made.status, made.body.errors]).toEqual([201, undefined]);
      const firstAt = await waitFor('its first run to be known', async () => {
        const { items } = (await call('GET', `/schedule?host=${host}`)).body;
        return items.length > 0 && Date.parse(items[0].nextDue);
      });
      if (firstAt > Date.now() + REST_MS) return host;
      await call('DELETE', `/hosts/${host}`);
    }
  };
  return { suite, alive, addHost };
}

const setCode = async (host: string, code: number) =>
  expect((await call('PATCH', `/hosts/${host}`, { vars: { CODE: `${code}` } })).status).toBe(200);
const run = async (host: string) => {
  const { status, body } = await call('POST', `/hosts/${host}/run?wait=true`);
  expect([status, body.title]).toEqual([200, undefined]);
  return body;
};
const stateOf = async (host: string) => (await call('GET', `/hosts/${host}/state`)).body;
const report = async (host: string, exitCode: number, output = 'told') =>
  (await call('POST', `/hosts/${host}/results?wait=true`, { exitCode, output })).body;
const submit = async (path: string, exitCode: number) =>
  (await call('POST', `${path}/results?wait=true`, { exitCode, output: 'x' })).body;

/** What was decided of notifications of a host, or of one of its checks. */
async function decisions(host: string, plugin?: string): Promise<string[]> {
  if (!site.database) throw new Error('the site has a database');
  const events = await listEventsAfter(site.database, 0, 100_000);
  return events
    .filter(({ type, payload }) => {
      const isOfHost = payload['host'] === host && payload['plugin'] === plugin;
      return type === 'notification' && isOfHost;
    })
    .map(({ payload }) => `${payload['about']} ${payload['state']}: ${payload['reason']}`);
}

describe('a host', () => {
  test('1.1 without a host check is assumed to be up', async () => {
    const { addHost } = await addSuite({ hostCheck: false });
    const host = await addHost('a');
    expect(await stateOf(host)).toMatchObject({ state: 'up', hostCheck: null, exitCode: null });
    expect((await call('POST', `/hosts/${host}/run`)).status).toBe(409);
    expect((await call('GET', `/hosts/${host}`)).body.state).toBe('up');
  });

  test('1.1 with one is pending, then what that says, with warning as up', async () => {
    const { addHost, alive } = await addSuite();
    const host = await addHost('a');
    expect(await stateOf(host)).toMatchObject({ state: 'pending', hostCheck: alive });
    await setCode(host, 1);
    expect(await run(host)).toMatchObject({ state: 'up', output: 'WARNING: said', exitCode: 1 });
    await setCode(host, 2);
    expect(await run(host)).toMatchObject({ state: 'down', stateType: 'hard', reachable: true });
    expect((await call('GET', `/hosts?state=down&q=${host}`)).body.items).toMatchObject([
      { name: host, state: 'down' },
    ]);
    expect((await call('GET', `/hosts?state=up,pending&q=${host}`)).body.total).toBe(0);
    expect(await decisions(host)).toEqual(['problem down: sent']);
    await setCode(host, 0);
    expect(await run(host)).toMatchObject({ state: 'up' });
    expect(await decisions(host)).toEqual(['problem down: sent', 'recovery up: sent']);
  });

  test('2 is soft before it is hard, by its own attempts', async () => {
    const { addHost } = await addSuite();
    const host = await addHost('a', { maxCheckAttempts: 2 });
    await run(host);
    await setCode(host, 2);
    expect(await run(host)).toMatchObject({ state: 'down', stateType: 'soft', attempt: 1 });
    expect(await run(host)).toMatchObject({ stateType: 'hard', attempt: 2, maxCheckAttempts: 2 });
    const { body } = await call('GET', `/hosts/${host}/history?kind=states`);
    expect(body.items).toMatchObject([
      { state: 'down', stateType: 'hard', cause: 'hardened', to: null },
      { state: 'down', stateType: 'soft', cause: 'stateChange' },
      { state: 'up', cause: 'firstResult' },
    ]);
    const results = (await call('GET', `/hosts/${host}/history`)).body.items;
    expect(results.map(({ state }: { state: string }) => state)).toEqual(['down', 'down', 'up']);
    const { states } = (await call('GET', `/hosts/${host}/availability`)).body;
    expect(Object.keys(states)).toEqual(['up', 'down', 'unreachable', 'notMeasured']);
    expect(states.down.seconds).toBeGreaterThan(0);
  });

  test('names its host check itself, of the plugins of its suites', async () => {
    const { suite, addHost } = await addSuite();
    await call('POST', '/plugins', { name: `${suite}-other`, builtin: 'dummy', suites: [suite] });
    const host = await addHost('a', { hostCheck: `${suite}-other` });
    expect(await stateOf(host)).toMatchObject({ hostCheck: `${suite}-other` });
    await call('POST', '/plugins', { name: `${suite}-strange`, builtin: 'dummy' });
    const wrong = await call('PATCH', `/hosts/${host}`, { hostCheck: `${suite}-strange` });
    expect([wrong.status, wrong.body.errors[0].path]).toEqual([422, '/hostCheck']);
  });
});

describe('parents', () => {
  test('in a circle are refused with the reason; one that is deleted leaves its children', async () => {
    const { addHost } = await addSuite();
    const top = await addHost('top');
    const middle = await addHost('middle', { parents: [top] });
    const leaf = await addHost('leaf', { parents: [middle] });
    const circle = await call('PATCH', `/hosts/${top}`, { parents: [leaf] });
    expect([circle.status, circle.body.errors]).toEqual([
      422,
      [{ path: '/parents/0', message: expect.stringContaining('circle') }],
    ]);
    expect((await call('PATCH', `/hosts/${top}`, { parents: [top] })).status).toBe(422);
    const headers = { prefer: 'return=representation' };
    const deleted = await call('DELETE', `/hosts/${middle}`, undefined, { headers });
    expect(deleted.body.orphans).toEqual([leaf]);
    expect((await call('GET', `/hosts/${leaf}`)).body.parents).toEqual([]);
  });

  test('3 all parents non-UP -> UNREACHABLE: they are checked before the host is judged', async () => {
    const { addHost } = await addSuite();
    const router = await addHost('router');
    const leaf = await addHost('leaf', { parents: [router] });
    await Promise.all([run(router), run(leaf)]);
    await Promise.all([setCode(router, 2), setCode(leaf, 2)]);
    expect(await run(leaf)).toMatchObject({ state: 'unreachable', reachable: false });
    expect(await stateOf(router)).toMatchObject({ state: 'down' });
    expect(await decisions(leaf)).toEqual(['problem unreachable: stateNotWanted']);
    expect(await decisions(router)).toEqual(['problem down: sent']);
    await setCode(router, 0);
    await setCode(leaf, 0);
    await run(router);
    await waitFor('the child to be checked', async () => (await stateOf(leaf)).state === 'up');
  });

  test('3 a parent whose results are another shard is seen all the same', async () => {
    const { addHost } = await addSuite();
    const shardOfHost = async (name: string) =>
      shardOf((await call('GET', `/hosts/${name}`)).body, 4);
    const router = await addHost('router');
    const ofRouter = await shardOfHost(router);
    let leaf = await addHost('leaf-0', { parents: [router] });
    for (let tries = 1; (await shardOfHost(leaf)) === ofRouter; tries++) {
      leaf = await addHost(`leaf-${tries}`, { parents: [router] });
    }
    await Promise.all([run(router), run(leaf)]);
    await Promise.all([setCode(router, 2), setCode(leaf, 2)]);
    expect(await run(leaf)).toMatchObject({ state: 'unreachable' });
    expect(await decisions(leaf)).toEqual(['problem unreachable: stateNotWanted']);
  });

  test('3 at least one parent UP -> DOWN, once that is known for certain', async () => {
    const { addHost } = await addSuite();
    const [one, other] = [await addHost('one'), await addHost('other')];
    const leaf = await addHost('leaf', { parents: [one, other] });
    await Promise.all([run(one), run(other), run(leaf)]);
    await Promise.all([setCode(one, 2), setCode(leaf, 2)]);
    expect(await run(leaf)).toMatchObject({ state: 'down', reachable: true });
    expect(await decisions(leaf)).toEqual(['problem down: sent']);
    expect(await stateOf(one)).toMatchObject({ state: 'down' });
  });

  test('3 the whole way up is checked before a leaf is judged', async () => {
    const { addHost } = await addSuite();
    const top = await addHost('top');
    const middle = await addHost('middle', { parents: [top] });
    const leaf = await addHost('leaf', { parents: [middle] });
    await Promise.all([run(top), run(middle), run(leaf)]);
    await Promise.all([setCode(top, 2), setCode(middle, 2), setCode(leaf, 2)]);
    expect(await run(leaf)).toMatchObject({ state: 'unreachable' });
    expect(await stateOf(middle)).toMatchObject({ state: 'unreachable' });
    expect(await stateOf(top)).toMatchObject({ state: 'down' });
    expect(await decisions(middle)).toEqual(['problem unreachable: stateNotWanted']);
  });

  test('3 that do not answer are not waited for longer than their time-out', async () => {
    const { addHost } = await addSuite({ timeout: 0.1 });
    const router = await addHost('router', { zone: 'nowhere' });
    await report(router, 0);
    // From the beginning, since its first run by the schedule may come at any time.
    const leaf = await addHost('leaf', { parents: [router], vars: { CODE: '2' } });
    await call('POST', `/hosts/${leaf}/run`);
    const waiting = await waitFor('the result to be held', async () => {
      const state = await stateOf(leaf);
      return state.waitsUntil !== null && state;
    });
    expect(waiting).toMatchObject({ state: 'pending' });
    await waitFor('the judgement', async () => (await stateOf(leaf)).state === 'down');
    const { items } = (await call('GET', `/hosts/${leaf}/history`)).body;
    expect(items).toHaveLength(1);
  });
});

describe('a problem of a check', () => {
  async function addHostWithCheck(hostFields: Record<string, unknown> = {}) {
    const { suite, addHost } = await addSuite();
    const plugin = `${suite}-web`;
    const dummy = { builtin: 'dummy', params: '0', activeChecks: false };
    await call('POST', '/plugins', { name: plugin, ...dummy, suites: [suite] });
    const host = await addHost('a', hostFields);
    return { suite, host, plugin, path: `/checks/${host}/${plugin}` };
  }

  test('5 on a dying host waits for the host check, and nobody is told of it', async () => {
    const { host, plugin, path } = await addHostWithCheck();
    await run(host);
    await submit(path, 0);
    await setCode(host, 2);
    expect(await submit(path, 2)).toMatchObject({ state: 'critical', stateType: 'hard' });
    await waitFor('the host check', async () => (await stateOf(host)).state === 'down');
    const decided = await waitFor('the decision', async () => {
      const all = await decisions(host, plugin);
      return all.length === 2 && all;
    });
    expect(decided).toEqual(['problem critical: parentsNotChecked', 'problem critical: hostNotUp']);
    expect(await decisions(host)).toEqual(['problem down: sent']);
    expect((await call('GET', path)).body.reachable).toBe(false);
    const handled = await call(
      'GET',
      `/checks?problem=true&handled=true&host=${host}&plugin=${plugin}`,
    );
    expect(handled.body.total).toBe(1);
  });

  test('5 on a host that turns out to be up is told', async () => {
    const { host, plugin, path } = await addHostWithCheck();
    await run(host);
    await submit(path, 2);
    const decided = await waitFor('the decision', async () => {
      const all = await decisions(host, plugin);
      return all.length === 2 && all;
    });
    expect(decided).toEqual(['problem critical: parentsNotChecked', 'problem critical: sent']);
  });

  test('2 host not UP while a service fails: hard at once, without noise', async () => {
    const { suite, host, plugin, path } = await addHostWithCheck();
    await call('PATCH', `/plugins/${suite}-web`, { maxCheckAttempts: 3 });
    await setCode(host, 2);
    await run(host);
    expect(await submit(path, 2)).toMatchObject({ stateType: 'hard', attempt: 3 });
    expect(await decisions(host, plugin)).toEqual(['problem critical: hostNotUp']);
  });

  test('has the numbers that its host has for it', async () => {
    const { host, plugin, path } = await addHostWithCheck();
    const overrides = { [plugin]: { maxCheckAttempts: 2, interval: 1 } };
    expect((await call('PATCH', `/hosts/${host}`, { overrides })).body.overrides).toEqual(
      overrides,
    );
    expect(await submit(path, 2)).toMatchObject({ stateType: 'soft', maxCheckAttempts: 2 });
    await call('PATCH', `/plugins/${plugin}`, { activeChecks: true });
    await waitFor('a scheduled result', async () => (await call('GET', path)).body.state === 'ok');
    const unknown = await call('PATCH', `/hosts/${host}`, { overrides: { nothing: {} } });
    expect(unknown.status).toBe(422);
  });
});

describe('what people do with hosts', () => {
  test('9 a passive host result is hard at once, and codes above 2 are refused', async () => {
    const { addHost } = await addSuite();
    const host = await addHost('a', { maxCheckAttempts: 3 });
    expect(await report(host, 2)).toMatchObject({ state: 'unreachable', stateType: 'hard' });
    expect(await report(host, 1)).toMatchObject({ state: 'down', output: 'told', worker: 'api' });
    expect(await report(host, 0)).toMatchObject({ state: 'up' });
    const refused = await call('POST', `/hosts/${host}/results`, { exitCode: 3, output: 'x' });
    expect(refused.status).toBe(422);
    const many = [
      { host, exitCode: 1, output: 'in bulk' },
      { host, exitCode: 3, output: 'x' },
    ];
    const bulk = await call('POST', '/results', many);
    expect([bulk.status, bulk.body.errors[0].path]).toEqual([422, '/1/exitCode']);
    expect((await call('POST', '/results', many.slice(0, 1))).body.accepted).toBe(1);
    await waitFor('it', async () => (await stateOf(host)).output === 'in bulk');
  });

  test('6 its problem is acknowledged, and that ends with it', async () => {
    const { addHost } = await addSuite();
    const host = await addHost('a');
    const path = `/hosts/${host}/acknowledgement`;
    expect((await call('PUT', path, {})).status).toBe(409);
    await report(host, 1);
    expect((await call('PUT', path, { comment: 'mine' })).body).toMatchObject({
      state: 'down',
      acknowledged: true,
    });
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await stateOf(host)).acknowledged).toBe(false);
    await call('PUT', path, {});
    expect(await report(host, 0)).toMatchObject({ acknowledged: false });
  });

  test('7 a downtime of a host is of the host, and of its checks unless they are left out', async () => {
    const { addHost, alive } = await addSuite();
    const [whole, alone] = [await addHost('whole'), await addHost('alone')];
    const end = new Date(Date.now() + 60_000).toISOString();
    await call('POST', '/downtimes', { host: whole, end });
    const made = await call('POST', '/downtimes', { host: alone, end, allChecks: false });
    expect(made.body.allChecks).toBe(false);
    for (const host of [whole, alone]) {
      await waitFor('its downtime', async () => (await stateOf(host)).inDowntime);
    }
    const isIn = async (host: string) =>
      (await call('GET', `/checks/${host}/${alive}`)).body.inDowntime;
    await waitFor('that of the check', () => isIn(whole));
    expect(await isIn(alone)).toBe(false);
    await report(alone, 1);
    expect(await decisions(alone)).toEqual(['downtimeStart up: sent', 'problem down: downtime']);
    expect((await call('GET', `/downtimes/${made.body.id}`)).body.checks).toBe(0);
  });

  test('a host that is deleted leaves its history', async () => {
    const { addHost } = await addSuite();
    const host = await addHost('a');
    await report(host, 1);
    await call('DELETE', `/hosts/${host}`);
    const { body } = await call('GET', `/hosts/${host}/history?kind=states`);
    expect(body.items).toMatchObject([{ state: 'down' }]);
    expect((await call('GET', `/hosts/${host}/state`)).status).toBe(404);
  });
});

test('a host in maintenance is not measured, and its children do not wait for it', async () => {
  const { addHost } = await addSuite();
  const router = await addHost('router');
  const leaf = await addHost('leaf', { parents: [router] });
  await Promise.all([run(router), run(leaf)]);
  await call('PATCH', `/hosts/${router}`, { maintenance: true });
  await setCode(leaf, 2);
  expect(await run(leaf)).toMatchObject({ state: 'down', waitsUntil: null });
  expect((await call('POST', `/hosts/${router}/run`)).status).toBe(409);
  const isNotMeasured = async () => {
    const { body } = await call('GET', `/hosts/${router}/history?kind=states`);
    return body.items[0].state === 'notMeasured' && body.items[0].cause === 'maintenance';
  };
  await waitFor('the stretch', isNotMeasured, 30_000);
});

test('the totals count hosts by state', async () => {
  const before = (await call('GET', '/status')).body.hosts;
  const { addHost } = await addSuite();
  const [up, down] = [await addHost('up'), await addHost('down')];
  await addHost('pending');
  await report(up, 0);
  await report(down, 1);
  const after = (await call('GET', '/status')).body.hosts;
  const grown = ['all', 'up', 'down', 'pending'].map((name) => after[name] - before[name]);
  expect(grown).toEqual([3, 1, 1, 1]);
});

test('3 a result that is held is judged after a restart as well', async () => {
  const { addHost } = await addSuite();
  const router = await addHost('router', { zone: 'nowhere' });
  const leaf = await addHost('leaf', { parents: [router] });
  await report(router, 0);
  await run(leaf).catch(() => {});
  await setCode(leaf, 2);
  await call('POST', `/hosts/${leaf}/run`);
  const isHeld = async () => (await stateOf(leaf)).waitsUntil !== null;
  await waitFor('the result to be held', isHeld);
  await site.restart();
  expect(await isHeld()).toBe(true);
  await report(router, 1);
  await waitFor('the judgement', async () => (await stateOf(leaf)).state === 'unreachable');
  expect(await decisions(leaf)).toEqual(['problem unreachable: stateNotWanted']);
});
