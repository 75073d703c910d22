import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSimulatedClock, type SimulatedClock } from '../../test/simulated-clock.ts';
import {
  addCheck,
  createMemoryDatabase,
  deleteHost,
  QUEUE_NAMES,
  updateHost,
  updatePlugin,
} from '../../test/site.ts';
import { ACK, type Broker } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { writeBatch } from '../database/queries/check-states.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import { CHECK_REQUEST, type CheckRequest } from '../messages/check-request.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { Agenda } from './agenda.ts';
import { createCatalogues } from './catalogue.ts';
import { RequestTrail } from './request-trail.ts';
import { type Scheduler, startScheduler } from './scheduler.ts';
import { type Sync, startSync } from './sync.ts';

const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope(null);

let clock: SimulatedClock;
let database: Database;
let broker: Broker;
let agenda: Agenda;
let scheduler: Scheduler;
let sync: Sync;
let isActive: boolean;
let trail: RequestTrail;
let requests: CheckRequest[];
let heldIds: Set<number>;
let heldTimes: number[];

const HOLD = { reason: 'dependency', explanation: 'It is.', isOfHost: false } as const;

beforeEach(async () => {
  clock = createSimulatedClock();
  database = await createMemoryDatabase();
  broker = openMemoryBroker({ clock, log: silentLog(), deadQueue: topology.dead });
  requests = [];
  heldIds = new Set();
  heldTimes = [];
  isActive = true;
  trail = new RequestTrail();
});
afterEach(async () => {
  const stopped = Promise.all([scheduler.stop(), sync.stop()]);
  await clock.advance(120_000);
  await stopped;
  await broker.close();
  await database.close();
});

/** Starts red's schedule, and a worker that only takes notes. */
async function start(): Promise<void> {
  agenda = new Agenda();
  const catalogues = createCatalogues();
  const shared = { agenda, catalogues, clock, log: silentLog(), isActive: () => isActive };
  scheduler = await startScheduler({
    ...shared,
    findHold: (checkId) => (heldIds.has(checkId) ? { ...HOLD, objectId: checkId } : null),
    onHeld: ({ dueAt }) => heldTimes.push(dueAt),
    broker,
    topology,
    envelope,
    shards: 4,
    metrics: createMetrics(),
    trail,
  });
  sync = startSync({ ...shared, database, onChanged: () => scheduler.wake() });
  await sync.ready;
}

/** Of what is in the queues of a zone. */
async function takeNotes(zone: string): Promise<void> {
  for (const queue of [topology.checks(zone), topology.checksLight(zone)]) {
    await broker.consumeEach(queue, { concurrency: 100 }, async (delivery) => {
      requests.push(envelope.open(CHECK_REQUEST, delivery));
      return ACK;
    });
  }
}

async function change(work: () => Promise<unknown>): Promise<void> {
  await work();
  sync.wake();
  await clock.advance(0);
}

/** To when a request has just begun to wait: the one before has expired, and it does not soon. */
async function advanceIntoWait(checkId: number): Promise<void> {
  await clock.advance((scheduler.dueAtOf(checkId) ?? 0) - clock.now() + 10_000);
}

describe('schedule', () => {
  test('a held check is not run, keeps its due times, and is run once it is released', async () => {
    const { checkId } = await addCheck(database, 'a');
    await takeNotes('default');
    await start();
    heldIds.add(checkId);
    await clock.advance(600_000);
    expect(requests).toEqual([]);
    expect(heldTimes.length).toBeGreaterThanOrEqual(9);
    const dueAt = scheduler.dueAtOf(checkId) ?? 0;
    expect(dueAt).toBeGreaterThan(clock.now());
    expect(scheduler.figures().missed).toBe(0);
    heldIds.clear();
    await clock.advance(dueAt - clock.now());
    expect(requests).toMatchObject([{ checkId, scheduledAt: dueAt }]);
  });

  test.each([
    ['a script', { run: { script: 'check_x' }, ssh: false }, 'checks.default'],
    ['a script over ssh', { run: { script: 'check_x' }, ssh: true }, 'checks.default.light'],
    ['a built-in probe', { run: { builtin: 'dummy' }, ssh: false }, 'checks.default.light'],
  ] as const)('%s waits in the queue of what it needs', async (_what, plugin, expected) => {
    await addCheck(database, 'a', { plugin });
    await start();
    await clock.advance(10_000);
    const queues = [topology.checks('default'), topology.checksLight('default')];
    const depths = await Promise.all(queues.map((queue) => broker.depth(queue)));
    const filled = queues.filter((_queue, index) => depths[index] === 1);
    expect(filled.map(({ name }) => name)).toEqual([`${QUEUE_NAMES.prefix}${expected}`]);
    expect(depths[0]).not.toBe(depths[1]);
  });

  test('a new check is due within ten seconds, then once an interval', async () => {
    const { checkId } = await addCheck(database, 'a', { host: { vars: { k: 'v' } } });
    await takeNotes('default');
    await start();
    await clock.advance(10_000);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      checkId,
      run: { builtin: 'dummy' },
      host: { name: 'a', address: 'a.test', vars: { k: 'v' } },
      plugin: { name: 'a' },
      keepHistory: true,
    });
    await clock.advance(600_000);
    // The second run may be up to one and a half intervals after the first.
    expect(requests.length).toBeGreaterThanOrEqual(10);
    expect(requests.length).toBeLessThanOrEqual(11);
    const gaps = requests.slice(2).map((request, index) => {
      return request.scheduledAt - (requests[index + 1]?.scheduledAt ?? 0);
    });
    expect(new Set(gaps)).toEqual(new Set([60_000]));
    for (const request of requests.slice(1)) {
      expect(request.expiresAt).toBe(request.scheduledAt + 60_000);
      expect(request.id).toBe(`${checkId}-${request.scheduledAt}`);
      expect(request.sentAt).toBe(request.scheduledAt);
    }
  });

  test('rule 10.1.3: a run that is wanted takes the place of a later one, never of an earlier one', async () => {
    const { checkId } = await addCheck(database, 'a', { plugin: { intervalMs: 600_000 } });
    await takeNotes('default');
    await start();
    await clock.advance(10_000);
    const regular = scheduler.dueAtOf(checkId) ?? 0;
    scheduler.bringForward(checkId, regular + 1);
    expect(scheduler.dueAtOf(checkId)).toBe(regular);
    const wanted = clock.now() + 5_000;
    scheduler.bringForward(checkId, wanted);
    scheduler.bringForward(checkId, wanted + 1_000);
    expect(scheduler.dueAtOf(checkId)).toBe(wanted);
    await clock.advance(5_000);
    expect(requests.at(-1)).toMatchObject({ checkId, scheduledAt: wanted });
  });

  test('a request whose time passes untaken is counted as missed, and never run late', async () => {
    const { checkId } = await addCheck(database, 'a');
    await start();
    await clock.advance(310_000);
    await advanceIntoWait(checkId);
    expect(scheduler.figures().missed).toBeGreaterThanOrEqual(4);
    const newest = trail.newestScheduledAt(checkId) ?? 0;
    expect(trail.find({ checkId, scheduledAt: newest - 60_000 }).map(({ step }) => step)).toEqual([
      ...['sent', 'confirmed', 'expired'],
    ]);
    expect(scheduler.expiredAtOf(checkId)).toBe(newest - 60_000);
    await takeNotes('default');
    await clock.advance(0);
    expect(requests.length).toBeLessThanOrEqual(1);
  });

  test('changes are followed without a reload: host added, moved, stopped, deleted', async () => {
    await takeNotes('default');
    await takeNotes('other');
    await start();
    const first = { hostId: '' };
    await change(async () => Object.assign(first, await addCheck(database, 'a')));
    expect(agenda.count).toBe(1);
    await change(() =>
      updateHost(database, first.hostId, 'a', { zone: 'other', vars: { x: '1' } }),
    );
    await clock.advance(10_000);
    expect(requests.at(-1)?.host.vars).toEqual({ x: '1' });
    await change(() => updateHost(database, first.hostId, 'a', { maintenance: true }));
    expect(agenda.count).toBe(0);
    await change(() => updateHost(database, first.hostId, 'a', {}));
    expect(agenda.count).toBe(1);
    await change(() => deleteHost(database, first.hostId));
    expect(agenda.count).toBe(0);
    const before = requests.length;
    await clock.advance(600_000);
    expect(requests).toHaveLength(before);
  });

  test('a new interval and new arguments are used at once', async () => {
    await addCheck(database, 'a', { plugin: { intervalMs: 3_600_000 } });
    await takeNotes('default');
    await start();
    await clock.advance(10_000);
    expect(requests).toHaveLength(1);
    await change(() => updatePlugin(database, 'a', { intervalMs: 5_000, params: '1 new' }));
    await clock.advance(5_000);
    expect(requests).toHaveLength(2);
    expect(requests[1]?.params).toBe('1 new');
  });

  test('a change without a hint is found within a minute', async () => {
    await start();
    await addCheck(database, 'a');
    await clock.advance(61_000);
    expect(agenda.count).toBe(1);
  });

  test('a standby follows the schedule and sends nothing, until it takes over', async () => {
    await addCheck(database, 'a');
    await takeNotes('default');
    isActive = false;
    await start();
    await clock.advance(300_000);
    expect(requests).toEqual([]);
    isActive = true;
    sync.resume();
    await clock.advance(10_000);
    expect(requests).toHaveLength(1);
  });

  test('expired requests are for the red that has the schedule', async () => {
    const { checkId } = await addCheck(database, 'a');
    await start();
    await clock.advance(130_000);
    await advanceIntoWait(checkId);
    const { missed } = scheduler.figures();
    expect(missed).toBeGreaterThan(0);
    isActive = false;
    await clock.advance(300_000);
    expect(scheduler.figures().missed).toBeLessThanOrEqual(missed + 1);
    const before = scheduler.expiredAtOf(checkId) ?? 0;
    isActive = true;
    await clock.advance(2_000);
    expect(scheduler.expiredAtOf(checkId)).toBeGreaterThan(before);
  });

  test('what was missed while no red ran is made up for soon, what was served is not', async () => {
    const now = clock.now();
    const plugin = { intervalMs: 86_400_000 };
    const missed = await addCheck(database, 'missed', { plugin });
    const served = await addCheck(database, 'served', { plugin });
    const lastRun = (checkId: number, scheduledAt: number) => ({
      check_id: checkId,
      scheduled_at: scheduledAt,
      state: 0,
      exit_code: 0,
      output: '',
      long_output: '',
      perfdata: '[]',
      started_at: scheduledAt,
      finished_at: scheduledAt,
      worker: 'w',
      last_state_change_at: scheduledAt,
      ...{ state_type: 1, attempt: 1, max_check_attempts: 1, is_passive: 0 as const },
      last_hard_state_change_at: scheduledAt,
    });
    const states = [lastRun(missed.checkId, now - 10 * 86_400_000), lastRun(served.checkId, now)];
    await database.transaction((sql) => writeBatch(sql, { states }));
    await takeNotes('default');
    await start();
    const dueIn = (checkId: number) => (agenda.dueAt(checkId) ?? 0) - now;
    expect(dueIn(missed.checkId)).toBeLessThanOrEqual(86_400_000 / 2);
    expect(dueIn(served.checkId)).toBeGreaterThan(0);
  });

  test('a jump of the wall clock forward misses checks instead of sending them in a burst', async () => {
    for (let index = 0; index < 20; index++) await addCheck(database, `h${index}`);
    await takeNotes('default');
    await start();
    await clock.advance(70_000);
    const before = requests.length;
    const now = clock.now.bind(clock);
    clock.now = () => now() + 3_600_000;
    await clock.advance(1_000);
    expect(requests.length - before).toBeLessThanOrEqual(20);
    await clock.advance(60_000);
    expect(requests.length - before).toBeLessThanOrEqual(2 * 20);
  });
});
