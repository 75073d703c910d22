/**
 * Every route over HTTP with input that nobody means well with: it is refused, changes nothing, breaks
 * nothing. Paths go out as they are written: other clients tidy them up before.
 */

import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TSchema } from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { createAnswerCheck } from '../../../test/documented.ts';
import type { Operation } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import { API_PREFIX, ROUTES, type RouteName } from '../../contract/paths.ts';
import { createOpenApi } from './openapi.ts';

let site: ApiSite;
let port: number;
const agent = new Agent({ keepAlive: true });
beforeAll(async () => {
  site = await openApiSite();
  await site.server.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = site.server.server.address() as AddressInfo);
  await site.call('POST', '/suites', { name: 's' });
  await site.call('POST', '/plugins', { name: 'p', builtin: 'dummy', suites: ['s'] });
  await site.call('POST', '/hosts', { name: 'h', address: '192.0.2.1', suites: ['s'] });
  await site.call('POST', '/subnets', { name: 'n', cidr: '192.0.2.0/24' });
});
afterAll(async () => {
  agent.destroy();
  await site.close();
});

const MAX_BODY_LENGTH = 5 * 1024 * 1024;
const checkAnswer = createAnswerCheck(createOpenApi('1.2.3'));

/** The status of the answer, whose form is checked. */
function send(method: string, path: string, body?: unknown): Promise<number> {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const url = `${API_PREFIX}${path}`;
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${site.admin}`,
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const options = { host: '127.0.0.1', port, agent, method, path: url, headers };
    const asked = request(options, async (response) => {
      const status = response.statusCode ?? 0;
      const contentType = response.headers['content-type'];
      if (contentType?.startsWith('text/event-stream')) {
        response.destroy();
        return resolve(status);
      }
      try {
        let text = '';
        for await (const part of response.setEncoding('utf8')) text += part;
        const answer = contentType?.includes('json') && text !== '' ? JSON.parse(text) : null;
        checkAnswer({ method, url, status, contentType, body: answer });
        resolve(status);
      } catch (error) {
        reject(error);
      }
    });
    asked.on('error', (error) => {
      // A server need not hear out what is too large.
      if (payload !== undefined && payload.length > MAX_BODY_LENGTH) resolve(413);
      else reject(error);
    });
    asked.end(payload);
  });
}

const TEXTS = [
  "'; DROP TABLE host; --",
  "' OR '1'='1",
  '"; SELECT pg_sleep(2); --',
  '1) UNION SELECT hash FROM token--',
  '$(touch /tmp/x)',
  '`id`',
  '; id > /tmp/x',
  '|| id',
  '& id',
  '../../../etc/passwd',
  '..\\..\\windows',
  '/etc/passwd',
  '%2e%2e%2f',
  'a\u0000b',
  'a\nb',
  'a\r\nSet-Cookie: x=1',
  '\u001b[2J',
  '\u202egnp.exe',
  '\ud800',
  '<script>alert(1)</script>',
  `\${jndi:ldap://x}`,
  '{{7*7}}',
  '-oProxyCommand=id',
  '--help',
  '__proto__',
  'constructor',
  'ｎｕｌｌ',
  '😀'.repeat(200),
  'x'.repeat(10_000),
];
const VALUES: readonly unknown[] = [
  ...TEXTS,
  null,
  true,
  -1,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  [],
  [[[[]]]],
  {},
  { $gt: '' },
  ['x', 7, null],
  { a: { b: { c: {} } } },
];

/** What goes up with each change that a client makes. */
async function countChanges(): Promise<string> {
  const { db } = site.database;
  const version = await db.selectFrom('config_version').select('version').executeTakeFirst();
  const audited = await db
    .selectFrom('audit')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst();
  return `${version?.version} ${audited?.id}`;
}

async function attack(method: string, path: string, body?: unknown): Promise<void> {
  const before = await countChanges();
  const status = await send(method, path, body);
  const what = `${method} ${path} ${JSON.stringify(body)}`.slice(0, 300);
  // There are no statistics in this site, and their routes say so.
  if (!path.startsWith('/stats/')) expect(status, what).toBeLessThan(500);
  expect(status, what).not.toBe(500);
  if (status >= 400) expect(await countChanges(), what).toBe(before);
}

const routes = Object.keys(ROUTES) as RouteName[];

/** A path to something that is there; `replaced` stands for one of its parameters. */
function pathOf(name: RouteName, replaced: Readonly<Record<string, string>> = {}): string {
  const there: Record<string, string> = { host: 'h', plugin: 'p', suite: 's', subnet: 'n' };
  return ROUTES[name].path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(replaced[key] ?? there[key] ?? 'none'),
  );
}

const exampleOf = (name: RouteName) => (OPERATIONS[name] as Operation).bodyExample;

/** A lone surrogate cannot be sent in a path at all. */
const sendable = TEXTS.filter((text) => !text.includes('\ud800'));

const parametersOf = (name: RouteName) =>
  [...ROUTES[name].path.matchAll(/\{(\w+)\}/g)].map(([, key = '']) => key);
const operationOf = (name: RouteName): Operation => OPERATIONS[name];
const withParameters = routes.filter((name) => parametersOf(name).length > 0);
const withQuery = routes.filter((name) => operationOf(name).query !== undefined);
const withBody = routes.filter((name) => operationOf(name).body !== undefined);

test.each(withParameters)('%s with hostile names', async (name) => {
  for (const key of parametersOf(name)) {
    for (const text of sendable) {
      await attack(ROUTES[name].method, pathOf(name, { [key]: text }), exampleOf(name));
    }
  }
});

test.each(withQuery)('%s with hostile parameters', async (name) => {
  const { method } = ROUTES[name];
  for (const key of Object.keys(operationOf(name).query?.properties ?? {})) {
    for (const text of sendable) {
      await attack(method, `${pathOf(name)}?${key}=${encodeURIComponent(text)}`, exampleOf(name));
    }
    await attack(method, `${pathOf(name)}?${key}=1&${key}=2`, exampleOf(name));
  }
});

test.each(routes)('%s with a parameter that it does not know', async (name) => {
  const { method } = ROUTES[name];
  const status = await send(method, `${pathOf(name)}?bogus=1`, exampleOf(name));
  expect(status).toBe(400);
});

test.each(withBody)('%s with hostile bodies', async (name) => {
  const { method } = ROUTES[name];
  const { body, bodyExample } = operationOf(name);
  for (const value of VALUES) await attack(method, pathOf(name), value);
  const { properties = {} } = body as TSchema & { properties?: object };
  for (const key of [...Object.keys(properties), 'bogus', 'constructor']) {
    for (const value of VALUES) {
      await attack(method, pathOf(name), { ...(bodyExample as object), [key]: value });
    }
  }
});

test.each(withBody)('%s with bodies that are hardly JSON', async (name) => {
  const bodies = [
    '{"a":1,"__proto__":{"admin":true}}',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    `{"name":"x","description":"${'x'.repeat(6_000_000)}"}`,
    '{"name":1e400}',
    '\ufeff{}',
    'null',
    '"text"',
    '{"name":"a","name":"b"',
  ];
  for (const body of bodies) await attack(ROUTES[name].method, pathOf(name), body);
});

test.each([
  '/../../etc/passwd',
  '/hosts/../../../etc/passwd',
  '/hosts/%2e%2e/%2e%2e/etc/passwd',
  '/hosts/..%5c..%5cwindows',
  '/hosts/%00',
  '/hosts/%c0%ae%c0%ae',
  '/hosts/%',
  '/hosts//h',
  '/hosts/h;admin=true',
  `/hosts/${'a'.repeat(5_000)}`,
])('a path outside of all routes: %s', async (path) => {
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const before = await countChanges();
    const status = await send(method, path, method === 'PUT' ? exampleOf('createHost') : undefined);
    expect([400, 404, 405, 414]).toContain(status);
    expect(await countChanges()).toBe(before);
  }
});

test('nothing of all that reached an object of the language', () => {
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
});
