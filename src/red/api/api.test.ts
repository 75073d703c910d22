import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { API_PREFIX } from '../../contract/paths.ts';

let site: ApiSite;
const call: ApiSite['call'] = (...args) => site.call(...args);

beforeAll(async () => {
  site = await openApiSite();
});
afterAll(() => site.close());

/** Every row of every table that a client can change. */
async function snapshot() {
  const [hosts, plugins, suites, subnets] = await Promise.all([
    site.database.db.selectFrom('host').selectAll('host').execute(),
    site.database.db.selectFrom('plugin').selectAll('plugin').execute(),
    site.database.db.selectFrom('suite').selectAll('suite').execute(),
    site.database.db.selectFrom('subnet').selectAll('subnet').execute(),
  ]);
  return { hosts, plugins, suites, subnets };
}

describe('objects', () => {
  test('a host goes through its whole life', async () => {
    await call('POST', '/suites', { name: 'life' });
    const created = await call('POST', '/hosts', {
      name: 'h1',
      address: '192.0.2.1',
      suites: ['life'],
    });
    expect(created.status).toBe(201);
    expect(created.headers['location']).toBe(`${API_PREFIX}/hosts/${created.body.id}`);
    expect(created.body).toMatchObject({
      name: 'h1',
      address: '192.0.2.1',
      login: 'violet',
      sshPort: 22,
      maintenance: false,
      history: false,
      suites: ['life'],
      subnet: null,
      zone: 'default',
      labels: {},
      vars: {},
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    for (const reference of [created.body.id, 'h1', '192.0.2.1']) {
      expect((await call('GET', `/hosts/${reference}`)).body).toEqual(created.body);
    }
    const patched = await call('PATCH', '/hosts/h1', { vars: { a: '1', b: '2' }, history: true });
    expect(patched.body).toMatchObject({ name: 'h1', vars: { a: '1', b: '2' }, history: true });
    const merged = await call('PATCH', '/hosts/h1', { vars: { a: null }, history: null });
    expect(merged.body).toMatchObject({ vars: { b: '2' }, history: false, suites: ['life'] });
    const replaced = await call('PUT', '/hosts/h1', { ...merged.body, name: 'h1-new', suites: [] });
    expect(replaced.body).toMatchObject({ id: created.body.id, name: 'h1-new', suites: [] });
    expect((await call('GET', '/hosts/h1')).status).toBe(404);
    expect((await call('DELETE', '/hosts/h1-new')).status).toBe(204);
    expect((await call('GET', `/hosts/${created.body.id}`)).status).toBe(404);
  });

  test('plugins and subnets speak seconds and both forms of a network', async () => {
    const plugin = await call('POST', '/plugins', { name: 'p1', script: 'check_x', interval: 2.5 });
    expect(plugin.body).toMatchObject({
      script: 'check_x',
      interval: 2.5,
      timeout: 10,
      params: '',
    });
    expect(plugin.body).not.toHaveProperty('builtin');
    const subnet = await call('POST', '/subnets', {
      name: 'n1',
      subnet: '192.168.30.0',
      netmask: '255.255.255.0',
      exclude: ['192.168.30.7'],
    });
    expect(subnet.body).toMatchObject({
      cidr: '192.168.30.0/24',
      exclude: ['192.168.30.7/32'],
      interval: 1800,
      autoDiscovery: false,
    });
    const moved = await call('PATCH', '/subnets/n1', { cidr: '10.1.2.3/16' });
    expect(moved.body.cidr).toBe('10.1.0.0/16');
    const six = await call('PATCH', '/subnets/n1', { cidr: '2001:db8::5/112' });
    expect(six.body.cidr).toBe('2001:db8::/112');
  });

  test('a suite joins hosts and plugins, and what it joined goes with it', async () => {
    await call('POST', '/plugins', { name: 'joined', builtin: 'dummy' });
    await call('POST', '/hosts', { name: 'joined', address: '192.0.2.50' });
    const suite = { name: 'joins', hosts: ['joined'], plugins: ['joined'] };
    expect((await call('POST', '/suites', suite)).status).toBe(201);
    const check = await call('GET', '/checks/joined/joined');
    expect(check.body).toMatchObject({ host: 'joined', plugin: 'joined', state: 'pending' });
    expect((await call('DELETE', '/suites/joins')).status).toBe(204);
    expect((await call('GET', '/checks/joined/joined')).status).toBe(404);
  });

  test('a host that is given only a subnet gets the suites of the subnet', async () => {
    await call('POST', '/suites', { name: 'of-subnet' });
    await call('POST', '/subnets', { name: 'lan', cidr: '192.0.2.128/25', suites: ['of-subnet'] });
    const only = { name: 'only', address: '192.0.2.130', subnet: 'lan' };
    expect((await call('POST', '/hosts', only)).body.suites).toEqual(['of-subnet']);
    const both = { name: 'both', address: '192.0.2.131', subnet: 'lan', suites: [] };
    expect((await call('POST', '/hosts', both)).body.suites).toEqual([]);
    const patched = await call('PATCH', '/hosts/both', { history: true });
    expect(patched.body.suites).toEqual([]);
  });

  test('each change is announced with its version, a refused one is not', async () => {
    site.versions.length = 0;
    await call('POST', '/suites', { name: 'announced' });
    expect(site.versions.length).toBe(1);
    await call('POST', '/suites', { name: 'announced' });
    expect(site.versions.length).toBe(1);
  });

  test('a name given to an address without one is the name or the address itself', async () => {
    const created = await call('POST', '/hosts', { address: '192.0.2.77' });
    expect(created.body.name).toMatch(/./);
  });

  test('two who change the same object do not overwrite each other unseen', async () => {
    const created = await call('POST', '/suites', { name: 'etag' });
    const etag = String(created.headers['etag']);
    const headers = { 'if-match': etag };
    const first = await call('PATCH', '/suites/etag', { description: 'mine' }, { headers });
    expect(first.status).toBe(200);
    const second = await call('PATCH', '/suites/etag', { description: 'theirs' }, { headers });
    expect(second.status).toBe(409);
    expect((await call('GET', '/suites/etag')).body.description).toBe('mine');
  });
});

test('a change that takes its time keeps what others changed meanwhile', async () => {
  const { body } = await call('POST', '/hosts', { name: 'busy', address: '192.0.2.99' });
  // Without a name the name server is asked, which takes longer than a change of a variable.
  const slow = call('PATCH', `/hosts/${body.id}`, { name: null });
  const quick = await call('PATCH', `/hosts/${body.id}`, { vars: { a: '1' } });
  expect(quick.status).toBe(200);
  expect((await slow).status).toBe(200);
  expect((await call('GET', `/hosts/${body.id}`)).body.vars).toEqual({ a: '1' });
});

describe('wrong input', () => {
  const cases: [number, string, string, unknown, RegExp?][] = [
    [400, 'POST', '/hosts', '{', /not valid JSON/],
    [400, 'POST', '/hosts', '{"__proto__": {}}', /__proto__/],
    [400, 'POST', '/hosts', undefined, /body is needed/],
    [422, 'POST', '/hosts', '[]'],
    [422, 'POST', '/hosts', { name: 'x' }, /address.*required/],
    [422, 'POST', '/hosts', { name: '../x', address: '127.0.0.1' }, /name/],
    [422, 'POST', '/hosts', { name: 'a\u0007b', address: '127.0.0.1' }, /name/],
    [422, 'POST', '/hosts', { name: '\u202eevil', address: '127.0.0.1' }, /name/],
    [422, 'POST', '/hosts', { name: 'a', address: '-oProxyCommand=x' }, /address/],
    [422, 'POST', '/hosts', { name: 'a', address: '1.2.3.4;id' }, /address/],
    [422, 'POST', '/hosts', { name: 'a', address: '127.0.0.1', suites: ['none'] }, /suite "none"/],
    [422, 'POST', '/hosts', { name: 'a', address: '127.0.0.1', subnet: 'none' }, /subnet "none"/],
    [422, 'POST', '/hosts', { name: 'a', address: '127.0.0.1', colour: 'red' }, /colour/],
    [422, 'POST', '/hosts', { name: 'a', address: '127.0.0.1', login: '-l root' }, /login/],
    [422, 'POST', '/plugins', { name: 'p', script: '../../bin/sh' }, /script/],
    [422, 'POST', '/plugins', { name: 'p', script: 'check_ping', interval: -1 }, /interval/],
    [422, 'POST', '/plugins', { name: 'p', script: 'a', builtin: 'ping' }, /exactly one/],
    [422, 'POST', '/plugins', { name: 'p' }, /exactly one/],
    [422, 'POST', '/plugins', { name: 'p', builtin: 'pnig' }, /no built-in.*mean "ping"\?.*tls/],
    [422, 'POST', '/subnets', { name: 'n', cidr: '10.0.0.0/1' }, /at most 65536/],
    [422, 'POST', '/subnets', { name: 'n', cidr: '10.0.0.0/15' }, /spans 131072.*at most 65536/],
    [422, 'POST', '/subnets', { name: 'n', cidr: '2001:db8::/111' }, /spans 131072.*at most 65536/],
    [422, 'POST', '/subnets', { name: 'n', cidr: '2001:db8::/64' }, /spans 18446744073709551616 /],
    [422, 'POST', '/subnets', { name: 'n', subnet: '192.168.30.0', netmask: '255.255.255.191' }],
    [422, 'POST', '/subnets', { name: 'n', subnet: '192.168.30.0' }, /netmask/],
    [422, 'POST', '/subnets', { name: 'n' }, /cidr/],
    [400, 'GET', '/hosts?nonsense=1', undefined, /nonsense/],
    [400, 'GET', '/hosts?limit=0', undefined, /limit/],
    [400, 'GET', '/hosts?limit=1001', undefined, /limit/],
    [400, 'GET', '/hosts?sort=password', undefined, /sort/],
    [400, 'GET', '/hosts?cursor=rubbish', undefined, /cursor/],
    [400, 'GET', '/checks?state=broken', undefined, /state/],
    [404, 'GET', '/hosts/none', undefined, /no host "none"/],
    [404, 'PATCH', '/hosts/none', {}],
    [404, 'DELETE', '/plugins/none', undefined],
    [404, 'GET', '/checks/none/none', undefined],
    [404, 'GET', '/nothing', undefined],
    [404, 'GET', '/workers/..%2f..%2fetc', undefined],
  ];
  test.each(cases)('%i %s %s %j', async (status, method, path, body, detail) => {
    const before = await snapshot();
    const answer = await call(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ status, title: expect.any(String) });
    if (detail) expect(JSON.stringify(answer.body).replaceAll('\\"', '"')).toMatch(detail);
    expect(await snapshot()).toEqual(before);
  });

  test('every wrong field is named at once', async () => {
    const wrong = { name: '/', address: 7, sshPort: 0, bogus: true };
    const { body } = await call('POST', '/hosts', wrong);
    const paths = body.errors.map((error: { path: string }) => error.path).sort();
    expect(paths).toEqual(expect.arrayContaining(['/address', '/bogus', '/name', '/sshPort']));
  });

  test('a taken name or address is a conflict', async () => {
    await call('POST', '/hosts', { name: 'taken', address: '192.0.2.9' });
    const sameName = await call('POST', '/hosts', { name: 'taken', address: '192.0.2.10' });
    const sameAddress = await call('POST', '/hosts', { name: 'other', address: '192.0.2.9' });
    expect([sameName.status, sameAddress.status]).toEqual([409, 409]);
    expect(sameAddress.body.detail).toContain('The host "taken" has the address 192.0.2.9');
  });

  test('a body over the limit is refused', async () => {
    const description = 'x'.repeat(6 * 1024 * 1024);
    expect((await call('POST', '/suites', { name: 'big', description })).status).toBe(413);
  });

  test('another content type is refused', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect((await call('POST', '/suites', 'name=x', { headers })).status).toBe(415);
  });
});

describe('what needs no token', () => {
  test('alive, ready and metrics need no token', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      const response = await site.server.inject({ method: 'GET', url: path });
      expect(response.statusCode).toBe(200);
    }
  });

  test('metrics are for this machine; from elsewhere they need a token', async () => {
    const ask = (from: string, token?: string) =>
      site.server.inject({
        ...{ method: 'GET', url: '/metrics', remoteAddress: from },
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
    for (const local of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect((await ask(local)).statusCode).toBe(200);
    }
    expect((await ask('192.0.2.1')).statusCode).toBe(401);
    expect((await ask('192.0.2.1', 'wrong')).statusCode).toBe(401);
    const answer = await ask('192.0.2.1', await site.addToken('viewer'));
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('ppalette_red_api_request_seconds');
  });

  test.each(['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'])(
    'metrics that a proxy of this machine hands on with %s need a token',
    async (name) => {
      const headers = { [name]: '192.0.2.1' };
      const asked = {
        method: 'GET',
        url: '/metrics',
        remoteAddress: '127.0.0.1',
        headers,
      } as const;
      expect((await site.server.inject(asked)).statusCode).toBe(401);
    },
  );

  test('answers carry headers that keep a browser from guessing', async () => {
    const { headers } = await call('GET', '/hosts');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-type': expect.stringMatching(/^application\/json/),
    });
  });
});
