/** The starter site on a database server: the same program, another address. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckJson } from '../../src/contract/checks.ts';
import type { PageJson } from '../../src/contract/client.ts';
import type { StatusJson } from '../../src/contract/statistics.ts';
import { needs } from '../servers/needs.ts';
import { apiOf, isReady, startPpalette } from '../servers/program.ts';
import { freePort, type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';
import { createTestDatabase } from '../servers/test-database.ts';

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function expectStates(databaseUrl: string, name: string) {
  const data = join(folder.path, name);
  const listen = `127.0.0.1:${await freePort()}`;
  await using up = await startPpalette(['up', '--data', data, '--listen', listen], {
    cwd: folder.path,
    env: { PPALETTE_DATABASE__URL: databaseUrl },
  });
  const url = `http://${listen}`;
  await waitFor('the API', () => isReady(url));
  const api = apiOf(url, data);
  const checks = await waitFor('every starter check to have a state', async () => {
    const { items } = await api.get<PageJson<CheckJson>>('/checks');
    return items.length >= 3 && items.every((check) => check.state !== 'pending') && items;
  });
  expect(checks.find((check) => check.plugin === 'api-port')).toMatchObject({ state: 'ok' });
  const status = await api.get<StatusJson>('/status');
  expect(status.database.address).toContain(new URL(databaseUrl).host);
  await up.stop('SIGTERM');
  expect(await up.exited).toMatchObject({ code: 0 });
}

describe('everything in one process with a database server', () => {
  test.skipIf(needs('postgres'))('PostgreSQL', async () => {
    await using database = await createTestDatabase('postgres');
    await expectStates(database.url, 'postgres');
  });

  test.skipIf(needs('mariadb'))('MariaDB', async () => {
    await using database = await createTestDatabase('mariadb');
    await expectStates(database.url, 'mariadb');
  });
});
