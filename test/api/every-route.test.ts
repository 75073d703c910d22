/**
 * Every route of the API over HTTP against a whole system, with input that is right: what it takes,
 * each of its parameters, and each success that its documentation names, held against its schema.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeParameter } from '../../src/contract/examples/parameters.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { OPERATIONS } from '../../src/contract/operations.ts';
import { ROUTES, type RouteName } from '../../src/contract/paths.ts';
import { openRunningSite } from '../running-site.ts';
import { waitFor } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
/** Statuses that each route has answered with. */
const answered = new Map<RouteName, Set<number>>();

beforeAll(async () => {
  site = await openRunningSite();
  await site.call('POST', '/suites', { name: 's' });
  const plugin = {
    ...{ builtin: 'dummy', params: '1 half|a=1 /=2', interval: 60, suites: ['s'], hostCheck: true },
  };
  await site.call('POST', '/plugins', { name: 'p', ...plugin });
  await site.call('POST', '/subnets', { name: 'n', cidr: '127.0.7.1/32', suites: ['s'] });
  const host = { address: '192.0.2.1', suites: ['s'], subnet: 'n', labels: { team: 'shop' } };
  await site.call('POST', '/hosts', { name: 'h', history: true, ...host });
  await waitFor('a state', async () => {
    const { body } = await site.call('GET', '/checks/h/p');
    return body.state === 'warning';
  });
  await waitFor('statistics of all kinds', async () => {
    const [worker] = (await site.call('GET', '/workers')).body.items;
    const paths = [
      `/stats/workers/${worker?.id}/last`,
      '/stats/common/last',
      '/checks/h/p/perfdata',
    ];
    const answers = await Promise.all(paths.map((path) => site.call('GET', path)));
    return answers.every(({ status }) => status === 200);
  });
}, 90_000);
afterAll(() => site.close());

/** The first of a list. */
const firstOf = async (path: string): Promise<Record<string, string>> =>
  (await site.call('GET', path)).body.items[0];

const PROBLEM = { exitCode: 2, output: 'broken' };
const ON_ITSELF_ELSEWHERE = { plugin: 'p', masterHost: 'h', masterPlugin: 'p' };
const OVER_THERE = { address: '192.0.2.9', suites: ['s'] };

/** A call: what the path names, and what is sent; in an order that works. */
interface Good {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const GOOD: Readonly<Record<RouteName, () => Good[] | Promise<Good[]>>> = {
  createSuite: () => [{ body: { name: 'made' } }, { body: { name: 'made2' } }],
  createPlugin: () => [
    { body: { name: 'made', builtin: 'tcp', params: '-p 80', suites: ['made'] } },
    { body: { name: 'made2', script: 'check_x' } },
  ],
  createSubnet: () => [
    { body: { name: 'made', subnet: '192.0.2.0', netmask: '255.255.255.0' } },
    { body: { name: 'made2', cidr: '2001:db8::/120' } },
  ],
  createHost: () => [
    { body: { name: 'made', address: '2001:db8::1', suites: ['made'], subnet: 'made' } },
    { body: { name: 'made2', address: 'made2.example.net' } },
  ],
  listHosts: () => [{}],
  getHost: () => [{ path: { host: 'made' } }, { path: { host: '2001:db8::1' } }],
  replaceHost: () => [{ path: { host: 'made' }, body: { name: 'made', ...OVER_THERE } }],
  changeHost: () => [
    { path: { host: 'made' }, body: { labels: { team: 'shop' } } },
    {
      path: { host: 'made' },
      body: { labels: { team: null } },
      headers: { 'content-type': 'application/merge-patch+json' },
    },
  ],
  listPlugins: () => [{}],
  getPlugin: () => [{ path: { plugin: 'made' } }],
  replacePlugin: () => [{ path: { plugin: 'made' }, body: { name: 'made', builtin: 'dummy' } }],
  changePlugin: () => [{ path: { plugin: 'made' }, body: { interval: 90 } }],
  listSuites: () => [{}],
  getSuite: () => [{ path: { suite: 'made' } }],
  replaceSuite: () => [{ path: { suite: 'made' }, body: { name: 'made', hosts: ['made'] } }],
  changeSuite: () => [{ path: { suite: 'made' }, body: { plugins: ['made'] } }],
  listSubnets: () => [{}],
  getSubnet: () => [{ path: { subnet: 'made' } }],
  replaceSubnet: () => [{ path: { subnet: 'made' }, body: { name: 'made', cidr: '10.0.0.0/24' } }],
  changeSubnet: () => [{ path: { subnet: 'made' }, body: { exclude: ['10.0.0.0/28'] } }],
  deleteHost: () => [{ path: { host: 'made2' } }, { path: { host: 'made' }, headers: PREFER }],
  deletePlugin: () => [
    { path: { plugin: 'made2' } },
    { path: { plugin: 'made' }, headers: PREFER },
  ],
  deleteSubnet: () => [
    { path: { subnet: 'made2' } },
    { path: { subnet: 'made' }, headers: PREFER },
  ],
  deleteSuite: () => [{ path: { suite: 'made2' } }, { path: { suite: 'made' }, headers: PREFER }],
  applyBatch: () => [
    {
      body: {
        operations: [
          { op: 'create', kind: 'suite', body: { name: 'batch' } },
          { op: 'change', kind: 'host', ref: 'h', body: { login: 'ops' } },
          { op: 'delete', kind: 'suite', ref: 'batch' },
        ],
      },
    },
  ],
  createTimeperiod: () => [
    { body: { name: 'made', weekdays: { monday: '09:00-17:00' } } },
    { body: { name: 'made2', timeZone: 'Europe/Helsinki' } },
  ],
  listTimeperiods: () => [{}],
  getTimeperiod: () => [{ path: { timeperiod: 'made' } }],
  replaceTimeperiod: () => [{ path: { timeperiod: 'made' }, body: { name: 'made' } }],
  changeTimeperiod: () => [{ path: { timeperiod: 'made' }, body: { exclude: ['made2'] } }],
  deleteTimeperiod: () => [
    { path: { timeperiod: 'made' }, headers: PREFER },
    { path: { timeperiod: 'made2' } },
  ],
  createDependency: () => [
    { body: { name: 'made', ...ON_ITSELF_ELSEWHERE } },
    { body: { name: 'made2', kinds: ['execution'], ...ON_ITSELF_ELSEWHERE } },
  ],
  listDependencies: () => [{}],
  getDependency: () => [{ path: { dependency: 'made' } }],
  replaceDependency: () => [
    {
      path: { dependency: 'made' },
      body: { name: 'made', ...ON_ITSELF_ELSEWHERE },
    },
  ],
  changeDependency: () => [{ path: { dependency: 'made' }, body: { inheritsParent: true } }],
  deleteDependency: () => [
    { path: { dependency: 'made' }, headers: PREFER },
    { path: { dependency: 'made2' } },
  ],
  discoverSubnet: () => [{ path: { subnet: 'n' } }],
  listDiscoveries: () => [{}],
  getDiscovery: async () => [{ path: { discovery: (await firstOf('/discoveries'))['id'] ?? '' } }],
  listChecks: () => [{}],
  getCheck: () => [{ path: CHECK }, { path: { host: '192.0.2.1', plugin: 'p' } }],
  runCheck: () => [{ path: CHECK }, { path: CHECK, query: 'wait=true' }],
  submitResult: () => [
    { path: CHECK, body: PROBLEM },
    { path: CHECK, query: 'wait=true', body: PROBLEM },
  ],
  submitResults: () => [
    { body: [{ host: 'h', plugin: 'p', ...PROBLEM }] },
    {
      body: `${JSON.stringify({ host: 'h', plugin: 'p', ...PROBLEM })}\n`,
      headers: { 'content-type': 'application/x-ndjson' },
    },
  ],
  acknowledgeCheck: () => [{ path: CHECK, body: { comment: 'mine', sticky: true } }],
  removeAcknowledgement: () => [{ path: CHECK }],
  getHostState: () => [{ path: HOST }],
  runHostCheck: () => [{ path: HOST }, { path: HOST, query: 'wait=true' }],
  submitHostResult: () => [
    { path: HOST, body: { exitCode: 1, output: 'away' } },
    { path: HOST, query: 'wait=true', body: { exitCode: 1, output: 'away' } },
  ],
  acknowledgeHost: () => [{ path: HOST, body: { comment: 'mine' } }],
  removeHostAcknowledgement: () => [{ path: HOST }],
  getHostHistory: () => [{ path: HOST }],
  getHostAvailability: () => [{ path: HOST }],
  getCheckHistory: () => [{ path: CHECK }],
  getCheckAvailability: () => [{ path: CHECK }],
  getCheckPerfdata: () => [{ path: CHECK }],
  getCheckTrace: () => [{ path: CHECK }],
  getTrace: async () => {
    const { body } = await site.call('GET', '/checks/h/p/trace');
    return [{ path: { trace: body.id } }];
  },
  createDowntime: () => [{ body: { host: 'h', end: '2099-01-01T00:00:00Z', comment: 'kernel' } }],
  listDowntimes: () => [{}],
  getDowntime: async () => [{ path: { downtime: (await firstOf('/downtimes'))['id'] ?? '' } }],
  changeDowntime: async () => [
    {
      path: { downtime: (await firstOf('/downtimes'))['id'] ?? '' },
      body: { end: '2099-02-01T00:00:00Z', comment: 'two kernels' },
    },
  ],
  deleteDowntime: async () => [{ path: { downtime: (await firstOf('/downtimes'))['id'] ?? '' } }],
  createComment: () => [
    { body: { host: 'h', text: 'in rack 3' } },
    { body: { host: 'h', plugin: 'p', text: 'new disk' } },
  ],
  listComments: () => [{}],
  getComment: async () => [{ path: { comment: (await firstOf('/comments'))['id'] ?? '' } }],
  deleteComment: async () => [
    { path: { comment: (await firstOf('/comments?kind=user'))['id'] ?? '' } },
  ],
  getStatus: () => [{}],
  listSchedule: () => [{}],
  listWorkers: () => [{}],
  getWorker: async () => [{ path: { worker: (await firstOf('/workers'))['id'] ?? '' } }],
  streamEvents: () => [{}],
  getCommonStatistics: () => [{}],
  getLastCommonStatistics: () => [{}],
  getWorkerStatistics: async () => [{ path: { worker: (await firstOf('/workers'))['id'] ?? '' } }],
  getLastWorkerStatistics: async () => [
    { path: { worker: (await firstOf('/workers'))['id'] ?? '' } },
  ],
  createToken: () => [{ body: { name: 't', role: 'viewer', expiresAt: '2099-01-01T00:00:00Z' } }],
  listTokens: () => [{}],
  getToken: () => [{ path: { token: 't' } }],
  deleteToken: () => [{ path: { token: 't' } }],
  listAudit: () => [{}],
};
const CHECK = { host: 'h', plugin: 'p' };
const HOST = { host: 'h' };
const PREFER = { prefer: 'return=representation' };

/** Values that a parameter takes, by `route.parameter` or else by the parameter alone. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  limit: ['1', '1000'],
  q: ['h', 'Ü%_'],
  zone: ['default'],
  label: ['team', 'team=shop', 'team=shop,team'],
  host: ['h', 'none'],
  plugin: ['p', 'none'],
  suite: ['s', 'none'],
  subnet: ['n', 'none'],
  maintenance: ['true', 'false'],
  script: ['check_x'],
  builtin: ['dummy'],
  autoDiscovery: ['true', 'false'],
  state: ['ok', 'warning', 'critical', 'unknown', 'pending', 'ok,pending'],
  stateType: ['soft', 'hard'],
  problem: ['true', 'false'],
  handled: ['true', 'false'],
  wait: ['true', 'false'],
  from: ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
  to: ['2099-01-01T00:00:00Z'],
  actor: ['admin (local file)'],
  action: ['create', 'change', 'delete'],
  kind: ['host'],
  name: ['h'],
  step: ['60'],
  width: ['800'],
  theme: ['light', 'dark', 'auto'],
  height: ['300'],
  period: ['1h', '1d', '1w', '1mo', '1y'],
  cf: ['AVERAGE', 'MIN', 'MAX'],
  metric: ['a'],
  type: ['stateChange', 'stateChange,worker'],
  'listDiscoveries.state': ['done', 'running,failed,cancelled'],
  'listComments.kind': ['user', 'acknowledgement', 'downtime', 'flapping'],
  'listComments.sort': ['createdAt', '-host'],
  'listDowntimes.state': ['open', 'active', 'over', 'cancelled'],
  'getCheckHistory.kind': ['results', 'states', 'results,states'],
  'getHostHistory.kind': ['results', 'states', 'results,states'],
  'getHostAvailability.stateType': ['hard'],
  'getCheckAvailability.stateType': ['hard'],
  'getHostAvailability.to': ['2026-11-01T00:00:00Z'],
  'getHostAvailability.from': ['2026-01-01T00:00:00Z'],
  'listHosts.state': ['up', 'down', 'unreachable', 'pending', 'up,pending'],
  'getCheckAvailability.to': ['2026-11-01T00:00:00Z'],
  'getCheckAvailability.from': ['2026-01-01T00:00:00Z'],
  'getCommonStatistics.metrics': ['hosts_all', 'hosts_all,checks_ok'],
  'getWorkerStatistics.metrics': ['throughput'],
  'listHosts.sort': ['name', '-address,zone', 'createdAt', '-updatedAt'],
  'listPlugins.sort': ['name', '-interval', 'createdAt', '-updatedAt'],
  'listSuites.sort': ['name', 'createdAt', '-updatedAt'],
  'listTimeperiods.sort': ['name', 'createdAt', '-updatedAt'],
  'listSubnets.sort': ['name', '-cidr', 'createdAt', '-updatedAt'],
  'listDependencies.sort': ['name', 'createdAt', '-updatedAt'],
  'listChecks.sort': ['host,plugin', '-zone', 'state', '-lastStateChange'],
  'listSchedule.sort': ['host', '-plugin'],
  'listDiscoveries.sort': ['startedAt', 'subnet', '-state'],
  'listDowntimes.sort': ['start', '-end'],
  'listTokens.sort': ['name', '-createdAt'],
  'listAudit.sort': ['at', '-name'],
};

const urlOf = (name: RouteName, { path = {}, query }: Good): string => {
  const filled = ROUTES[name].path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(path[key] ?? ''),
  );
  return query === undefined ? filled : `${filled}?${query}`;
};

async function send(name: RouteName, good: Good): Promise<number> {
  const { method } = ROUTES[name];
  const url = urlOf(name, good);
  const { status, body } =
    name === 'streamEvents'
      ? await openStream(url)
      : await site.call(method, url, good.body, good.headers ? { headers: good.headers } : {});
  expect(status, `${method} ${url} ${JSON.stringify(body)}`).toBeLessThan(300);
  answered.set(name, (answered.get(name) ?? new Set()).add(status));
  return status;
}

/** It does not end by itself. */
async function openStream(url: string) {
  const response = await site.request('GET', url);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  await response.body?.cancel();
  return { status: response.status, body: null };
}

/** In the order of the table: what is made is looked at, then deleted. */
const names = Object.keys(GOOD) as RouteName[];

describe('each route, with what it takes', () => {
  test.each(names)('%s', async (name) => {
    const goods = await GOOD[name]();
    for (const good of goods) await send(name, good);
    const operation: Operation = OPERATIONS[name];
    const documented = [operation.status, ...Object.keys(operation.otherAnswers ?? {}).map(Number)];
    expect([...(answered.get(name) ?? [])].sort()).toEqual(documented.sort());
  });
});

const withQuery = names.filter((name) => 'query' in OPERATIONS[name]);

describe('each parameter, with values that it takes', () => {
  test.each(withQuery)('%s', async (name) => {
    const { query }: Operation = OPERATIONS[name];
    // What the cases above deleted is not needed for any of these.
    const [good = {}] = await GOOD[name]();
    for (const parameter of Object.keys(query?.properties ?? {})) {
      if (parameter === 'cursor') continue;
      const values = VALUES[`${name}.${parameter}`] ?? VALUES[parameter];
      expect(values, `a value of ${name}.${parameter}`).toBeDefined();
      const { example } = describeParameter(name, parameter) ?? {};
      for (const value of [...(values ?? []), ...(example ? [example] : [])]) {
        await send(name, { ...good, query: `${parameter}=${encodeURIComponent(value)}` });
      }
    }
  });

  test('a cursor leads through a whole list, each item once', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await site.call('POST', '/suites', { name });
    const found: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await site.call('GET', `/suites?limit=2${next}`);
      found.push(...body.items.map((item: { name: string }) => item.name));
      cursor = body.nextCursor;
    }
    expect(found).toEqual(['a', 'b', 'c', 'd', 's']);
  });
});

const ofObjects = names.filter((name) => ROUTES[name].path.includes('{'));

describe('what is not there', () => {
  test.each(ofObjects)('%s', async (name) => {
    const { bodyExample }: Operation = OPERATIONS[name];
    const path = Object.fromEntries(
      [...ROUTES[name].path.matchAll(/\{(\w+)\}/g)].map(([, key = '']) => [key, 'absent']),
    );
    const url = urlOf(name, { path });
    const { status, body } = await site.call(ROUTES[name].method, url, bodyExample);
    expect([status, body.status, body.title]).toEqual([404, 404, expect.any(String)]);
  });
});
