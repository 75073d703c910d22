import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';

let site: ApiSite;
const call: ApiSite['call'] = (...args) => site.call(...args);

beforeAll(async () => {
  site = await openApiSite();
  for (const [path, body] of OBJECTS) {
    expect((await call('POST', path, body)).status, path).toBe(201);
  }
});
afterAll(() => site.close());

const DISK = { name: 'disk', builtin: 'dummy', params: '0', interval: 60.5, freshness: 90 };

/** In an order in which each names what is there. */
const OBJECTS: readonly (readonly [path: string, body: Readonly<Record<string, unknown>>])[] = [
  ['/suites', { name: 'other' }],
  ['/suites', { name: 'base', description: 'for all' }],
  ['/timeperiods', { name: 'holidays', exceptions: { 'may 1': '00:00-24:00' } }],
  [
    '/timeperiods',
    {
      ...{ name: 'work', weekdays: { monday: '09:00-17:00' }, exclude: ['holidays'] },
      exceptions: { 'day -1': '08:00-18:00', 'day 1': '08:00-12:00' },
    },
  ],
  [
    '/plugins',
    { ...DISK, suites: ['base', 'other'], checkPeriod: 'work', stalking: ['warning', 'ok'] },
  ],
  ['/subnets', { name: 'net', cidr: '192.0.2.0/24', exclude: ['192.0.2.128/25', '192.0.2.1/32'] }],
  ['/hosts', { name: 'router', address: '192.0.2.2' }],
  [
    '/hosts',
    {
      ...{ name: 'web', address: '2001:db8::1', suites: ['base', 'other'], parents: ['router'] },
      ...{ subnet: 'net', hostCheck: 'disk', labels: { team: 'shop' }, vars: { A: '1' } },
      ...{ retryInterval: 5, overrides: { disk: { interval: 5, maxCheckAttempts: 2 } } },
    },
  ],
  [
    '/dependencies',
    {
      ...{ name: 'needs', host: 'web', masterHost: 'router', kinds: ['notification'] },
      failsOn: ['unreachable', 'down'],
    },
  ],
];

/** What a change would leave behind. */
async function countTraces() {
  const { body } = await call('GET', '/audit?limit=1');
  const events = await site.database.db.selectFrom('event').select('event.id').execute();
  return { audit: body.total, announced: site.versions.length, events: events.length };
}

describe('a change that changes nothing leaves no trace, and the ETag as it was:', () => {
  test.each(OBJECTS.map(([path, body]) => [`${path}/${body['name']}`, body] as const))(
    '%s',
    async (path, body) => {
      const before = await call('GET', path);
      const traces = await countTraces();
      const etag = String(before.headers['etag']);
      const headers = { 'if-match': etag };
      const answers = [
        await call('PATCH', path, {}),
        await call('PATCH', path, body, { headers }),
        await call('PATCH', path, before.body),
        await call('PUT', path, before.body, { headers }),
      ];
      for (const { status, headers, body } of answers) {
        expect([status, headers['etag']]).toEqual([200, etag]);
        expect(body).toEqual(before.body);
      }
      const [kind = '', ref = ''] = path.slice(1).split('/');
      const of = { kind: kind === 'dependencies' ? 'dependency' : kind.slice(0, -1), ref };
      const operations = [
        { op: 'change', ...of, body: {} },
        { op: 'replace', ...of, body: before.body, ifMatch: etag },
      ];
      const batch = await call('POST', '/batch', { operations });
      expect(batch.body.results.map(({ status }: { status: number }) => status)).toEqual([
        200, 200,
      ]);
      expect(await countTraces()).toEqual(traces);
      expect((await call('GET', path)).headers['etag']).toBe(etag);
    },
  );

  test('lists of other objects may be in any order', async () => {
    const { headers } = await call('GET', '/hosts/web');
    const answer = await call('PATCH', '/hosts/web', { suites: ['other', 'base', 'other'] });
    expect([answer.status, answer.headers['etag']]).toEqual([200, headers['etag']]);
  });

  test('a downtime', async () => {
    const times = { start: '2099-01-01T00:00:00Z', end: '2099-01-01T02:00:00Z' };
    const { body } = await call('POST', '/downtimes', { host: 'web', comment: 'x', ...times });
    const traces = await countTraces();
    for (const change of [{}, times, { comment: 'x' }]) {
      const answer = await call('PATCH', `/downtimes/${body.id}`, change);
      expect(answer).toMatchObject({ status: 200, body });
    }
    expect(await countTraces()).toEqual(traces);
  });
});

describe('a change that changes something is one:', () => {
  test.each([
    ['/hosts/web', { vars: { B: '2' } }],
    ['/hosts/web', { suites: ['base'] }],
    ['/hosts/web', { retryInterval: null }],
    ['/plugins/disk', { stalking: ['ok', 'warning'] }],
    ['/subnets/net', { exclude: ['192.0.2.1/32', '192.0.2.128/25'] }],
    ['/timeperiods/work', { exclude: [] }],
  ])('%s %j', async (path, change) => {
    const before = await call('GET', path);
    const traces = await countTraces();
    const after = await call('PATCH', path, change);
    expect(after.headers['etag']).not.toBe(before.headers['etag']);
    const { audit, announced, events } = await countTraces();
    expect([audit, announced]).toEqual([traces.audit + 1, traces.announced + 1]);
    expect(events).toBeGreaterThan(traces.events);
  });

  test('in the order of exceptions, of which the first that fits counts', async () => {
    const swapped = {
      name: 'work',
      exceptions: { 'day 1': '08:00-12:00', 'day -1': '08:00-18:00' },
    };
    const before = await call('GET', '/timeperiods/work');
    const after = await call('PUT', '/timeperiods/work', { ...before.body, ...swapped });
    expect(after.headers['etag']).not.toBe(before.headers['etag']);
    expect(Object.keys(after.body.exceptions)).toEqual(['day 1', 'day -1']);
  });

  test('one of a batch, and what goes with it that changes nothing leaves no trace', async () => {
    const before = await countTraces();
    const operations = [
      { op: 'change', kind: 'suite', ref: 'base', body: {} },
      { op: 'change', kind: 'suite', ref: 'other', body: { description: 'new' } },
    ];
    const { status } = await call('POST', '/batch', { operations });
    expect(status).toBe(200);
    const after = await countTraces();
    expect(after).toEqual({
      audit: before.audit + 1,
      announced: before.announced + 1,
      events: before.events + 1,
    });
  });
});
