/** Discovery in a whole system in this process, on 127.0.0.0/8, where every address answers. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, startApp } from '../../src/app/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { HostJson } from '../../src/contract/hosts.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createOpenApi } from '../../src/red/api/openapi.ts';
import { createAnswerCheck } from '../documented.ts';
import { type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';

let folder: TempFolder;
let app: App;
let url: string;
let admin: string;
const checkAnswer = createAnswerCheck(createOpenApi('test'));

const start = async (...zones: string[]) => {
  const { config } = await loadConfig({
    environment: {},
    flags: {
      data: folder.path,
      'red.listen': '127.0.0.1:0',
      'rrd.driver': 'none',
      'violet.discovery.rate': 1_000,
      'violet.zones': zones,
    },
  });
  const { signal } = new AbortController();
  const context = { clock: systemClock, random: Math.random, log: silentLog(), signal };
  app = await startApp(config, ['grey', 'violet', 'red'], context);
  url = `${app.api?.url}/api/v1`;
  admin = (await readFile(join(folder.path, 'admin.token'), 'utf8')).trim();
};

beforeAll(async () => {
  folder = await tempFolder();
  await start('default');
});
afterAll(async () => {
  await app.stop();
  await folder[Symbol.asyncDispose]();
});

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
  const answer: any = text === '' ? null : JSON.parse(text);
  const contentType = response.headers.get('content-type') ?? undefined;
  const sent = { method, url: `/api/v1${path}`, status: response.status };
  checkAnswer({ ...sent, contentType, body: answer });
  return { status: response.status, body: answer, location: response.headers.get('location') };
}

let count = 0;
/** A subnet of 14 addresses of its own; automatic ones begin at once. */
async function addSubnet(fields: Record<string, unknown> = {}) {
  const third = 100 + ++count;
  const name = `net${count}`;
  const cidr = `127.0.${third}.0/28`;
  const { status } = await call('POST', '/subnets', { name, cidr, ...fields });
  expect(status).toBe(201);
  const address = (last: number) => `127.0.${third}.${last}`;
  return { name, cidr, address };
}

async function ended(id: string) {
  return waitFor('the end of the discovery', async () => {
    const { body } = await call('GET', `/discoveries/${id}`);
    return body.state !== 'running' && body;
  });
}

async function discover(name: string) {
  const { status, body } = await call('POST', `/subnets/${name}/discover`);
  expect(status).toBe(202);
  return ended(body.id);
}

const hostsOf = async (subnet: string): Promise<HostJson[]> =>
  (await call('GET', `/hosts?subnet=${subnet}&limit=1000&sort=address`)).body.items;
const addressesOf = async (subnet: string) =>
  (await hostsOf(subnet)).map(({ address }) => address).sort();

describe('a discovery', () => {
  test('adds what answers with the suites and the zone of the subnet, in maintenance', async () => {
    await call('POST', '/suites', { name: 'base' });
    const { name, cidr, address } = await addSubnet({
      suites: ['base'],
      exclude: ['127.0.101.8/29'],
    });
    const { body, location } = await call('POST', `/subnets/${name}/discover`);
    expect(location).toBe(`/api/v1/discoveries/${body.id}`);
    const discovery = await ended(body.id);
    expect(discovery).toMatchObject({
      ...{ id: body.id, subnet: name, cidr, zone: 'default', state: 'done', problem: null },
      ...{ scanned: 7, total: 7, found: 7, addedCount: 7, knownCount: 0, goneCount: 0 },
      ...{ requestedBy: 'admin (local file)', known: [], gone: [] },
    });
    expect(discovery.added).toHaveLength(7);
    expect(await addressesOf(name)).toEqual([1, 2, 3, 4, 5, 6, 7].map(address));
    for (const host of await hostsOf(name)) {
      expect(host).toMatchObject({ maintenance: true, suites: ['base'], zone: 'default' });
      expect(discovery.added).toContain(host.name);
    }
    const { items } = (await call('GET', `/audit?actor=discovery&name=${discovery.added[0]}`)).body;
    expect(items).toMatchObject([{ action: 'create', kind: 'host', before: null }]);
    const shown = (await call('GET', `/hosts/${discovery.added[0]}`)).body;
    // What grey knows of it is no part of the change.
    const { state, lastStateChange, acknowledged, inDowntime, ...configured } = shown;
    expect(items[0].after).toEqual(configured);
    expect([state, lastStateChange, acknowledged, inDowntime]).toEqual(['up', null, false, false]);
  });

  test('that is repeated adds only what is new, and notes what is gone', async () => {
    const { name, address } = await addSubnet();
    const first = await discover(name);
    expect(first.addedCount).toBe(14);
    expect(await discover(name)).toMatchObject({ addedCount: 0, knownCount: 14, goneCount: 0 });
    await call('DELETE', `/hosts/${address(3)}`);
    const third = await discover(name);
    expect(third).toMatchObject({ addedCount: 1, knownCount: 13, goneCount: 0 });
    expect((await call('GET', `/hosts/${third.added[0]}`)).body.address).toBe(address(3));
    expect(await addressesOf(name)).toHaveLength(14);
  });

  test('leaves hosts alone that somebody configured, whatever their subnet', async () => {
    const { name, address } = await addSubnet();
    const mine = { name: 'mine', address: address(5), zone: 'other', subnet: null };
    await call('POST', '/hosts', mine);
    expect(await discover(name)).toMatchObject({ addedCount: 13, known: ['mine'] });
    expect((await call('GET', '/hosts/mine')).body).toMatchObject({ ...mine, maintenance: false });
  });

  test('works on IPv6', async () => {
    await call('POST', '/subnets', { name: 'six', cidr: '::1/128' });
    expect(await discover('six')).toMatchObject({ total: 1, found: 1 });
  });

  test('of nothing but excluded addresses is done at once', async () => {
    const { name } = await addSubnet({ exclude: ['127.0.0.0/8'] });
    expect(await discover(name)).toMatchObject({ state: 'done', total: 0, found: 0 });
  });

  test('runs once at a time for a subnet, and waits where no worker serves the zone', async () => {
    const { name } = await addSubnet({ zone: 'nowhere' });
    const { body } = await call('POST', `/subnets/${name}/discover`);
    const second = await call('POST', `/subnets/${name}/discover`);
    expect(second.status).toBe(409);
    expect(second.body.detail).toBe(`A discovery of "${name}" is running already.`);
    expect((await call('GET', `/discoveries/${body.id}`)).body).toMatchObject({ scanned: 0 });
    const running = (await call('GET', '/discoveries?state=running')).body;
    expect(running.items.map(({ subnet }: { subnet: string }) => subnet)).toEqual([name]);
    await call('DELETE', `/subnets/${name}`);
    expect((await call('GET', `/discoveries/${body.id}`)).status).toBe(404);
  });

  test('is listed, the newest first, by subnet and by state', async () => {
    const { name } = await addSubnet();
    const [first, second] = [await discover(name), await discover(name)];
    const { body } = await call('GET', `/discoveries?subnet=${name}&state=done,failed`);
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual([second.id, first.id]);
    expect(body.items[0]).not.toHaveProperty('added');
    expect((await call('GET', '/discoveries?state=lost')).status).toBe(400);
    expect((await call('GET', '/discoveries/none')).status).toBe(404);
    expect((await call('POST', '/subnets/none/discover')).status).toBe(404);
  });

  test('tells its progress in the stream of events', async () => {
    const { name } = await addSubnet();
    const leaving = new AbortController();
    const stream = await fetch(`${url}/events?type=discovery`, {
      headers: { authorization: `Bearer ${admin}` },
      signal: leaving.signal,
    });
    const { id } = await discover(name);
    let text = '';
    for await (const part of stream.body ?? []) {
      text += Buffer.from(part).toString();
      if (text.includes('"state":"done"')) break;
    }
    leaving.abort();
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''));
    expect(events).toMatchObject([
      { type: 'discovery', id, subnet: name, state: 'running', scanned: 0, total: 14 },
      { type: 'discovery', id, subnet: name, state: 'done', scanned: 14, found: 14 },
    ]);
  });
});

describe('a subnet with automatic discovery', () => {
  const discoveriesOf = async (name: string) =>
    (await call('GET', `/discoveries?subnet=${name}`)).body;

  test('is searched without anybody asking', async () => {
    const { name } = await addSubnet({ autoDiscovery: true });
    const [discovery] = await waitFor('a discovery', async () => {
      const { items } = await discoveriesOf(name);
      return items[0]?.state === 'done' && items;
    });
    expect(discovery).toMatchObject({ requestedBy: null, addedCount: 14 });
  });

  test('is not searched any more once it is turned off, not even to the end', async () => {
    const { name } = await addSubnet({ autoDiscovery: true, zone: 'nowhere' });
    const { id } = await waitFor('a discovery', async () => (await discoveriesOf(name)).items[0]);
    await call('PATCH', `/subnets/${name}`, { autoDiscovery: false });
    expect(await ended(id)).toMatchObject({
      state: 'cancelled',
      problem: 'Automatic discovery was turned off.',
    });
    expect((await discoveriesOf(name)).total).toBe(1);
  });

  test('that somebody asks to search is searched, automatic or not', async () => {
    const { name } = await addSubnet({ autoDiscovery: true });
    await waitFor('a discovery', async () => {
      return (await discoveriesOf(name)).items[0]?.state === 'done';
    });
    await call('PATCH', `/subnets/${name}`, { autoDiscovery: false });
    expect(await discover(name)).toMatchObject({ state: 'done', knownCount: 14 });
  });
});

test('a discovery goes on when the program was stopped, though its queues are gone', async () => {
  const { name } = await addSubnet({ zone: 'later' });
  const { body } = await call('POST', `/subnets/${name}/discover`);
  // The older one is carried on first, so its slice is in its queue when another is done.
  await discover((await addSubnet()).name);
  await app.stop();
  await start('default', 'later');
  expect(await ended(body.id)).toMatchObject({ state: 'done', scanned: 14, addedCount: 14 });
});
