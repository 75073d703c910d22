import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../test/servers/needs.ts';
import { tempFolder, waitFor } from '../../test/servers/temp.ts';
import { createTestDatabase } from '../../test/servers/test-database.ts';
import { addCheck, deleteHost } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { openMariadb } from '../database/mariadb.ts';
import { migrate } from '../database/migrations/migrate.ts';
import { openPostgres } from '../database/postgres.ts';
import { recordChange } from '../database/queries/audit.ts';
import { listArchivedChecks } from '../database/queries/check-archive.ts';
import { writeBatch } from '../database/queries/check-states.ts';
import { listResults } from '../database/queries/checks.ts';
import { listDowntimeStretches } from '../database/queries/downtime-stretches.ts';
import { type EventEntry, insertEvents, listEventsAfter } from '../database/queries/events.ts';
import { readCheckCode } from '../database/queries/state-codes.ts';
import {
  findStateAt,
  insertStateStarts,
  listStateStarts,
  type StateStart,
} from '../database/queries/state-intervals.ts';
import { openSqlite } from '../database/sqlite.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { openNoStatistics } from '../rrd/none.ts';
import { forgetOld, type RetentionDays, startRetention } from './retention.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 15, 12);
const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 1_000 };
const DAYS: RetentionDays = {
  ...{ results: 10, states: 20, events: 5, downtimes: 30, discoveries: 30, audit: 0, workers: 0 },
};

describe.skipIf(needs('postgres', 'mariadb'))('retention', () => {
  for (const kind of ['sqlite', 'postgres', 'mariadb'] as const) describe(kind, () => testOn(kind));
});

function testOn(kind: 'sqlite' | 'postgres' | 'mariadb'): void {
  const made: AsyncDisposable[] = [];
  let database: Database;
  let other: Database;
  beforeAll(async () => {
    const open = await source();
    [database, other] = [await open(), await open()];
    await migrate(database);
  });
  afterAll(async () => {
    await database?.close();
    await other?.close();
    for (const one of made) await one[Symbol.asyncDispose]();
  });

  async function source(): Promise<() => Promise<Database>> {
    if (kind === 'sqlite') {
      const folder = await tempFolder();
      made.push(folder);
      return () => openSqlite(join(folder.path, 'test.db'));
    }
    const created = await createTestDatabase(kind);
    made.push(created);
    const options = { poolSize: 4, log: silentLog() };
    const open = kind === 'postgres' ? openPostgres : openMariadb;
    return async () => open(created.url, options);
  }

  const forget = (now = NOW, days = DAYS) =>
    forgetOld({ database, days, now, isWanted: () => true, pause: async () => {} });
  const result = (checkId: number, at: number) => ({
    ...{ check_id: checkId, scheduled_at: at, state: 0, exit_code: 0, output: '', long_output: '' },
    ...{ perfdata: '[]', started_at: at, finished_at: at, worker: 'w' },
  });
  const stretch = (checkId: number, fromAt: number, state: StateStart['state']): StateStart => ({
    ...{ checkId, fromAt, state, stateType: 'hard', output: '', cause: 'stateChange' },
  });

  test('results go when they are too old, those of today and of a border day stay', async () => {
    const { checkId } = await addCheck(database, 'results');
    const ages = [0, 0.5, 9, 9.9, 12, 100];
    const results = ages.map((age) => result(checkId, NOW - age * DAY));
    await writeBatch(database, { results });
    await forget();
    const kept = await listResults(database, [checkId], EVER, readCheckCode);
    expect(kept.map(({ scheduledAt }) => (NOW - scheduledAt) / DAY)).toEqual([0, 0.5, 9, 9.9]);
  });

  test('results of any day find their place, also when its partition is made later', async () => {
    const { checkId } = await addCheck(database, 'days');
    const ahead = [1, 2, 3, 4, 5].map((days) => result(checkId, NOW + days * DAY));
    await writeBatch(database, { results: ahead });
    await forget(NOW + 2 * DAY);
    await writeBatch(database, { results: ahead });
    expect(await listResults(database, [checkId], EVER, readCheckCode)).toHaveLength(ahead.length);
    await forget(NOW + 30 * DAY);
    expect(await listResults(database, [checkId], EVER, readCheckCode)).toEqual([]);
  });

  test('the stretch that is in force at the border stays, with all that follow', async () => {
    const { checkId } = await addCheck(database, 'stretches');
    const { checkId: steady } = await addCheck(database, 'steady');
    await insertStateStarts(database, [
      stretch(checkId, NOW - 100 * DAY, 'ok'),
      stretch(checkId, NOW - 50 * DAY, 'critical'),
      stretch(checkId, NOW - 30 * DAY, 'warning'),
      stretch(checkId, NOW - 3 * DAY, 'ok'),
      stretch(steady, NOW - 300 * DAY, 'ok'),
    ]);
    await forget();
    const kept = await listStateStarts(database, [checkId], EVER, readCheckCode);
    expect(kept.map(({ state }) => state)).toEqual(['ok', 'warning']);
    expect(await findStateAt(database, steady, NOW, readCheckCode)).toMatchObject({ state: 'ok' });
    expect(await findStateAt(database, checkId, NOW - 20 * DAY, readCheckCode)).toMatchObject({
      state: 'warning',
    });
  });

  test('of a check that is gone everything goes in the end, its name last', async () => {
    const { checkId, hostId } = await addCheck(database, 'gone');
    await insertStateStarts(database, [stretch(checkId, NOW - 100 * DAY, 'ok')]);
    await writeBatch(database, { results: [result(checkId, NOW - 2 * DAY)] });
    await deleteHost(database, hostId);
    const rename = database.db.updateTable('check_archive').set({ deleted_at: NOW - 2 * DAY });
    await rename.where('check_id', '=', checkId).execute();
    await forget();
    expect(await listArchivedChecks(database, 'gone', 'gone')).toHaveLength(1);
    expect(await findStateAt(database, checkId, NOW, readCheckCode)).toBeDefined();
    await forget(NOW + 30 * DAY);
    expect(await findStateAt(database, checkId, NOW, readCheckCode)).toBeUndefined();
    expect(await listArchivedChecks(database, 'gone', 'gone')).toEqual([]);
  });

  test('times in downtimes are known until their states are too old', async () => {
    const { checkId } = await addCheck(database, 'downtimes');
    const event = (at: number, action: string, id: string): EventEntry => ({
      ...{ at, type: 'downtime', checkId, payload: { action, id } },
    });
    const [long, old, recent, now] = [NOW - 30 * DAY, NOW - 25 * DAY, NOW - DAY, NOW];
    const first = [event(long, 'started', 'a'), event(old, 'ended', 'a')];
    await writeBatch(database, { events: [...first, event(recent, 'started', 'b')] });
    await writeBatch(database, {
      events: [event(now, 'started', 'c'), event(now, 'expired', 'd')],
    });
    await writeBatch(database, { events: [event(now, 'cancelled', 'b')] });
    const list = (from = 0) => listDowntimeStretches(database, checkId, { ...EVER, from });
    const stretches = [
      { from: long, to: old },
      { from: recent, to: now },
      { from: now, to: now },
      { from: now, to: null },
    ];
    expect(
      (await list()).toSorted(
        (a, b) => a.from - b.from || Number(a.to === null) - Number(b.to === null),
      ),
    ).toEqual(stretches);
    expect(await list(now)).toEqual([{ from: now, to: null }]);
    await forget();
    expect(await list()).toHaveLength(3);
  });

  test('a time in a downtime that nobody ends goes with the history of its check', async () => {
    const { checkId, hostId } = await addCheck(database, 'retired');
    const payload = { action: 'started', id: 'last' };
    await writeBatch(database, {
      events: [{ at: NOW - DAY, type: 'downtime', checkId, payload }],
    });
    const list = () => listDowntimeStretches(database, checkId, EVER);
    await forget();
    expect(await list()).toHaveLength(1);
    await deleteHost(database, hostId);
    await forget();
    expect(await list()).toEqual([]);
  });

  test('events go at their own age, and 0 keeps for ever', async () => {
    const event = (at: number) => ({ at, type: 'worker' as const, checkId: null, payload: {} });
    await insertEvents(database, [event(NOW - 6 * DAY), event(NOW - 4 * DAY)]);
    const origin = { ...database, at: NOW - 5_000 * DAY, actor: 'long ago' };
    await recordChange(origin, {
      ...{ kind: 'downtime', objectId: 'x', name: 'x', action: 'create', after: {} },
    });
    await forget();
    const events = await listEventsAfter(database, 0, 1_000);
    expect(Math.min(...events.map(({ at }) => (at > DAY ? at : NOW)))).toBe(NOW - 4 * DAY);
    const audit = database.db.selectFrom('audit').selectAll().where('actor', '=', 'long ago');
    expect(await audit.execute()).toHaveLength(1);
    await forget(NOW, { ...DAYS, audit: 1_000 });
    expect(await audit.execute()).toEqual([]);
  });

  test('results are stored while a hundred thousand old ones go', async () => {
    const { checkId } = await addCheck(database, 'many');
    const { checkId: fresh } = await addCheck(database, 'fresh');
    for (let part = 0; part < 20; part++) {
      const numbers = Array.from({ length: 5_000 }, (_, index) => part * 5_000 + index);
      const results = numbers.map((number) => result(checkId, NOW - 40 * DAY - number * 1_000));
      await writeBatch(database, { results });
    }
    let isDone = false;
    const stored: number[] = [];
    const options = { database, days: DAYS, now: NOW, isWanted: () => true };
    const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
    const forgetting = forgetOld({ ...options, pause }).finally(() => {
      isDone = true;
    });
    for (let number = 0; !isDone; number++) {
      const startedAt = performance.now();
      await writeBatch(other, { results: [result(fresh, NOW - number)] });
      stored.push(performance.now() - startedAt);
      // SQLite answers at once, so without this no timer would ever run.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await forgetting;
    expect(stored.length).toBeGreaterThan(5);
    expect(await listResults(database, [checkId], EVER, readCheckCode)).toEqual([]);
    expect(await listResults(database, [fresh], EVER, readCheckCode)).toHaveLength(
      Math.min(1_000, stored.length),
    );
  }, 120_000);

  test('one of two greys does it', async () => {
    const start = (holder: string, metrics: Metrics) =>
      startRetention({
        ...{ database, days: DAYS, holder, clock: systemClock, log: silentLog(), metrics },
        rrd: openNoStatistics(silentLog()),
      });
    const [one, two, three] = [createMetrics(), createMetrics(), createMetrics()];
    const roundsOf = async (metrics: Metrics) =>
      /retention_rounds_total (\d)/.exec(await metrics.format())?.[1];
    const first = await start('a', one);
    await waitFor('the first round', async () => (await roundsOf(one)) === '1');
    const second = await start('b', two);
    await Promise.all([first.stop(), second.stop()]);
    expect(await roundsOf(two)).toBe('0');
    const third = await start('c', three);
    await waitFor('the next', async () => (await roundsOf(three)) === '1');
    await third.stop();
  });
}
