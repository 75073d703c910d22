import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSimulatedClock, type SimulatedClock } from '../../test/simulated-clock.ts';
import { addCheck, createMemoryDatabase, QUEUE_NAMES } from '../../test/site.ts';
import { ACK, type Broker } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { insertDowntime, type NewDowntime } from '../database/queries/downtimes.ts';
import { silentLog } from '../lib/log.ts';
import { CHECK_COMMAND, type CheckCommand } from '../messages/check-command.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { nearOccurrences, startDowntimePlanner } from './downtimes.ts';

const DAY_MS = 86_400_000;

describe('occurrences of a downtime that recurs, by the clocks of its zone', () => {
  const plan = {
    startAt: Date.parse('2026-03-22T01:30:00Z'),
    endAt: Date.parse('2026-03-22T03:30:00Z'),
    recurrence: 'FREQ=WEEKLY;BYDAY=SU',
    timeZone: 'Europe/Berlin',
  };
  const nearAt = (instant: string) =>
    nearOccurrences(plan, Date.parse(instant)).starts.map((at) => new Date(at).toISOString());

  test.each([
    ['2026-03-22T01:00:00Z', '2026-03-22T01:30:00.000Z'],
    // 02:30 is skipped that night: the clocks show 03:30 then.
    ['2026-03-29T01:00:00Z', '2026-03-29T01:30:00.000Z'],
    ['2026-04-05T00:00:00Z', '2026-04-05T00:30:00.000Z'],
    // 02:30 comes twice that night: the first counts.
    ['2026-10-25T00:45:00Z', '2026-10-25T00:30:00.000Z'],
    ['2026-11-01T01:00:00Z', '2026-11-01T01:30:00.000Z'],
  ])('at %s it is that of %s', (now, start) => {
    expect(nearAt(now)).toEqual([start]);
  });

  test('there is one each week, over both shifts', () => {
    const weeks = Array.from({ length: 53 }, (_one, week) => plan.startAt + week * 7 * DAY_MS);
    const starts = weeks.flatMap((at) => nearAt(new Date(at).toISOString()));
    expect(new Set(starts).size).toBe(53);
    expect(starts).toHaveLength(53);
  });
});

describe('the planner', () => {
  const topology = createTopology(QUEUE_NAMES);
  const envelope = createEnvelope(null);
  let clock: SimulatedClock;
  let database: Database;
  let broker: Broker;
  let planner: ReturnType<typeof startDowntimePlanner>;
  let commands: CheckCommand['command'][];

  beforeEach(async () => {
    clock = createSimulatedClock(Date.parse('2026-10-23T12:00:00Z'));
    database = await createMemoryDatabase();
    broker = openMemoryBroker({ clock, log: silentLog(), deadQueue: topology.dead });
    commands = [];
    await broker.consumeEach(topology.results(0), { concurrency: 1 }, async (delivery) => {
      commands.push(envelope.open(CHECK_COMMAND, delivery).command);
      return ACK;
    });
  });
  const start = () => {
    const shared = { database, broker, topology, envelope, shards: 1, clock };
    planner = startDowntimePlanner({ ...shared, isActive: () => true, log: silentLog() });
  };
  const stop = async () => {
    const stopped = planner.stop();
    await clock.advance(2_000);
    await stopped;
  };
  afterEach(async () => {
    await broker.close();
    await database.close();
  });

  const plan = (hostId: string, facts: Partial<NewDowntime>): Promise<void> =>
    insertDowntime(database, {
      ...{ id: randomUUID(), hostId, pluginId: null, suiteId: null, subnetId: null, labels: '' },
      ...{ allChecks: false, startAt: clock.now(), endAt: clock.now() + 3_600_000 },
      ...{ isFixed: true, durationMs: 0, recurrence: '', timeZone: 'UTC', author: 'anna' },
      ...{ comment: '', createdAt: clock.now(), triggeredBy: null, children: 'none', ...facts },
    });

  test('tells each occurrence once, over the shift of clocks and restarts of its own', async () => {
    const { hostId } = await addCheck(database, 'h');
    const startAt = Date.parse('2026-10-23T00:30:00Z');
    const times = { startAt, endAt: startAt + 7_200_000, timeZone: 'Europe/Berlin' };
    await plan(hostId, { ...times, recurrence: 'FREQ=DAILY' });
    // It looks each second, which four days need not be filled with.
    for (let hour = 0; hour < 96; hour++) {
      start();
      await clock.advance(3_000);
      await stop();
      await clock.advance(3_595_000);
    }
    const starts = commands.map((command) =>
      command.kind === 'scheduleDowntime' ? new Date(command.downtime.startAt).toISOString() : '',
    );
    expect(starts).toEqual([
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
      '2026-10-27T01:30:00.000Z',
    ]);
  });
});
