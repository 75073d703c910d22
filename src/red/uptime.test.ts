import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryDatabase } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { noteUptime } from './uptime.ts';

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
