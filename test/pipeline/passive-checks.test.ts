/** Section 9 over a whole system: results from outside, and results that are too old. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRunningSite } from '../running-site.ts';
import { waitFor } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let call: (typeof site)['call'];
beforeAll(async () => {
  site = await openRunningSite();
  ({ call } = site);
});
afterAll(() => site.close());

const submit = (path: string, exitCode: number) =>
  call('POST', `${path}/results?wait=true`, { exitCode, output: 'from outside' });

const eventsOf = async (name: string, type: string) => {
  const rows = await site.database?.db
    .selectFrom('event')
    .select('event.payload')
    .where('event.type', '=', type as 'measurement')
    .orderBy('event.id')
    .execute();
  return (rows ?? []).map((row) => JSON.parse(row.payload)).filter(({ host }) => host === name);
};

describe('9 passive checks', () => {
  test('with passiveChecks off a result from outside is refused, and why', async () => {
    const { name, path } = await site.addCheck({}, { passiveChecks: false });
    const refused = await submit(path, 0);
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain('passiveChecks is off');
    const open = await site.addCheck();
    const result = { exitCode: 0, output: 'x' };
    const many = await call('POST', '/results', [
      { host: open.name, plugin: open.name, ...result },
      { host: name, plugin: name, ...result },
    ]);
    expect(many.status).toBe(422);
    expect(many.body.errors).toMatchObject([{ path: '/1', message: /passiveChecks is off/ }]);
    expect((await call('GET', open.path)).body.state).toBe('pending');
    const run = await call('POST', `${path}/run?wait=true`);
    expect(run.body).toMatchObject({ state: 'ok' });
  });

  test('with activeChecks off it is not scheduled, and runs on demand', async () => {
    const { name, path } = await site.addCheck({}, { interval: 1, activeChecks: false });
    const regular = await site.addCheck({}, { interval: 1 });
    await waitFor('the other to run', async () => {
      return (await call('GET', regular.path)).body.state === 'ok';
    });
    expect((await call('GET', path)).body).toMatchObject({ state: 'pending', nextDue: null });
    expect((await call('GET', `/schedule?host=${name}`)).body.items).toEqual([]);
    expect((await call('POST', `${path}/run?wait=true`)).body.state).toBe('ok');
    await call('PATCH', `/plugins/${name}`, { activeChecks: true });
    await waitFor(
      'it to be scheduled',
      async () => (await call('GET', path)).body.nextDue !== null,
    );
    await call('PATCH', `/plugins/${name}`, { activeChecks: false });
    await waitFor('it to be let go', async () => (await call('GET', path)).body.nextDue === null);
  });
});

describe('9 freshness', () => {
  const dead = { params: '2 "no result came"', activeChecks: false, freshness: 1 };

  test('a result that is too old forces a check, though active checks are off', async () => {
    const { name, path } = await site.addCheck({}, dead);
    expect((await submit(path, 0)).body).toMatchObject({ state: 'ok' });
    const last = await waitFor('the forced check', async () => {
      const { body } = await call('GET', path);
      return body.state === 'critical' && body;
    });
    expect(last.output).toContain('no result came');
    expect(await eventsOf(name, 'measurement')).toMatchObject([{ action: 'stale' }]);
    // Of that result nobody knows that it is old before its time has passed again.
    expect((await submit(path, 0)).body).toMatchObject({ state: 'ok' });
  });

  test('one that never came counts from the start', async () => {
    const { path } = await site.addCheck({}, dead);
    await waitFor('the forced check', async () => {
      return (await call('GET', path)).body.state === 'critical';
    });
  });

  test('a host in maintenance is left alone', async () => {
    const { path } = await site.addCheck({ maintenance: true }, dead);
    const other = await site.addCheck({}, dead);
    await waitFor('the check of the other', async () => {
      return (await call('GET', other.path)).body.state === 'critical';
    });
    expect((await call('GET', path)).body.state).toBe('pending');
  });

  test('a forced check is dropped when a passive result came in meanwhile', async () => {
    const script = await site.addScript('slow', 'touch "$1.begun"\nsleep 3\necho late\nexit 2');
    const run = { builtin: undefined, script, params: join(site.data, 'slow') };
    const { name, path } = await site.addCheck({}, { ...dead, ...run });
    await submit(path, 1);
    await waitFor('the forced check to begin', async () =>
      existsSync(join(site.data, 'slow.begun')),
    );
    await call('PATCH', `/plugins/${name}`, { freshness: null });
    expect((await submit(path, 0)).body).toMatchObject({ state: 'ok' });
    const items = await waitFor('its result', async () => {
      const { body } = await call('GET', `${path}/history?kind=results`);
      return body.items.length === 3 && body.items;
    });
    expect(items.map((item: { state: string }) => item.state)).toContain('critical');
    expect((await call('GET', path)).body).toMatchObject({ state: 'ok' });
  });
});
