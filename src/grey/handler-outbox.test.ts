import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSimulatedClock, type SimulatedClock } from '../../test/simulated-clock.ts';
import { addCheck, createMemoryDatabase, QUEUE_NAMES } from '../../test/site.ts';
import { ACK, type Broker } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import {
  deleteHandlerRuns,
  insertHandlerRuns,
  listHandlerRuns,
  markHandlerRunsSent,
  takeHandlerRunsBack,
} from '../database/queries/event-handlers.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { HANDLER_REQUEST, type HandlerRequest } from '../messages/event-handler.ts';
import { startHandlerOutbox } from './handler-outbox.ts';
import { listReportedRuns } from './handler-runs.ts';
import type { Input } from './input.ts';

const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope(null);
const MINUTE_MS = 60_000;

let clock: SimulatedClock;
let database: Database;
let broker: Broker;
let checkId: number;
let requests: HandlerRequest[];
const outboxes: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  clock = createSimulatedClock();
  database = await createMemoryDatabase();
  broker = openMemoryBroker({ clock, log: silentLog(), deadQueue: topology.dead });
  ({ checkId } = await addCheck(database, 'a', { host: { zone: 'far', vars: { x: '1' } } }));
  requests = [];
});
afterEach(async () => {
  const stopped = Promise.all(outboxes.splice(0).map((one) => one.stop()));
  await clock.advance(10_000);
  await stopped;
  await broker.close();
  await database.close();
});

async function start(holder: string, isBrokerForgetful = false): Promise<void> {
  const shared = { database, broker, topology, envelope, clock, isBrokerForgetful };
  const rest = { log: silentLog(), metrics: createMetrics(), shards: 4, timeoutMs: 30_000 };
  outboxes.push(await startHandlerOutbox({ ...shared, ...rest, holder }));
}

const write = (at: number, command = 'mend') =>
  insertHandlerRuns(database, [{ at, checkId, level: 'object', command, macros: { TIMET: '7' } }]);
const take = () =>
  broker.consumeEach(topology.handlers('far'), { concurrency: 1 }, async (delivery) => {
    requests.push(envelope.open(HANDLER_REQUEST, delivery));
    return ACK;
  });
const waiting = () => listHandlerRuns(database, 0, 100);

/** What a worker tells of one that ran. */
const toReport = ({
  id,
  checkId: of,
  level,
  command,
  at,
  host,
  plugin,
}: HandlerRequest): Input => ({
  kind: 'report',
  report: {
    ...{ id, checkId: of, level, command, at, host: host.name, plugin: plugin.name, worker: 'w' },
    ...{ outcome: 'exited', exitCode: 0, output: '' },
  },
});

describe('10.2 event handlers', () => {
  test('go to the zone of their host in their order, once each', async () => {
    await take();
    await start('one');
    await write(clock.now(), 'first');
    await write(clock.now(), 'second');
    await clock.advance(2_000);
    expect(requests.map(({ command }) => command)).toEqual(['first', 'second']);
    expect(requests[0]).toMatchObject({
      ...{ checkId, level: 'object', timeoutMs: 30_000, macros: { TIMET: '7' } },
      ...{ host: { name: 'a', address: 'a.test', vars: { x: '1' } }, plugin: { name: 'a' } },
      expiresAt: (requests[0]?.at ?? 0) + 10 * MINUTE_MS,
    });
    expect(await waiting()).toEqual([]);
  });

  test('are handed out by one grey of many', async () => {
    await take();
    await start('one');
    await start('two');
    for (let count = 0; count < 20; count++) await write(clock.now());
    await clock.advance(10_000);
    expect(requests).toHaveLength(20);
  });

  test('that are too old are not run, and that is told', async () => {
    await take();
    await write(clock.now() - 10 * MINUTE_MS, 'old');
    await write(clock.now() - 9 * MINUTE_MS, 'young');
    await start('one');
    await clock.advance(2_000);
    expect(requests.map(({ command }) => command)).toEqual(['young']);
    expect(await waiting()).toEqual([]);
    const events = await database.db.selectFrom('event').selectAll().execute();
    const told = events.filter(({ type }) => type === 'eventHandler');
    expect(told.map(({ payload }) => JSON.parse(payload))).toMatchObject([
      { host: 'a', plugin: 'a', command: 'old', outcome: 'expired', exitCode: null },
    ]);
  });

  test.each([
    ['that is in the process, once more after a start', true, ['mend', 'mend']],
    ['that keeps them, no more', false, ['mend']],
  ])(
    'of which nothing was reported are handed to a broker %s',
    async (_, isForgetful, expected) => {
      await take();
      await start('one', isForgetful);
      await write(clock.now());
      await clock.advance(5_000);
      expect(requests).toHaveLength(1);
      const stopped = Promise.all(outboxes.splice(0).map((one) => one.stop()));
      await clock.advance(5_000);
      await stopped;
      await start('two', isForgetful);
      await clock.advance(5_000);
      expect(requests.map(({ command }) => command)).toEqual(expected);
      expect(new Set(requests.map(({ id }) => id)).size).toBe(1);
      await deleteHandlerRuns(database, listReportedRuns(requests.map(toReport)));
      expect(await takeHandlerRunsBack(database)).toBe(0);
    },
  );

  test('of which nobody ever tells are forgotten after a day', async () => {
    for (const hours of [23, 25]) {
      await write(clock.now(), `of ${hours} hours ago`);
      const ids = (await waiting()).map(({ id }) => id);
      await markHandlerRunsSent(database, ids, clock.now() - hours * 60 * MINUTE_MS);
    }
    await take();
    await start('one');
    await clock.advance(2_000);
    const rows = await database.db.selectFrom('event_handler_run').selectAll().execute();
    expect(rows.map(({ command }) => command)).toEqual(['of 23 hours ago']);
    expect(requests).toEqual([]);
  });

  test('wait while the broker does not take them', async () => {
    await start('one');
    const publish = broker.publish.bind(broker);
    const spec = topology.handlers('far');
    for (let count = 0; count < spec.maxCount; count++) {
      await publish(spec, { id: `x${count}`, body: Buffer.from(''), headers: {} });
    }
    await write(clock.now());
    await clock.advance(3_000);
    expect(await waiting()).toHaveLength(1);
  });
});
