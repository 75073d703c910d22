import { mkdir, readdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { startRrdcached } from '../../test/servers/rrdcached.ts';
import { tempFolder, waitFor } from '../../test/servers/temp.ts';
import { createTestDatabase } from '../../test/servers/test-database.ts';
import { addCheck, deleteHost } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { openMariadb } from '../database/mariadb.ts';
import { migrate } from '../database/migrations/migrate.ts';
import { openPostgres } from '../database/postgres.ts';
import { insertCheckMetrics, listCheckMetrics } from '../database/queries/check-metrics.ts';
import { insertStateStarts } from '../database/queries/state-intervals.ts';
import { listWorkers, writeWorkers } from '../database/queries/workers.ts';
import { openSqlite } from '../database/sqlite.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { Unavailable } from '../model/errors.ts';
import { openBuiltin } from '../rrd/builtin/builtin.ts';
import { checkDefinition, checkFileName } from '../rrd/check-series.ts';
import { openNoStatistics } from '../rrd/none.ts';
import type { RrdStore } from '../rrd/rrd.ts';
import { openRrdcached } from '../rrd/rrdcached.ts';
import { openRrdtool } from '../rrd/rrdtool.ts';
import { workerDefinition, workerFileName } from '../rrd/series.ts';
import { type GoneKind, removeGoneFiles } from './gone-files.ts';
import { forgetOld, type RetentionDays, startRetention } from './retention.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 15, 12);
const START_S = 1_700_000_040;
const DAYS: RetentionDays = {
  ...{ results: 10, states: 20, events: 5, downtimes: 30, discoveries: 30, audit: 0, workers: 30 },
};

// Each driver once and each database once: what they do for each other is the same.
const PAIRS = [
  ['sqlite', 'rrdtool'],
  ['postgres', 'rrdcached'],
  ['mariadb', 'builtin'],
] as const;

type DatabaseKind = (typeof PAIRS)[number][0];
type Driver = (typeof PAIRS)[number][1];

describe.skipIf(needs('postgres', 'mariadb', 'rrdtool', 'rrdcached'))(
  'files of what is gone',
  () => {
    for (const [kind, driver] of PAIRS) describe(`${kind}, ${driver}`, () => testOn(kind, driver));
  },
);

function testOn(kind: DatabaseKind, driver: Driver): void {
  let made: AsyncDisposable[];
  let folder: string;
  let database: Database;
  let rrd: RrdStore;
  let removed: GoneKind[];

  beforeEach(async () => {
    made = [];
    removed = [];
    const temp = await tempFolder();
    made.push(temp);
    folder = join(temp.path, 'rrd');
    await mkdir(folder);
    database = await openDatabase(temp.path);
    await migrate(database);
    rrd = await openStore(temp.path);
  });
  afterEach(async () => {
    await rrd.close();
    await database.close();
    for (const one of made.reverse()) await one[Symbol.asyncDispose]();
  });

  async function openDatabase(path: string): Promise<Database> {
    if (kind === 'sqlite') return openSqlite(join(path, 'test.db'));
    const created = await createTestDatabase(kind);
    made.push(created);
    const open = kind === 'postgres' ? openPostgres : openMariadb;
    return open(created.url, { poolSize: 4, log: silentLog() });
  }

  async function openStore(path: string): Promise<RrdStore> {
    const options = { folder, clock: systemClock, log: silentLog() };
    if (driver === 'rrdtool') return openRrdtool(options);
    if (driver === 'builtin') return openBuiltin(options);
    const own = join(path, 'own');
    await mkdir(own);
    const address = `unix:${join(own, 'socket')}`;
    const daemon = await startRrdcached({ folder, own }, address);
    made.push({ [Symbol.asyncDispose]: () => daemon.stop().then(() => undefined) });
    return openRrdcached({ ...options, address });
  }

  const remove = (now = NOW, options: { rrd?: RrdStore; days?: RetentionDays } = {}) =>
    removeGoneFiles({
      ...{ database, rrd, days: DAYS, now, isWanted: () => true, pause: async () => {} },
      onRemoved: (one) => removed.push(one),
      ...options,
    });
  const forget = (now: number) =>
    forgetOld({ database, days: DAYS, now, isWanted: () => true, pause: async () => {} });

  /** A check with two metrics, each in a file of its own, and one stretch of a state. */
  async function addCheckWithFiles(name: string) {
    const check = await addCheck(database, name);
    const { checkId } = check;
    const metric = { checkId, unit: 's', sourceNumber: 0 };
    await insertCheckMetrics(database, [
      { ...metric, label: 'a', fileNumber: 0 },
      { ...metric, label: 'b', fileNumber: 1 },
    ]);
    const files = [checkFileName(checkId, 0), checkFileName(checkId, 1)];
    for (const file of files) await write(file);
    await insertStateStarts(database, [
      {
        ...{ checkId, fromAt: NOW - 100 * DAY, state: 'ok', stateType: 'hard' },
        ...{ output: '', cause: 'stateChange' },
      },
    ]);
    return { ...check, files };
  }

  async function write(file: string) {
    const sample = { atS: START_S + 60, values: [1] };
    await rrd.update(file, checkDefinition([{ unit: 's' }], 60), [sample]);
  }

  async function addWorker(id: string, heartbeatAt: number) {
    const sample = { atS: START_S + 60, values: [1, 2, 3, 4, 5, 6, 7, 8, 9] };
    await rrd.update(workerFileName(id), workerDefinition(10), [sample]);
    await hear(id, heartbeatAt);
  }
  const hear = (id: string, heartbeatAt: number) =>
    database.transaction((sql) =>
      writeWorkers(sql, [
        {
          ...{ id, hostname: 'h', version: '1', zones: ['default'], status: 'running' },
          ...{ startedAt: 1, heartbeatAt, intervalMs: 10_000, figures: {} },
        },
      ]),
    );

  const listFiles = async () =>
    (await readdir(folder)).map((file) => file.replace('.rrd', '')).sort();

  test('of a check go with the last of its history, those of others stay', async () => {
    const gone = await addCheckWithFiles('gone');
    const living = await addCheckWithFiles('living');
    await write('common');
    await deleteHost(database, gone.hostId);
    const archived = database.db.updateTable('check_archive').set({ deleted_at: NOW - DAY });
    await archived.execute();
    await forget(NOW);
    expect(await remove()).toBeNull();
    expect(await listFiles()).toEqual([...gone.files, ...living.files, 'common'].sort());
    expect(removed).toEqual([]);

    await forget(NOW + 30 * DAY);
    expect(await remove(NOW + 30 * DAY)).toBeNull();
    expect(await listFiles()).toEqual([...living.files, 'common'].sort());
    expect(removed).toEqual(['check', 'check']);
    const both = [gone.checkId, living.checkId];
    expect((await listCheckMetrics(database, both)).map(({ checkId }) => checkId)).toEqual([
      living.checkId,
      living.checkId,
    ]);
    expect(await remove(NOW + 30 * DAY)).toBeNull();
    expect(removed).toHaveLength(2);
  });

  test('that somebody removed before are no failure', async () => {
    const gone = await addCheckWithFiles('gone');
    await deleteHost(database, gone.hostId);
    await database.db.deleteFrom('check_archive').execute();
    await rrd.remove(gone.files[0] ?? '');
    expect(await remove()).toBeNull();
    expect(removed).toEqual(['check']);
    expect(await listFiles()).toEqual([]);
  });

  test('that cannot be removed are told, hold up no others, and are tried again', async () => {
    const [stuck, gone] = [await addCheckWithFiles('stuck'), await addCheckWithFiles('gone')];
    await deleteHost(database, stuck.hostId);
    await deleteHost(database, gone.hostId);
    await database.db.deleteFrom('check_archive').execute();
    const [first = '', second = ''] = stuck.files;
    const [path, aside] = [join(folder, `${first}.rrd`), join(folder, 'aside')];
    await rename(path, aside);
    await symlink(aside, path);
    const failure = await remove();
    expect(failure).toBeInstanceOf(Unavailable);
    expect(failure?.message).toContain(first);
    expect(await listFiles()).toEqual(['aside', first]);
    expect(removed).toHaveLength(3);
    expect(await listCheckMetrics(database, [stuck.checkId])).toMatchObject([{ fileNumber: 0 }]);
    expect(second).not.toBe('');
    await rename(aside, path);
    expect(await remove()).toBeNull();
    expect(await listFiles()).toEqual([]);
  });

  test('out of reach stay, and so does what is known of them', async () => {
    const gone = await addCheckWithFiles('gone');
    await deleteHost(database, gone.hostId);
    await database.db.deleteFrom('check_archive').execute();
    expect(await remove(NOW, { rrd: openNoStatistics(silentLog()) })).toBeNull();
    expect(removed).toEqual([]);
    expect(await listCheckMetrics(database, [gone.checkId])).toHaveLength(2);
    await remove();
    expect(removed).toHaveLength(2);
  });

  test('of a worker go with it when it was silent for so long, whatever it is called', async () => {
    const names = ['Violet 1', '../common', 'ä'.repeat(100)];
    for (const name of names) await addWorker(name, NOW - 31 * DAY);
    await addWorker('violet 1', NOW - 29 * DAY);
    expect(await remove(NOW, { days: { ...DAYS, workers: 0 } })).toBeNull();
    expect(await listFiles()).toHaveLength(4);
    expect(await remove()).toBeNull();
    expect(await listFiles()).toEqual([workerFileName('violet 1')]);
    expect((await listWorkers(database)).map(({ id }) => id)).toEqual(['violet 1']);
    expect(removed).toEqual(['worker', 'worker', 'worker']);
  });

  test('of a worker that comes back in the last moment stay, or begin anew after it', async () => {
    await addWorker('back', NOW - 31 * DAY);
    let heard: Promise<void> = Promise.resolve();
    // The file is removed while its row is held, so this heartbeat waits for the end of that.
    const late: RrdStore = {
      driver: rrd.driver,
      update: (...args) => rrd.update(...args),
      fetch: (...args) => rrd.fetch(...args),
      problem: () => rrd.problem(),
      close: () => rrd.close(),
      remove(name) {
        heard = hear('back', NOW).then(() => write(name));
        return rrd.remove(name);
      },
    };
    await remove(NOW, { rrd: late });
    await heard;
    expect(removed).toEqual(['worker']);
    expect(await listFiles()).toEqual([workerFileName('back')]);
    expect((await listWorkers(database)).map(({ id }) => id)).toEqual(['back']);

    await remove();
    expect(removed).toEqual(['worker']);
    expect(await listFiles()).toEqual([workerFileName('back')]);
  });

  test('are removed and counted by one of two greys', async () => {
    const gone = await addCheckWithFiles('gone');
    await deleteHost(database, gone.hostId);
    await database.db.deleteFrom('check_archive').execute();
    const all = [createMetrics(), createMetrics()];
    const greys = await Promise.all(
      all.map((metrics, index) =>
        startRetention({
          ...{ database, rrd, days: DAYS, holder: `grey-${index}`, metrics },
          ...{ clock: systemClock, log: silentLog() },
        }),
      ),
    );
    const count = async (metrics: Metrics) =>
      Number(/removed_files_total\{kind="check"\} (\d)/.exec(await metrics.format())?.[1]);
    const counts = await waitFor('the removal', async () => {
      const found = await Promise.all(all.map(count));
      return found.includes(2) ? found : undefined;
    });
    for (const grey of greys) await grey.stop();
    expect(counts.sort()).toEqual([0, 2]);
    expect(await listFiles()).toEqual([]);
  });

  test('of a worker that cannot be removed keep it in the list', async () => {
    await addWorker('stuck', NOW - 31 * DAY);
    const path = join(folder, `${workerFileName('stuck')}.rrd`);
    await rename(path, join(folder, 'aside'));
    await symlink(join(folder, 'aside'), path);
    expect(await remove()).toBeInstanceOf(Unavailable);
    expect((await listWorkers(database)).map(({ id }) => id)).toEqual(['stuck']);
    expect(removed).toEqual([]);
  });
}
