import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';

/** A Monday in spring, half past eight in Helsinki. */
const clock = createSimulatedClock(Date.UTC(2026, 4, 4, 5, 30));
const WORK = { timeZone: 'Europe/Helsinki', weekdays: { monday: '09:00-17:00' } };

let site: ApiSite;
beforeAll(async () => {
  site = await openApiSite({ clock });
});
afterAll(() => site.close());

const call: ApiSite['call'] = (...args) => site.call(...args);
const create = async (name: string, fields: object = {}) => {
  const { status, body } = await call('POST', '/timeperiods', { name, ...fields });
  expect({ status, body }).toMatchObject({ status: 201 });
};

describe('10.3 time periods over HTTP', () => {
  test('have defaults, and tell whether now is inside and when that changes', async () => {
    await create('always', { weekdays: {} });
    expect((await call('GET', '/timeperiods/always')).body).toMatchObject({
      ...{ timeZone: 'UTC', weekdays: {}, exceptions: {}, exclude: [], description: '' },
      ...{ inside: false, nextChange: null },
    });
    await create('work', WORK);
    expect((await call('GET', '/timeperiods/work')).body).toMatchObject({
      ...{ inside: false, nextChange: '2026-05-04T06:00:00.000Z' },
    });
    await clock.advance(3_600_000);
    const { body } = await call('GET', '/timeperiods/work');
    // The end is inside for the whole of its second.
    expect(body).toMatchObject({ inside: true, nextChange: '2026-05-04T14:00:01.000Z' });
    const { items } = (await call('GET', '/timeperiods')).body;
    expect(items).toMatchObject([{ name: 'always' }, { name: 'work', inside: true }]);
    expect(items[1]).not.toHaveProperty('nextChange');
    const sentBack = await call('PUT', '/timeperiods/work', body);
    expect(sentBack.status).toBe(200);
  });

  test('change by a merge patch, line by line', async () => {
    await create('patched', { weekdays: { monday: '09:00-10:00', friday: '09:00-10:00' } });
    const patch = { weekdays: { monday: null, sunday: '00:00-24:00' } };
    const { body } = await call('PATCH', '/timeperiods/patched', patch);
    expect(body.weekdays).toEqual({ friday: '09:00-10:00', sunday: '00:00-24:00' });
  });

  test('name each wrong line', async () => {
    const { status, body } = await call('POST', '/timeperiods', {
      name: 'wrong',
      timeZone: 'Mars/Base',
      weekdays: { monday: '9-17', friday: '17:00-09:00', sunday: '08:00-09:00' },
      exceptions: { monday: '09:00-10:00', 'juli 4': '09:00-10:00', 'day 1 / 0': '10:00-11:00' },
    });
    expect(status).toBe(422);
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual([
      ...['/timeZone', '/exceptions/monday', '/weekdays/monday', '/weekdays/friday'],
      ...['/exceptions/juli 4', '/exceptions/day 1 ~1 0'],
    ]);
    const weekday = await call('POST', '/timeperiods', {
      name: 'w',
      weekdays: { montag: '1:00-2:00' },
    });
    expect(weekday.status).toBe(422);
  });

  test('take others out of themselves, but not in a circle', async () => {
    await create('a', { weekdays: { monday: '00:00-24:00' } });
    await create('b', { weekdays: { monday: '00:00-24:00' }, exclude: ['a'] });
    expect((await call('GET', '/timeperiods/b')).body.inside).toBe(false);
    const itself = await call('PATCH', '/timeperiods/a', { exclude: ['a'] });
    expect(itself.body.errors[0]).toMatchObject({ path: '/exclude/0' });
    const circle = await call('PATCH', '/timeperiods/a', { exclude: ['b'] });
    expect({ status: circle.status, ...circle.body.errors[0] }).toMatchObject({
      ...{ status: 422, path: '/exclude' },
      message: expect.stringMatching(
        /goes round: (a excludes b excludes a|b excludes a excludes b)/,
      ),
    });
    const unknown = await call('PATCH', '/timeperiods/a', { exclude: ['nowhere'] });
    expect(unknown.body.errors[0].message).toContain('no timeperiod "nowhere"');
  });

  test('stay while they are used, and the refusal says by whom', async () => {
    await create('used');
    await create('user', { exclude: ['used'] });
    const refused = await call('DELETE', '/timeperiods/used');
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain('timeperiod user');
    expect((await call('DELETE', '/timeperiods/user')).status).toBe(204);
    expect((await call('DELETE', '/timeperiods/used')).status).toBe(204);
  });

  test('take part in batches, audit and events', async () => {
    const operations = [
      { op: 'create', kind: 'timeperiod', body: { name: 'inner' } },
      { op: 'create', kind: 'timeperiod', body: { name: 'outer', exclude: ['inner'] } },
      { op: 'delete', kind: 'timeperiod', ref: 'outer' },
    ];
    expect((await call('POST', '/batch', { operations })).status).toBe(200);
    const { items } = (await call('GET', '/audit?kind=timeperiod&name=outer')).body;
    expect(items.map(({ action }: { action: string }) => action)).toEqual(['delete', 'create']);
    expect(items[1].after).not.toHaveProperty('inside');
  });
});
