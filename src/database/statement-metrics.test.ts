import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSimulatedClock } from '../../test/simulated-clock.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { Unavailable } from '../model/errors.ts';
import { type Database, UniqueViolation } from './database.ts';
import { migrate } from './migrations/migrate.ts';
import { openSqlite } from './sqlite.ts';
import { watchStatements } from './statement-metrics.ts';

let metrics: Metrics;
let database: Database;
beforeEach(async () => {
  metrics = createMetrics();
  database = await openSqlite(':memory:', watchStatements(metrics, createSimulatedClock()));
  await migrate(database);
});
afterEach(() => database.close());

const countOf = async (operation: string) => {
  const line = new RegExp(`_count\\{operation="${operation}"\\} (\\d+)`).exec(
    await metrics.format(),
  );
  return Number(line?.[1] ?? 0);
};
const insert = (name: string) =>
  database.db.insertInto('setting').values({ name, value: 'x' }).execute();

test('statements are told apart by what they do, transactions beside them', async () => {
  const before = await Promise.all(['insert', 'select', 'transaction'].map(countOf));
  await insert('a');
  await database.db.selectFrom('setting').selectAll().execute();
  await database.transaction(({ db }) => db.selectFrom('setting').selectAll().execute());
  const after = await Promise.all(['insert', 'select', 'transaction'].map(countOf));
  expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 2, 1]);
});

test('a refusal is no failure of the database', async () => {
  await insert('b');
  await expect(insert('b')).rejects.toThrow(UniqueViolation);
  const text = await metrics.format();
  expect(text).toMatch(/^ppalette_database_failures_total 0$/m);
  expect(text).toMatch(/^ppalette_database_available 1$/m);
});

test('an absence is, until a statement comes through again', async () => {
  const away = createMetrics();
  const finish = watchStatements(away, createSimulatedClock());
  finish()('select', new Unavailable('database', 'away'));
  expect(await away.format()).toMatch(/^ppalette_database_available 0$/m);
  finish()('select', null);
  const text = await away.format();
  expect(text).toMatch(/^ppalette_database_available 1$/m);
  expect(text).toMatch(/^ppalette_database_failures_total 1$/m);
});
