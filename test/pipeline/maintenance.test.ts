/** States, acknowledgements and downtimes over a whole system, by the rules of Nagios. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRunningSite } from '../running-site.ts';
import { waitFor } from '../servers/temp.ts';

/** So rarely that only the first run and retries are by the schedule. */
const YEAR_S = 31_536_000;

let site: Awaited<ReturnType<typeof openRunningSite>>;
let call: (typeof site)['call'];
beforeAll(async () => {
  site = await openRunningSite();
  ({ call } = site);
});
afterAll(() => site.close());

/** One that is not run, or its first run may end what a test has begun. */
const addCheck = (host: Record<string, unknown> = {}, plugin: Record<string, unknown> = {}) =>
  site.addCheck(host, { activeChecks: false, ...plugin });

const submit = async (path: string, exitCode: number, output = 'x') =>
  (await call('POST', `${path}/results?wait=true`, { exitCode, output })).body;

const instant = (inMs: number) => new Date(Date.now() + inMs).toISOString();

describe('states', () => {
  test('a problem is soft, then hard, and its recovery is told', async () => {
    const { path } = await addCheck({}, { maxCheckAttempts: 3 });
    expect(await submit(path, 0)).toMatchObject({ state: 'ok', stateType: 'hard', attempt: 1 });
    expect(await submit(path, 2)).toMatchObject({ stateType: 'soft', attempt: 1 });
    expect(await submit(path, 1)).toMatchObject({
      state: 'warning',
      stateType: 'soft',
      attempt: 2,
    });
    const hard = await submit(path, 1);
    expect(hard).toMatchObject({ stateType: 'hard', attempt: 3, maxCheckAttempts: 3 });
    expect(hard.lastHardStateChange > hard.lastStateChange).toBe(true);
    expect(await submit(path, 0)).toMatchObject({ state: 'ok', stateType: 'hard', attempt: 1 });
    const { body } = await call('GET', `${path}/history?kind=states`);
    const states = body.items.map((one: { state: string; stateType: string }) => one);
    expect(states).toMatchObject([
      { state: 'ok', stateType: 'hard', to: null },
      { state: 'warning', stateType: 'hard', cause: 'hardened' },
      { state: 'warning', stateType: 'soft' },
      { state: 'critical', stateType: 'soft' },
      { state: 'ok', stateType: 'hard', cause: 'firstResult' },
    ]);
  });

  test('a soft problem is checked again after the retry interval', async () => {
    const { path } = await site.addCheck(
      {},
      { params: '2 broken', interval: YEAR_S, maxCheckAttempts: 3, retryInterval: 1 },
    );
    await call('POST', `${path}/run?wait=true`);
    const last = await waitFor('the third attempt', async () => {
      const { body } = await call('GET', path);
      return body.stateType === 'hard' && body;
    });
    expect(last).toMatchObject({ state: 'critical', attempt: 3 });
    const { body } = await call('GET', `${path}/history`);
    expect(body.items).toHaveLength(3);
  });

  test('one that changes too often is flapping', async () => {
    const { path } = await addCheck();
    let last = await submit(path, 0);
    for (let count = 0; count < 8 && !last.flapping; count++)
      last = await submit(path, count % 2 ? 0 : 2);
    expect(last).toMatchObject({ flapping: true });
    expect(last.flapPercent).toBeGreaterThanOrEqual(30);
  });
});

describe('an acknowledgement', () => {
  test('is shown, makes the problem handled, and ends with it', async () => {
    const { name, path } = await addCheck();
    expect((await call('PUT', `${path}/acknowledgement`, {})).status).toBe(409);
    await submit(path, 2);
    const list = async (handled: boolean) =>
      (await call('GET', `/checks?problem=true&host=${name}&handled=${handled}`)).body.total;
    expect([await list(true), await list(false)]).toEqual([0, 1]);
    const set = await call('PUT', `${path}/acknowledgement`, { comment: 'mine', sticky: true });
    expect([set.status, set.body.acknowledged]).toEqual([200, true]);
    expect([await list(true), await list(false)]).toEqual([1, 0]);
    expect(await submit(path, 1)).toMatchObject({ acknowledged: true });
    expect(await submit(path, 0)).toMatchObject({ acknowledged: false });
  });

  test('that is not sticky ends with any change; one can be taken back', async () => {
    const { path } = await addCheck();
    await submit(path, 2);
    expect((await call('PUT', `${path}/acknowledgement`, {})).status).toBe(200);
    expect(await submit(path, 1)).toMatchObject({ acknowledged: false });
    const { body } = await call('PUT', `${path}/acknowledgement`, {});
    expect(body).toMatchObject({ acknowledged: true });
    expect((await call('DELETE', `${path}/acknowledgement`)).status).toBe(204);
    expect((await call('GET', path)).body.acknowledged).toBe(false);
    expect((await call('DELETE', `${path}/acknowledgement`)).status).toBe(404);
  });

  test('ends at its time', async () => {
    const { path } = await addCheck();
    await submit(path, 2);
    const { body } = await call('PUT', `${path}/acknowledgement`, { expiresAt: instant(1_000) });
    expect(body.acknowledged).toBe(true);
    await waitFor('its end', async () => !(await call('GET', path)).body.acknowledged);
    const past = await call('PUT', `${path}/acknowledgement`, { expiresAt: instant(-1_000) });
    expect([past.status, past.body.errors[0].path]).toEqual([422, '/expiresAt']);
  });
});

describe('a downtime', () => {
  const isIn = async (path: string) => (await call('GET', path)).body.inDowntime;

  test('of a host is of all its checks, of later ones too, and ends when it is cancelled', async () => {
    const { name, path } = await addCheck();
    const made = await call('POST', '/downtimes', {
      host: name,
      end: instant(60_000),
      comment: 'c',
    });
    expect([made.status, made.body.state, made.body.host]).toEqual([201, 'active', name]);
    await waitFor('its beginning', () => isIn(path));
    const later = `${name}-later`;
    await call('POST', '/plugins', { name: later, builtin: 'dummy', suites: [name] });
    await waitFor('that of the later check', () => isIn(`/checks/${name}/${later}`));
    const { body } = await call('GET', `/downtimes?state=open&host=${name}`);
    expect(body.items).toMatchObject([{ id: made.body.id, checks: 2 }]);
    expect((await call('DELETE', `/downtimes/${made.body.id}`)).status).toBe(204);
    await waitFor('its end', async () => !(await isIn(path)));
    expect((await call('DELETE', `/downtimes/${made.body.id}`)).status).toBe(409);
    expect((await call('GET', `/downtimes/${made.body.id}`)).body.state).toBe('cancelled');
  });

  test('begins and ends at its times', async () => {
    const { name, path } = await addCheck({ labels: { rack: 'r1' } });
    const start = instant(4_000);
    const times = { start, end: new Date(Date.parse(start) + 2_000).toISOString() };
    const { body } = await call('POST', '/downtimes', { labels: 'rack=r1', ...times });
    expect(body).toMatchObject({ state: 'waiting', length: 2 });
    await waitFor('its beginning', () => isIn(path));
    await waitFor('its end', async () => !(await isIn(path)));
    await waitFor('its plan to be over', async () => {
      const plan = await call('GET', `/downtimes/${body.id}`);
      return plan.body.state === 'over' && plan.body.checks === 1;
    });
    expect(name).toMatch(/./);
  });

  test('that is flexible begins with the first problem, and nobody is told of it', async () => {
    const { name, path } = await addCheck();
    await submit(path, 0);
    const plan = { host: name, plugin: name, end: instant(60_000), fixed: false, duration: 600 };
    const { body } = await call('POST', '/downtimes', plan);
    await waitFor('the check to know', async () => {
      return (await call('GET', `/downtimes/${body.id}`)).body.checks === 1;
    });
    expect(await isIn(path)).toBe(false);
    expect(await submit(path, 2)).toMatchObject({ inDowntime: true });
  });

  test('is changed while it lasts, and its checks hear of it', async () => {
    const { name, path } = await addCheck();
    const plan = { host: name, end: instant(600_000), comment: 'kernel' };
    const { id } = (await call('POST', '/downtimes', plan)).body;
    await waitFor('its beginning', () => isIn(path));
    const change = (body: unknown) => call('PATCH', `/downtimes/${id}`, body);
    expect((await change({ start: instant(60_000) })).status).toBe(409);
    expect((await change({ end: instant(-1_000) })).status).toBe(422);
    const end = instant(3_000);
    expect((await change({ end, comment: 'two' })).body).toMatchObject({ end, comment: 'two' });
    await waitFor('its end', async () => !(await isIn(path)));
    await waitFor('it to be over', async () => {
      return (await call('GET', `/downtimes/${id}`)).body.state === 'over';
    });
    expect((await change({ end: instant(60_000) })).status).toBe(409);
    const { body } = await call('GET', '/audit?kind=downtime&action=change');
    expect(body.items[0]).toMatchObject({ objectId: id, before: { comment: 'kernel' } });
  });

  test('that waits is put off and brought forward again', async () => {
    const { name, path } = await addCheck();
    const times = { start: instant(600_000), end: instant(900_000) };
    const { id } = (await call('POST', '/downtimes', { host: name, ...times })).body;
    await waitFor('the check to know', async () => {
      return (await call('GET', `/downtimes/${id}`)).body.checks === 1;
    });
    await call('PATCH', `/downtimes/${id}`, { start: instant(700_000) });
    await call('PATCH', `/downtimes/${id}`, { start: times.start });
    await call('PATCH', `/downtimes/${id}`, { start: instant(500) });
    await waitFor('its beginning', () => isIn(path));
  });

  test('that hangs on another starts with it, and is cancelled with it', async () => {
    const [first, second] = [await addCheck(), await addCheck()];
    const plan = { host: first.name, plugin: first.name, fixed: false, duration: 600 };
    const trigger = (await call('POST', '/downtimes', { ...plan, end: instant(600_000) })).body;
    const hanging = { host: second.name, triggeredBy: trigger.id, comment: 'with the other' };
    const { status, body } = await call('POST', '/downtimes', hanging);
    expect([status, body.triggeredBy, body.start]).toEqual([201, trigger.id, trigger.start]);
    await waitFor('both to be known', async () => {
      const known = [trigger.id, body.id].map((id) => call('GET', `/downtimes/${id}`));
      return (await Promise.all(known)).every((one) => one.body.checks === 1);
    });
    expect(await isIn(second.path)).toBe(false);
    await submit(first.path, 2);
    await waitFor('its beginning', () => isIn(second.path));
    expect((await call('GET', `/downtimes?state=active&host=${second.name}`)).body.total).toBe(1);
    expect((await call('PATCH', `/downtimes/${body.id}`, { end: instant(9_000) })).status).toBe(
      409,
    );
    await call('DELETE', `/downtimes/${trigger.id}`);
    expect((await call('GET', `/downtimes/${body.id}`)).body.state).toBe('cancelled');
    await waitFor('its end', async () => !(await isIn(second.path)));
  });

  test('ends with the one that it hangs on', async () => {
    const [first, second] = [await addCheck(), await addCheck()];
    const end = instant(600_000);
    const trigger = (await call('POST', '/downtimes', { host: first.name, end })).body;
    const hanging = { host: second.name, triggeredBy: trigger.id };
    const { body } = await call('POST', '/downtimes', hanging);
    await waitFor('its beginning', () => isIn(second.path));
    await call('PATCH', `/downtimes/${trigger.id}`, { end: instant(2_000) });
    await waitFor('its end', async () => !(await isIn(second.path)));
    await waitFor('it to be over', async () => {
      return (await call('GET', `/downtimes/${body.id}`)).body.state === 'over';
    });
    const late = await call('POST', '/downtimes', { ...hanging, end });
    expect([late.status, late.body.errors.map((one: { path: string }) => one.path)]).toEqual([
      422,
      ['/triggeredBy', '/end'],
    ]);
  });

  test.each(['all', 'triggered'])(
    'with children %s is of all hosts below, of later ones too',
    async (children) => {
      const top = await addCheck();
      const middle = await addCheck({ parents: [top.name] });
      const low = await addCheck({ parents: [middle.name] });
      const plan = { host: top.name, end: instant(600_000), children };
      const made = await call('POST', '/downtimes', plan);
      expect([made.status, made.body.children]).toEqual([201, children]);
      for (const { path } of [top, middle, low]) await waitFor(path, () => isIn(path));
      const later = await addCheck({ parents: [low.name] });
      await waitFor('the later one', () => isIn(later.path));
      await call('DELETE', `/downtimes/${made.body.id}`);
      for (const { path } of [top, low, later]) {
        await waitFor(path, async () => !(await isIn(path)));
      }
      const { suite, ...rest } = { ...plan, suite: top.name };
      expect((await call('POST', '/downtimes', { ...rest, suite })).status).toBe(422);
    },
  );

  test('names every wrong field at once', async () => {
    const wrong = await call('POST', '/downtimes', {
      ...{ host: 'nobody', end: 'soon', fixed: false, timeZone: 'Mars/Base' },
      recurrence: 'FREQ=SOMETIMES',
    });
    expect(wrong.status).toBe(422);
    const paths = wrong.body.errors.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(['/end', '/duration', '/recurrence', '/timeZone']);
    const unknown = await call('POST', '/downtimes', { host: 'nobody', end: instant(1_000) });
    expect([unknown.status, unknown.body.errors]).toEqual([
      422,
      [{ path: '/host', message: 'there is no host "nobody"' }],
    ]);
  });
});

test('a check of a host in maintenance is not measured, with the reason', async () => {
  const { name, path } = await site.addCheck({}, { interval: YEAR_S });
  await submit(path, 0);
  await call('PATCH', `/hosts/${name}`, { maintenance: true });
  const [stretch] = await waitFor(
    'the stretch',
    async () => {
      const { body } = await call('GET', `${path}/history?kind=states`);
      return body.items[0].state === 'notMeasured' && body.items;
    },
    30_000,
  );
  expect(stretch).toMatchObject({ cause: 'maintenance', to: null });
  const { body } = await call('GET', `${path}/availability`);
  expect(body.states.notMeasured.seconds).toBeGreaterThan(0);
});

test('availability tells time in downtimes apart, also when the downtime is cancelled', async () => {
  const { name, path } = await addCheck({}, { maxCheckAttempts: 3 });
  await submit(path, 0);
  const end = new Date(Date.now() + 3_600_000).toISOString();
  const planned = await call('POST', '/downtimes', { host: name, end });
  const isInDowntime = async () => (await call('GET', path)).body.inDowntime;
  await waitFor('the downtime', isInDowntime, 30_000);
  await submit(path, 2);
  await call('DELETE', `/downtimes/${planned.body.id}`);
  await waitFor('its end', async () => !(await isInDowntime()), 30_000);

  const to = new Date().toISOString();
  const { body } = await call('GET', `${path}/availability?to=${to}`);
  const sumOf = (shares: Record<string, { seconds: number }>) =>
    Object.values(shares).reduce((sum, { seconds }) => sum + Math.round(seconds * 1_000), 0);
  expect(sumOf(body.states) + Math.round(body.planned.seconds * 1_000)).toBe(86_400_000);
  expect(sumOf(body.planned.states)).toBe(Math.round(body.planned.seconds * 1_000));
  expect(body.planned.states.ok.seconds).toBeGreaterThan(0);
  expect(body.planned.states.critical.seconds).toBeGreaterThan(0);
  expect(Object.keys(body.reasons)).toEqual(['pending']);

  const hard = (await call('GET', `${path}/availability?to=${to}&stateType=hard`)).body;
  expect(hard.planned.states.critical.seconds).toBe(0);
  expect(hard.planned.seconds).toBe(body.planned.seconds);
});
