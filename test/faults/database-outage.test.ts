/** PostgreSQL goes away and comes back under a running system: it says so, waits, and goes on. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckJson, ResultJson } from '../../src/contract/checks.ts';
import type { DatabaseServer } from '../servers/database-server.ts';
import { needs } from '../servers/needs.ts';
import { startPostgres } from '../servers/postgres.ts';
import { type ApiCaller, apiOf, isReady, startPpalette } from '../servers/program.ts';
import {
  freePort,
  type RunningProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../servers/temp.ts';

interface ResultsJson {
  readonly items: readonly ResultJson[];
}

describe.skipIf(needs('postgres'))('database outage', () => {
  let folder: TempFolder;
  let postgres: DatabaseServer;
  let up: RunningProcess;
  let url: string;
  let api: ApiCaller;

  beforeAll(async () => {
    [folder, postgres] = await Promise.all([tempFolder(), startPostgres()]);
    await postgres.createDatabase('outage');
    const data = join(folder.path, 'var');
    const listen = `127.0.0.1:${await freePort()}`;
    url = `http://${listen}`;
    api = apiOf(url, data);
    up = await startPpalette(['up', '--no-starter', '--data', data, '--listen', listen], {
      cwd: folder.path,
      env: { PPALETTE_DATABASE__URL: postgres.url('outage') },
    });
    await waitFor('the API', () => isReady(url));
    await api.send('POST', '/suites', { name: 's' });
    const plugin = { name: 'p', builtin: 'dummy', params: '0', interval: 1, suites: ['s'] };
    await api.send('POST', '/plugins', plugin);
    const host = { name: 'h', address: '192.0.2.1', suites: ['s'], history: true };
    await api.send('POST', '/hosts', host);
  });
  afterAll(async () => {
    await up?.stop();
    await postgres?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  const newestDue = async () => {
    const { scheduledAt } = await api.get<CheckJson>('/checks/h/p');
    return Date.parse(scheduledAt ?? '1970-01-01');
  };

  test('while it is away the API says so and stays up', async () => {
    await waitFor('a first result', async () => (await newestDue()) > 0);
    await postgres.stop('SIGKILL');
    const refused = await waitFor('a refusal', async () => {
      const answer = await api.send('GET', '/hosts');
      return answer.status === 503 && answer.body;
    });
    expect(refused).toMatchObject({
      status: 503,
      detail: expect.stringContaining('database is not available'),
    });
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toMatch(/database/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    // Nor do the metrics wait for it.
    await waitFor('the metric of the outage', async () =>
      /^ppalette_database_available 0$/m.test(await metrics()),
    );
    expect(await metrics()).toMatch(/^ppalette_database_failures_total [1-9]/m);
  });

  test('when it is back everything goes on by itself, and what was stored is still there', async () => {
    await postgres.start();
    const backAt = Date.now();
    await waitFor(
      'results from after the outage',
      async () => (await newestDue()) > backAt,
      30_000,
    );
    expect(await isReady(url)).toBe(true);
    expect(await metrics()).toMatch(/^ppalette_database_available 1$/m);
    const { items } = await api.get<ResultsJson>('/checks/h/p/history?limit=1000');
    expect(items.some((item) => Date.parse(item.scheduledAt) < backAt)).toBe(true);
    expect(up.output()).not.toMatch(/unexpected failure/);
  });
});
