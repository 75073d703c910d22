import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../test/servers/temp.ts';
import { createMemoryDatabase } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { insertEvents } from '../database/queries/events.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createEventFeed, type EventFeed, type News } from './event-feed.ts';

let database: Database;
let feed: EventFeed;

beforeEach(async () => {
  database = await createMemoryDatabase();
  feed = createEventFeed({ sql: database, clock: systemClock, log: silentLog() });
});
afterEach(async () => {
  await feed.stop();
  await database.close();
});

const happen = () =>
  insertEvents(database, [{ at: 0, type: 'worker', checkId: null, payload: {} }]);

describe('events', () => {
  test('are told to all who come first together, from the same one on', async () => {
    await happen();
    const told: number[][] = [];
    const follow = async (among: number[]) => {
      told.push(among);
      const tell = async ({ events }: News) => void among.push(...events.map(({ id }) => id));
      return feed.follow(tell);
    };
    // The database is asked in this order.
    const [one, , two] = await Promise.all([follow([]), happen(), follow([])]);
    await happen();
    await waitFor('the last', () => told.every((ids) => ids.includes(3)));
    expect([one.newestId, two.newestId]).toEqual([1, 1]);
    expect(told).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });
});
