/** Statistics that cannot be written stop no result, are told as a problem, and heal by themselves. */

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeServiceFigures } from '../../src/database/queries/service-figures.ts';
import { openRunningSite } from '../running-site.ts';
import { needs } from '../servers/needs.ts';
import { startRrdcached } from '../servers/rrdcached.ts';
import { mountSmallDisk } from '../servers/small-disk.ts';
import { type TempFolder, tempFolder, waitFor } from '../servers/temp.ts';

type Site = Awaited<ReturnType<typeof openRunningSite>>;

let folder: TempFolder;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

async function openSite(flags: Record<string, unknown>) {
  const site = await openRunningSite({
    ...{ 'grey.statsInterval': 1, 'violet.heartbeatInterval': 1 },
    ...flags,
  });
  return Object.assign(site, { [Symbol.asyncDispose]: () => site.close() });
}

/** A result with performance data that must be stored, whatever becomes of the data. */
async function submit(site: Site, path: string, size: number): Promise<void> {
  const result = { exitCode: 1, output: `size ${size}`, perfdata: `size=${size}` };
  const { status, body } = await site.call('POST', `${path}/results?wait=true`, result);
  expect(status).toBe(200);
  expect(body).toMatchObject({ state: 'warning', output: `size ${size}` });
}

const problemOf = async (site: Site): Promise<string | null> =>
  (await site.call('GET', '/status')).body.statistics.problem;

async function expectHealed(site: Site, path: string): Promise<void> {
  await waitFor('the problem to be over', async () => {
    await submit(site, path, 3);
    return (await problemOf(site)) === null;
  });
  await waitFor('statistics of the site', async () => {
    const { status, body } = await site.call('GET', '/stats/common/last');
    return status === 200 && body.values.checks_all !== null;
  });
  await submit(site, path, 3);
  await waitFor('the series of the check', async () => {
    const { status, body } = await site.call('GET', `${path}/perfdata`);
    return status === 200 && body.metrics.length === 1;
  });
}

describe('a full disk', () => {
  const drivers = needs('rrdtool') ? ['builtin'] : ['builtin', 'rrdtool'];
  test.for(drivers)('with %s', async (driver, { skip }) => {
    const dir = join(folder.path, 'rrd');
    await mkdir(dir);
    await using disk = await mountSmallDisk(dir);
    if (!disk.isMounted) return skip('this user may not mount a disk');
    await using site = await openSite({ 'rrd.driver': driver, 'rrd.dir': dir });
    const { path } = await site.addCheck();
    await submit(site, path, 1);
    await submit(site, path, 2);
    await waitFor('the problem to be told', async () =>
      (await problemOf(site))?.includes('is full'),
    );
    expect((await readdir(dir)).filter((name) => name.startsWith('worker'))).toEqual([]);
    await disk.grow();
    await expectHealed(site, path);
  });
});

test.skipIf(needs('rrdcached'))(
  'an rrdcached that is not there, comes, goes and comes back',
  async () => {
    const paths = { folder: join(folder.path, 'rrd'), own: join(folder.path, 'own') };
    for (const path of Object.values(paths)) await mkdir(path);
    const address = `unix:${join(paths.own, 'socket')}`;
    await using site = await openSite({
      'rrd.driver': 'rrdcached',
      'rrd.dir': paths.folder,
      'rrd.address': address,
    });
    const { path } = await site.addCheck();
    for (let round = 0; round < 2; round++) {
      await submit(site, path, 1);
      await waitFor('the problem to be told', async () =>
        (await problemOf(site))?.includes('rrdcached'),
      );
      await submit(site, path, 2);
      const daemon = await startRrdcached(paths, address);
      await expectHealed(site, path);
      await daemon.stop();
    }
  },
);

test('what a grey elsewhere cannot write is told by any red', async () => {
  await using site = await openSite({ 'rrd.driver': 'builtin' });
  expect(await problemOf(site)).toBeNull();
  const { database } = site;
  if (!database) throw new Error('this site has a database');
  const service = { id: 'elsewhere', role: 'grey', figures: {}, problem: 'no disk there' } as const;
  await writeServiceFigures(database, { ...service, at: Date.now() });
  expect(await problemOf(site)).toBe('no disk there');
  await writeServiceFigures(database, { ...service, at: Date.now() - 3_600_000 });
  expect(await problemOf(site)).toBeNull();
});
