import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { readCheckStates, writeBatch } from '../../database/queries/check-states.ts';

let site: ApiSite;
const call: ApiSite['call'] = (...args) => site.call(...args);
const batch = (operations: unknown[], more = {}) => call('POST', '/batch', { operations, ...more });

beforeAll(async () => {
  site = await openApiSite();
});
beforeEach(async () => {
  for (const kind of ['hosts', 'plugins', 'suites', 'subnets']) {
    for (const { id } of (await call('GET', `/${kind}`)).body.items) {
      await call('DELETE', `/${kind}/${id}`);
    }
  }
});
afterAll(() => site.close());

const SUITE = { op: 'create', kind: 'suite', body: { name: 's' } };
const PLUGIN = {
  op: 'create',
  kind: 'plugin',
  body: { name: 'p', builtin: 'dummy', suites: ['s'] },
};
const HOST = {
  op: 'create',
  kind: 'host',
  body: { name: 'h', address: '192.0.2.1', suites: ['s'] },
};

async function names() {
  const lists = ['hosts', 'plugins', 'suites', 'subnets'].map(async (kind) => {
    const { items } = (await call('GET', `/${kind}`)).body;
    return items.map(({ name }: { name: string }) => name);
  });
  return (await Promise.all(lists)).flat().sort();
}

describe('a batch', () => {
  test('makes objects that refer to one another, in one version', async () => {
    site.versions.length = 0;
    const { status, body } = await batch([SUITE, PLUGIN, HOST]);
    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { status: 201, name: 's' },
      { status: 201, name: 'p' },
      { status: 201, name: 'h' },
    ]);
    expect(site.versions.length).toBe(1);
    expect((await call('GET', '/checks/h/p')).body.state).toBe('pending');
  });

  test('with one wrong operation changes nothing and names it', async () => {
    const before = await names();
    const unknownSuite = { ...HOST, body: { ...HOST.body, suites: ['none'] } };
    const { status, body } = await batch([SUITE, PLUGIN, unknownSuite]);
    expect(status).toBe(422);
    expect(body.errors).toEqual([
      { path: '/operations/2/body/suites/0', message: 'there is no suite "none"' },
    ]);
    expect(await names()).toEqual(before);
  });

  test('names the wrong fields of all operations at once', async () => {
    const { status, body } = await batch([
      { op: 'create', kind: 'host', body: { name: 'a', address: 'not an address' } },
      SUITE,
      { op: 'create', kind: 'plugin', body: { name: 'b', script: '/bin/sh', interval: 0 } },
      { op: 'create', kind: 'host', body: { address: '192.0.2.9' } },
    ]);
    expect(status).toBe(422);
    const paths = body.errors.map(({ path }: { path: string }) => path);
    expect(paths).toEqual([
      '/operations/0/body/address',
      '/operations/2/body/interval',
      '/operations/2/body/script',
      '/operations/3/body/name',
    ]);
  });

  test.each([
    [404, { op: 'delete', kind: 'host', ref: 'none' }, /^\/operations\/1: There is no host "none"/],
    [409, SUITE, /^\/operations\/1: There is a suite "s" already/],
    [409, { op: 'delete', kind: 'suite', ref: 's', ifMatch: '"0"' }, /^\/operations\/1: It was/],
    [422, { op: 'rename', kind: 'suite', ref: 's' }, /operations/],
    [422, { op: 'create', kind: 'suite', body: 7 }, /operations\/1\/body/],
    [422, { op: 'change', kind: 'suite', ref: 's', body: { hosts: 7 } }, /operations\/1\/body/],
  ])('answers %i to %j and changes nothing', async (status, operation, detail) => {
    const answer = await batch([SUITE, operation]);
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toMatch(detail);
    expect(await names()).toEqual([]);
  });

  test('a dry run tells what would be and changes nothing', async () => {
    site.versions.length = 0;
    const audited = async () => (await call('GET', '/audit')).body.total;
    const before = await audited();
    const { status, body } = await batch([SUITE, PLUGIN, HOST], { dryRun: true });
    expect([status, body.results.length]).toEqual([200, 3]);
    expect(await names()).toEqual([]);
    expect(site.versions).toEqual([]);
    expect(await audited()).toBe(before);
  });

  test('a check that only moves from suite to suite keeps its state', async () => {
    await batch([SUITE, PLUGIN, HOST]);
    const [pair] = await site.database.db.selectFrom('check_pair').selectAll().execute();
    const checkId = pair?.check_id ?? 0;
    await site.database.transaction((sql) => writeBatch(sql, { states: [STATE(checkId)] }));
    const moved = await batch([
      { op: 'change', kind: 'host', ref: 'h', body: { suites: [] } },
      { op: 'create', kind: 'suite', body: { name: 's2', hosts: ['h'], plugins: ['p'] } },
      { op: 'delete', kind: 'suite', ref: 's' },
    ]);
    expect(moved.body.removedChecks).toBe(0);
    expect(await readCheckStates(site.database, [checkId])).toHaveLength(1);
  });

  test('a thousand objects at once are no problem', async () => {
    const hosts = Array.from({ length: 1_000 }, (_, index) => ({
      op: 'create',
      kind: 'host',
      body: { name: `n${index}`, address: `10.1.${index >> 8}.${index & 255}`, suites: ['s'] },
    }));
    const { status } = await batch([SUITE, PLUGIN, ...hosts]);
    expect(status).toBe(200);
    expect((await call('GET', '/checks?limit=1')).body.total).toBe(1_000);
    const { body } = await batch([{ op: 'delete', kind: 'suite', ref: 's' }]);
    expect(body.removedChecks).toBe(1_000);
    // Slow machines take ten seconds for it.
  }, 60_000);
});

describe('a deletion', () => {
  test.each(['hosts/h', 'plugins/p', 'suites/s'])(
    'of %s takes its checks with it and says how many',
    async (path) => {
      await batch([SUITE, PLUGIN, HOST]);
      const headers = { prefer: 'return=representation' };
      const answer = await call('DELETE', `/${path}`, undefined, { headers });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ name: path.split('/')[1], removedChecks: 1 });
      expect((await call('GET', '/checks')).body.total).toBe(0);
      expect((await call('GET', '/schedule')).body.total).toBe(0);
      expect((await call('GET', '/status')).body.checks.all).toBe(0);
    },
  );
});

describe('the audit', () => {
  test('has a row for each change with the object before and after', async () => {
    await call('POST', '/suites', { name: 'audited' });
    await call('PATCH', '/suites/audited', { description: 'new' });
    await call('DELETE', '/suites/audited');
    await call('POST', '/suites', { name: '../refused' });
    const { body } = await call('GET', '/audit?kind=suite&name=audited');
    expect(body.items).toMatchObject([
      { action: 'delete', before: { description: 'new' }, after: null },
      { action: 'change', before: { description: '' }, after: { description: 'new' } },
      { action: 'create', before: null, after: { name: 'audited' } },
    ]);
    const [{ actor, at }] = body.items;
    expect((await call('GET', `/audit?actor=${actor}&limit=1`)).body.items).toHaveLength(1);
    expect((await call('GET', `/audit?to=${at}&name=audited`)).body.total).toBeLessThan(3);
    expect((await call('GET', '/audit?from=yesterday')).status).toBe(400);
  });
});

const STATE = (checkId: number) => ({
  check_id: checkId,
  scheduled_at: 1,
  state: 0,
  exit_code: 0,
  output: '',
  long_output: '',
  perfdata: '[]',
  started_at: 1,
  finished_at: 1,
  worker: 'w',
  last_state_change_at: 1,
  ...{ state_type: 1, attempt: 1, max_check_attempts: 1, is_passive: 0 as const },
  last_hard_state_change_at: 1,
});
