import { sql } from 'kysely';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../test/servers/temp.ts';
import { createSimulatedClock, type SimulatedClock } from '../../test/simulated-clock.ts';
import { addCheck, createMemoryDatabase } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { countEverything } from '../database/queries/tally-sums.ts';
import { readTotals, sumTotals } from '../database/queries/totals.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { DEFAULT_SPANS } from '../rrd/archives.ts';
import { openNoStatistics } from '../rrd/none.ts';
import { startStatistics } from './statistics.ts';
import { createWriteFailures } from './write-failures.ts';

const HOUR_MS = 3_600_000;
/** Shorter than the time to live of a lease, so that it stays where it is. */
const STEP_MS = 500;

const TITLE = 'every hour the one grey that counts for all compares the totals with what there is';

describe(TITLE, { timeout: 60_000 }, () => {
  let clock: SimulatedClock;
  let database: Database;
  let lines: string[];
  const started: { stop(): Promise<void> }[] = [];

  beforeEach(async () => {
    clock = createSimulatedClock();
    database = await createMemoryDatabase();
    for (const name of ['a', 'b', 'c']) await addCheck(database, name);
    lines = [];
  });
  afterEach(async () => {
    for (const one of started.splice(0)) await one.stop();
    await database.close();
  });

  /** A grey; resolves to its metrics. */
  async function start(holder: string): Promise<Metrics> {
    const metrics = createMetrics();
    const log = pino({ base: { holder } }, { write: (line: string) => lines.push(line) });
    started.push(
      await startStatistics({
        ...{ database, clock, log, metrics, holder, archives: DEFAULT_SPANS },
        ...{ rrd: openNoStatistics(silentLog()), intervalMs: 60_000, readRamUsedKib: () => 1 },
        failures: createWriteFailures(clock, metrics),
      }),
    );
    return metrics;
  }

  async function pass(durationMs: number) {
    for (let passedMs = 0; passedMs < durationMs; passedMs += STEP_MS) await clock.advance(STEP_MS);
  }
  const wrongOf = async (metrics: Metrics) =>
    Number(/wrong_totals_total (\d+)/.exec(await metrics.format())?.[1]);
  const findTold = () =>
    lines.map((line) => JSON.parse(line)).filter(({ msg }) => /totals were wrong/.test(msg));

  test('and puts right what is wrong, counts it and tells it once', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const full = sumTotals(await countEverything(database));
    expect(await readTotals(database)).toEqual(full);
    await sql`update host_tally set count = count + 5`.execute(database.db);
    await sql`update tally set count = count + 3`.execute(database.db);
    const wrong = await readTotals(database);
    expect(wrong).not.toEqual(full);

    await pass(HOUR_MS - STEP_MS);
    expect(await readTotals(database)).toEqual(wrong);
    expect([await wrongOf(one), await wrongOf(two)]).toEqual([0, 0]);

    await pass(STEP_MS);
    await waitFor('the repair', async () => (await wrongOf(one)) > 0);
    expect(await readTotals(database)).toEqual(full);
    expect(await wrongOf(two)).toBe(0);
    const told = findTold();
    expect(told).toMatchObject([{ holder: 'one', wrong: await wrongOf(one) }]);
    // Three hosts, whose counts differ from what there is.
    expect(told[0].wrong).toBeGreaterThanOrEqual(3);

    await pass(HOUR_MS);
    expect(await readTotals(database)).toEqual(full);
    expect(findTold()).toEqual(told);
    expect(await wrongOf(one)).toBe(told[0].wrong);
  });

  test('and says nothing when they are right', async () => {
    const metrics = await start('one');
    await pass(HOUR_MS + STEP_MS);
    await addCheck(database, 'late');
    await pass(HOUR_MS);
    expect(await readTotals(database)).toEqual(sumTotals(await countEverything(database)));
    expect(await wrongOf(metrics)).toBe(0);
    expect(findTold()).toEqual([]);
  });

  test('and tries again an hour later when the database was away', async () => {
    const metrics = await start('one');
    await pass(HOUR_MS - STEP_MS);
    await sql`update tally set count = count + 3`.execute(database.db);
    await sql`alter table host_tally rename to hidden`.execute(database.db);
    await pass(2 * STEP_MS);
    expect(await wrongOf(metrics)).toBe(0);
    await sql`alter table hidden rename to host_tally`.execute(database.db);
    await pass(HOUR_MS);
    await waitFor('the repair', async () => (await wrongOf(metrics)) > 0);
    expect(await readTotals(database)).toEqual(sumTotals(await countEverything(database)));
  });
});
