import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import { ROUTES, type RouteName } from '../../contract/paths.ts';
import { systemClock } from '../../lib/clock.ts';
import { includesRole, ROLES } from '../../model/access.ts';

let site: ApiSite;
let now = 1_700_000_000_000;
const call: ApiSite['call'] = (...args) => site.call(...args);

beforeAll(async () => {
  site = await openApiSite({ clock: { ...systemClock, now: () => now, monotonic: () => now } });
});
afterAll(() => site.close());

// The stream never ends by itself; live.test.ts reads it.
const names = (Object.keys(ROUTES) as RouteName[]).filter((name) => name !== 'streamEvents');

describe('roles', () => {
  test.each(names)('%s wants a token, and its role', async (name) => {
    const { method, path } = ROUTES[name];
    const url = path.replaceAll(/\{\w+\}/g, 'none');
    const body = method === 'GET' || method === 'DELETE' ? undefined : {};
    const status = async (token: string | null) =>
      (await call(method, url, body, { token })).status;
    expect(await status(null)).toBe(401);
    expect(await status('pp_wrong')).toBe(401);
    expect(await status(await site.addToken('admin', now))).toBe(401);
    for (const role of ROLES) {
      const answered = await status(await site.addToken(role));
      if (includesRole(role, OPERATIONS[name].role)) expect([401, 403]).not.toContain(answered);
      else expect(answered).toBe(403);
    }
  });

  test('who may not ask does not learn whether something is there', async () => {
    await call('POST', '/suites', { name: 'secret' });
    const token = await site.addToken('viewer');
    const there = await call('DELETE', '/suites/secret', undefined, { token });
    const absent = await call('DELETE', '/suites/absent', undefined, { token });
    expect(there.body.detail).toBe(absent.body.detail);
  });

  test.each([
    ['HEAD', '/hosts'],
    ['GET', '/hosts/'],
    ['GET', '/%68osts'],
    ['OPTIONS', '/hosts'],
    ['GET', '/HOSTS'],
    ['GET', '//api/v1/hosts'],
    ['GET', '/x/../hosts'],
  ])('%s %s is no way round the token', async (method, path) => {
    const headers = { 'x-http-method-override': 'GET', 'x-forwarded-for': '127.0.0.1' };
    const { status } = await call(method, path, undefined, { token: null, headers });
    expect([401, 404]).toContain(status);
  });
});

describe('tokens', () => {
  test('a new token works, shows its secret once, and is refused when it is revoked', async () => {
    const created = await call('POST', '/tokens', { name: 'dashboard', role: 'viewer' });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ name: 'dashboard', role: 'viewer', lastUsedAt: null });
    const { secret, ...shown } = created.body;
    expect(secret).toMatch(/^pp_[A-Za-z0-9_-]{43}$/);
    expect((await call('GET', '/tokens/dashboard')).body).toEqual(shown);
    expect((await call('GET', '/hosts', undefined, { token: secret })).status).toBe(200);
    expect((await call('DELETE', '/tokens/dashboard')).status).toBe(204);
    expect((await call('GET', '/hosts', undefined, { token: secret })).status).toBe(401);
    expect(JSON.stringify((await call('GET', '/audit')).body)).not.toContain(secret);
  });

  test('its last use is known to the minute', async () => {
    const { secret } = (await call('POST', '/tokens', { name: 'used', role: 'viewer' })).body;
    await call('GET', '/hosts', undefined, { token: secret });
    await expect
      .poll(async () => (await call('GET', '/tokens/used')).body.lastUsedAt)
      .toBe(new Date(now).toISOString());
    now += 61_000;
    await call('GET', '/hosts', undefined, { token: secret });
    await expect
      .poll(async () => (await call('GET', '/tokens/used')).body.lastUsedAt)
      .toBe(new Date(now).toISOString());
  });

  test('it ends at its time', async () => {
    const expiresAt = new Date(now + 5_000).toISOString();
    const input = { name: 'short', role: 'viewer', expiresAt };
    const { secret } = (await call('POST', '/tokens', input)).body;
    expect((await call('GET', '/hosts', undefined, { token: secret })).status).toBe(200);
    now += 5_000;
    expect((await call('GET', '/hosts', undefined, { token: secret })).status).toBe(401);
  });

  test.each([
    [409, { name: 'taken', role: 'viewer' }],
    [422, { name: 'past', role: 'viewer', expiresAt: '2001-01-01T00:00:00.000Z' }],
    [422, { name: 'odd', role: 'root' }],
    [422, { name: '../odd', role: 'viewer' }],
    [422, { name: 'odd' }],
  ])('%i for %j', async (status, input) => {
    await call('POST', '/tokens', { name: 'taken', role: 'viewer' });
    expect((await call('POST', '/tokens', input)).status).toBe(status);
  });

  test('the last administrator cannot lock everybody out', async () => {
    const alone = await openApiSite();
    const { body } = await alone.call('GET', '/tokens');
    const refused = await alone.call('DELETE', `/tokens/${body.items[0].id}`);
    expect(refused.status).toBe(409);
    expect((await alone.call('GET', '/hosts')).status).toBe(200);
    await alone.close();
  });

  test('only a hash of a token is stored', async () => {
    const rows = await site.database.db.selectFrom('token').selectAll('token').execute();
    expect(JSON.stringify(rows)).not.toContain(site.admin);
  });
});

describe('wrong tokens', () => {
  test('the eleventh of an address in a minute is told to wait, right ones are not', async () => {
    const from = '192.0.2.200';
    const guess = () => call('GET', '/hosts', undefined, { token: 'pp_guess', from });
    const statuses = [];
    for (let count = 0; count < 11; count++) statuses.push((await guess()).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    const { headers } = await guess();
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await call('GET', '/hosts', undefined, { from })).status).toBe(200);
    const elsewhere = { token: 'pp_guess', from: '192.0.2.201' };
    expect((await call('GET', '/hosts', undefined, elsewhere)).status).toBe(401);
    now += 60_000;
    expect((await guess()).status).toBe(401);
  });

  test('an address that a client makes up does not count', async () => {
    const from = '192.0.2.202';
    for (let count = 0; count < 12; count++) {
      const headers = { 'x-forwarded-for': `198.51.100.${count}` };
      await call('GET', '/hosts', undefined, { token: 'pp_guess', from, headers });
    }
    expect((await call('GET', '/hosts', undefined, { token: 'pp_guess', from })).status).toBe(429);
  });
});
