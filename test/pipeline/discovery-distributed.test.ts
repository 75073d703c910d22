/** Discovery by several workers over real RabbitMQ and PostgreSQL, one of which is killed. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PageJson } from '../../src/contract/client.ts';
import type { DiscoveryJson } from '../../src/contract/discoveries.ts';
import type { HostJson } from '../../src/contract/hosts.ts';
import type { WorkersJson } from '../../src/contract/statistics.ts';
import { needs } from '../servers/needs.ts';
import { type ApiCaller, apiOf, isReady, startPpalette } from '../servers/program.ts';
import { type RabbitmqServer, startRabbitmq } from '../servers/rabbitmq.ts';
import {
  freePort,
  type RunningProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../servers/temp.ts';
import { createTestDatabase, type TestDatabase } from '../servers/test-database.ts';

describe.skipIf(needs('rabbitmq', 'postgres'))('discovery by several workers', () => {
  let folder: TempFolder;
  let rabbitmq: RabbitmqServer;
  let database: TestDatabase;
  let url: string;
  let api: ApiCaller;
  const services = new Map<string, RunningProcess>();

  const startService = async (role: string, node: string) => {
    const data = join(folder.path, node);
    await mkdir(data, { recursive: true });
    const service = await startPpalette([role], {
      cwd: data,
      env: {
        PPALETTE_DATA: data,
        PPALETTE_DATABASE__URL: role === 'violet' ? 'postgres://127.0.0.1:1/none' : database.url,
        PPALETTE_BROKER__URL: rabbitmq.url,
        PPALETTE_RED__LISTEN: url.slice('http://'.length),
        PPALETTE_RRD__DRIVER: 'none',
        PPALETTE_VIOLET__HEARTBEAT_INTERVAL: '1',
        PPALETTE_VIOLET__DISCOVERY__RATE: '50',
        PPALETTE_VIOLET__DISCOVERY__PORTS: '22,80',
        PPALETTE_SECURITY__MESSAGE_KEY: 'a shared secret',
        PPALETTE_LOG__LEVEL: 'debug',
      },
    });
    services.set(node, service);
  };
  const begin = async (name: string, cidr: string) => {
    await api.send('POST', '/subnets', { name, cidr });
    const { body } = await api.send('POST', `/subnets/${name}/discover`);
    return (body as { id: string }).id;
  };
  const show = (id: string) => api.get<DiscoveryJson>(`/discoveries/${id}`);
  const ended = (id: string) =>
    waitFor(
      'the end of the discovery',
      async () => {
        const discovery = await show(id);
        return discovery.state !== 'running' && discovery;
      },
      60_000,
    );
  const slicesOf = (node: string, id: string) =>
    (services.get(node)?.output() ?? '')
      .split('\n')
      .filter((line) => line.includes('slice searched') && line.includes(id)).length;

  beforeAll(async () => {
    [folder, rabbitmq, database] = await Promise.all([
      tempFolder(),
      startRabbitmq(),
      createTestDatabase('postgres'),
    ]);
    url = `http://127.0.0.1:${await freePort()}`;
    api = apiOf(url, join(folder.path, 'red'));
    for (const [role, node] of [
      ['violet', 'one'],
      ['violet', 'two'],
      ['grey', 'grey'],
      ['red', 'red'],
    ] as const) {
      await startService(role, node);
    }
    await waitFor('the API', () => isReady(url), 30_000);
    await waitFor('both workers', async () => {
      const { items } = await api.get<WorkersJson>('/workers');
      return items.filter(({ connected }) => connected).length === 2;
    });
  });
  afterAll(async () => {
    await Promise.all([...services.values()].map((service) => service.stop('SIGTERM', 5_000)));
    await rabbitmq?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test('they share the slices', { timeout: 90_000 }, async () => {
    const id = await begin('shared', '127.20.0.0/22');
    const discovery = await ended(id);
    expect(discovery).toMatchObject({ state: 'done', scanned: 1_022, addedCount: 1_022 });
    expect(slicesOf('one', id) + slicesOf('two', id)).toBe(16);
    expect(Math.min(slicesOf('one', id), slicesOf('two', id))).toBeGreaterThanOrEqual(4);
    // At 50 addresses a second, each by itself would take 20 s.
    const tookMs = Date.parse(discovery.finishedAt ?? '') - Date.parse(discovery.startedAt);
    expect(tookMs).toBeGreaterThan(9_000);
  });

  test('what one had in hand when it was killed is done by the other, once', {
    timeout: 90_000,
  }, async () => {
    const id = await begin('killed', '127.21.0.0/22');
    await waitFor('a slice of each', () => slicesOf('one', id) > 0 && slicesOf('two', id) > 0);
    services.get('one')?.kill();
    const { scanned } = await show(id);
    expect(scanned).toBeLessThan(1_022);
    const discovery = await ended(id);
    expect(discovery).toMatchObject({
      ...{ state: 'done', scanned: 1_022, addedCount: 1_022, knownCount: 0, goneCount: 0 },
    });
    const hosts = await api.get<PageJson<HostJson>>('/hosts?subnet=killed&limit=1');
    expect(hosts.total).toBe(1_022);
    await waitFor('nothing to be left to do', async () => {
      const queues = await rabbitmq.control('list_queues', 'name', 'messages');
      return /^ppalette\.discoveries\.default\t0$/m.test(queues);
    });
  });
});
