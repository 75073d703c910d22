import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { createMemoryDatabase } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { listScheduleStops } from '../database/queries/schedule-stops.ts';
import { silentLog } from '../lib/log.ts';
import { noteUptime, startUptimeWatch } from './uptime.ts';

let database: Database;
beforeEach(async () => {
  database = await createMemoryDatabase();
});
afterEach(() => database.close());

test('9 a takeover is no start, a stop of more than a minute is one', async () => {
  expect(await noteUptime(database, 1_000)).toEqual({ startedAt: 1_000, stoppedAt: null });
  expect(await noteUptime(database, 30_000)).toEqual({ startedAt: 1_000, stoppedAt: null });
  expect(await noteUptime(database, 90_000)).toEqual({ startedAt: 1_000, stoppedAt: null });
  expect(await noteUptime(database, 150_001)).toEqual({ startedAt: 150_001, stoppedAt: 90_000 });
  expect(await noteUptime(database, 160_000)).toEqual({ startedAt: 150_001, stoppedAt: 90_000 });
});

test('a stop longer than the grace of silence is kept, the latest hundred of them', async () => {
  await noteUptime(database, 1_000);
  await noteUptime(database, 16_000);
  expect(await listScheduleStops(database)).toEqual([]);
  await noteUptime(database, 31_001);
  expect(await listScheduleStops(database)).toEqual([{ from: 16_000, to: 31_001 }]);
  for (let at = 100_000; at <= 10_100_000; at += 100_000) await noteUptime(database, at);
  const stops = await listScheduleStops(database);
  expect(stops).toHaveLength(100);
  expect(stops.at(-1)).toEqual({ from: 10_000_000, to: 10_100_000 });
});

test('who gains the schedule has it once that is noted, and is told so each time', async () => {
  const clock = createSimulatedClock(1_000);
  let isHeld = false;
  let begunCount = 0;
  const watch = await startUptimeWatch({
    ...{ database, clock, log: silentLog(), isHeld: () => isHeld },
    onBegun: () => {
      begunCount++;
    },
  });
  expect([watch.uptime(), begunCount]).toEqual([null, 0]);
  isHeld = true;
  expect(watch.uptime()).toBeNull();
  await watch.begin();
  expect([watch.uptime()?.startedAt, begunCount]).toEqual([1_000, 1]);
  await clock.advance(60_000);
  isHeld = false;
  expect(watch.uptime()).toBeNull();
  await clock.advance(60_000);
  isHeld = true;
  await watch.begin();
  expect(begunCount).toBe(2);
  expect(await listScheduleStops(database)).toEqual([{ from: 61_000, to: 121_000 }]);
  const stopped = watch.stop();
  await clock.advance(1_000);
  await stopped;
});
