import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSimulatedClock, type SimulatedClock } from '../../test/simulated-clock.ts';
import { addCheck, createMemoryDatabase, updateHost } from '../../test/site.ts';
import type { Database } from '../database/database.ts';
import { listEventsAfter } from '../database/queries/events.ts';
import { listProblems } from '../database/queries/site-problems.ts';
import { writeWorkers } from '../database/queries/workers.ts';
import { silentLog } from '../lib/log.ts';
import { createZoneWatch } from './zones.ts';

const INTERVAL_MS = 20_000;

let database: Database;
let clock: SimulatedClock;
let look: () => Promise<void>;
beforeEach(async () => {
  database = await createMemoryDatabase();
  clock = createSimulatedClock();
  look = createZoneWatch({ database, clock, log: silentLog() });
});
afterEach(() => database.close());

const beat = (id: string, zones: string[], status = 'running') =>
  writeWorkers(database, [
    {
      ...{ id, hostname: id, version: '1', zones, status, startedAt: 0, figures: {} },
      ...{ heartbeatAt: clock.now(), intervalMs: INTERVAL_MS },
    },
  ]);
const zonesWithProblems = async () => {
  await look();
  return (await listProblems(database)).map(({ subject }) => subject);
};
const told = async () =>
  (await listEventsAfter(database, 0, 100))
    .filter(({ type }) => type === 'problem')
    .map(({ payload }) => `${payload['subject']} ${payload['action']}`);

test('a zone whose only worker is silent for two heartbeats is one problem, until one is there', async () => {
  await addCheck(database, 'a', { host: { zone: 'north' } });
  await addCheck(database, 'b', { host: { zone: 'north' } });
  await beat('w', ['north']);
  await clock.advance(2 * INTERVAL_MS);
  expect(await zonesWithProblems()).toEqual([]);
  await clock.advance(1);
  expect(await zonesWithProblems()).toEqual(['north']);
  await clock.advance(INTERVAL_MS);
  expect(await zonesWithProblems()).toEqual(['north']);
  expect(await told()).toEqual(['north began']);
  await beat('other', ['south', 'north']);
  expect(await zonesWithProblems()).toEqual([]);
  expect(await told()).toEqual(['north began', 'north ended']);
});

test('a worker that stops leaves two heartbeats for the next one', async () => {
  await addCheck(database, 'a');
  await beat('w', ['default'], 'draining');
  await clock.advance(2 * INTERVAL_MS);
  expect(await zonesWithProblems()).toEqual([]);
  await clock.advance(1);
  expect(await zonesWithProblems()).toEqual(['default']);
});

test('a zone that never had a worker is given two heartbeats, also by a grey that starts', async () => {
  await addCheck(database, 'a', { host: { zone: 'mistyped' } });
  expect(await zonesWithProblems()).toEqual([]);
  await clock.advance(39_999);
  expect(await zonesWithProblems()).toEqual([]);
  await clock.advance(1);
  expect(await zonesWithProblems()).toEqual(['mistyped']);
});

test('zones without checks that are to run need no worker', async () => {
  const { hostId } = await addCheck(database, 'a', { host: { zone: 'north' } });
  await beat('w', ['north']);
  await clock.advance(3 * INTERVAL_MS);
  expect(await zonesWithProblems()).toEqual(['north']);
  await updateHost(database, hostId, 'a', { zone: 'north', maintenance: true });
  expect(await zonesWithProblems()).toEqual([]);
});
