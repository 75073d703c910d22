import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSimulatedClock, type SimulatedClock } from '../../test/simulated-clock.ts';
import { createMemoryDatabase, QUEUE_NAMES } from '../../test/site.ts';
import { addSubnet, changeSubnet, countSlices, deleteSubnet } from '../../test/subnets.ts';
import { ACK, type Broker } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import type { Database } from '../database/database.ts';
import { endDiscovery, findDiscovery, listDiscoveries } from '../database/queries/discoveries.ts';
import { listEventsAfter } from '../database/queries/events.ts';
import { silentLog } from '../lib/log.ts';
import { DISCOVERY_SLICE, type DiscoverySlice } from '../messages/discovery.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { Conflict } from '../model/errors.ts';
import type { Stored, Subnet } from '../model/objects.ts';
import { beginDiscovery, startDiscoveries } from './discovery.ts';
import { lastDueAt, rhythmOf } from './due-time.ts';

const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope(null);

let clock: SimulatedClock;
let database: Database;
let broker: Broker;
let isActive: boolean;
let slices: DiscoverySlice[];
let discoveries: { stop(): Promise<void> }[];

beforeEach(async () => {
  clock = createSimulatedClock();
  database = await createMemoryDatabase();
  broker = openMemoryBroker({ clock, log: silentLog(), deadQueue: topology.dead });
  isActive = true;
  slices = [];
  discoveries = [start()];
});
afterEach(async () => {
  await Promise.all(discoveries.map((one) => one.stop()));
  await broker.close();
  await database.close();
});

function start() {
  const isHeld = () => isActive;
  const shared = { clock, log: silentLog(), database, broker, topology, envelope };
  return startDiscoveries({ ...shared, isActive: isHeld });
}

/** A worker that only takes notes. */
const takeNotes = (zone = 'default') =>
  broker.consumeEach(topology.discoveries(zone), { concurrency: 100 }, async (delivery) => {
    slices.push(envelope.open(DISCOVERY_SLICE, delivery));
    return ACK;
  });
const begin = (subnet: Stored<Subnet>) =>
  beginDiscovery(database, subnet, { requestedBy: 'somebody', at: clock.now() });
const numbersOf = (parts: readonly DiscoverySlice[]) => parts.map(({ slice }) => slice);
const countTo = (end: number) => Array.from({ length: end }, (_, index) => index);
const all = async () => {
  const page = { limit: 100, sort: [], cursor: null };
  return (await listDiscoveries(database, page, {})).items;
};

describe('a discovery', () => {
  test('is cut into slices that hold every address once', async () => {
    await takeNotes();
    const id = await begin(await addSubnet(database, 'a', { exclude: ['192.0.2.64/26'] }));
    await clock.advance(1_000);
    expect(slices.map(({ discovery }) => discovery)).toEqual([id, id, id]);
    const addresses = slices.flatMap((slice) => slice.addresses);
    expect(addresses).toHaveLength(190);
    expect(addresses.slice(62, 65)).toEqual(['192.0.2.63', '192.0.2.128', '192.0.2.129']);
    expect(new Set(addresses).size).toBe(190);
  });

  test('of 65,536 addresses of IPv6 asks each of them once', async () => {
    await takeNotes();
    const id = await begin(await addSubnet(database, 'a', { cidr: '2001:db8::/112' }));
    for (let counted = 0; counted < 1_024; ) {
      await clock.advance(1_000);
      const numbers = numbersOf(slices).slice(counted);
      expect(numbers.length).toBeGreaterThan(0);
      await countSlices(database, id, numbers);
      counted += numbers.length;
    }
    const addresses = slices.flatMap((slice) => slice.addresses);
    // But for the one that means any router.
    expect(new Set(addresses).size).toBe(65_535);
    expect(addresses).toHaveLength(65_535);
    expect([addresses[0], addresses.at(-1)]).toEqual(['2001:db8::1', '2001:db8::ffff']);
  });

  test('goes to the zone that the subnet had at the beginning', async () => {
    await takeNotes('dmz');
    const subnet = await addSubnet(database, 'a', { zone: 'dmz' });
    await begin(subnet);
    await changeSubnet(database, subnet, { zone: 'other', cidr: '198.51.100.0/24' });
    await clock.advance(1_000);
    expect(slices.flatMap((slice) => slice.addresses)[0]).toBe('192.0.2.1');
  });

  test('has no more than 32 slices on their way, and sends more as they are counted', async () => {
    await takeNotes();
    const id = await begin(await addSubnet(database, 'a', { cidr: '10.0.0.0/16' }));
    await clock.advance(5_000);
    expect(numbersOf(slices)).toEqual(countTo(32));
    expect(await countSlices(database, id, [3, 7, 7])).toBe(2);
    await clock.advance(1_000);
    expect(numbersOf(slices)).toEqual(countTo(34));
  });

  test('has more slices on their way when the workers are quick', async () => {
    await takeNotes();
    const id = await begin(await addSubnet(database, 'a', { cidr: '10.0.0.0/16' }));
    await clock.advance(1_000);
    await countSlices(database, id, countTo(4));
    await clock.advance(5_000);
    expect(numbersOf(slices)).toEqual(countTo(4 + 64));
  });

  test('sends a slice again that nobody answered', async () => {
    await takeNotes();
    const id = await begin(await addSubnet(database, 'a'));
    await clock.advance(60_000);
    await countSlices(database, id, [0, 2]);
    await clock.advance(55_000);
    expect(numbersOf(slices)).toEqual([0, 1, 2, 3]);
    await clock.advance(10_000);
    expect(numbersOf(slices)).toEqual([0, 1, 2, 3, 1, 3]);
  });

  test('leaves no slices behind that nobody takes', async () => {
    await begin(await addSubnet(database, 'a'));
    await clock.advance(89_000);
    expect(await broker.depth(topology.discoveries('default'))).toBe(4);
    await clock.advance(5_000);
    expect(await broker.depth(topology.discoveries('default'))).toBe(0);
  });

  test('is given up when nobody answers for three minutes, and says why', async () => {
    const id = await begin(await addSubnet(database, 'a', { zone: 'dmz' }));
    await clock.advance(100_000);
    await countSlices(database, id, [1]);
    await clock.advance(170_000);
    expect(await findDiscovery(database, id)).toMatchObject({ state: 'running' });
    await clock.advance(15_000);
    expect(await findDiscovery(database, id)).toMatchObject({
      state: 'failed',
      finishedAt: expect.any(Number),
      scanned: 64,
      problem:
        'No worker answered for 3 minutes, 3 of 4 slices are missing: start a violet that serves the zone "dmz", or see "ppadm show workers".',
    });
    const events = await listEventsAfter(database, 0, 1_000);
    expect(events.at(-1)).toMatchObject({ type: 'discovery', payload: { id, state: 'failed' } });
    expect(await countSlices(database, id, [0, 2, 3])).toBe(0);
  });

  test('runs once at a time for a subnet', async () => {
    const subnet = await addSubnet(database, 'a');
    const id = await begin(subnet);
    await expect(begin(subnet)).rejects.toThrow(Conflict);
    const end = { state: 'failed', problem: 'x', at: 2 } as const;
    await database.transaction((sql) => endDiscovery(sql, id, end));
    await begin(subnet);
    expect(await all()).toHaveLength(2);
  });

  test('is over when its subnet is deleted', async () => {
    const subnet = await addSubnet(database, 'a', { cidr: '10.0.0.0/16' });
    const id = await begin(subnet);
    await clock.advance(2_000);
    await deleteSubnet(database, subnet);
    await takeNotes();
    await clock.advance(300_000);
    expect(slices).toHaveLength(32);
    expect(await countSlices(database, id, [0])).toBe(0);
  });

  test('is carried on by the red that holds the schedule, and by no other', async () => {
    await takeNotes();
    isActive = false;
    const id = await begin(await addSubnet(database, 'a'));
    await clock.advance(500_000);
    expect(slices).toEqual([]);
    await countSlices(database, id, [0, 3]);
    isActive = true;
    await clock.advance(1_500);
    expect(numbersOf(slices)).toEqual([1, 2]);
    // Another takes over: what is not counted is sent again, and the time begins anew.
    await discoveries.pop()?.stop();
    discoveries.push(start());
    await clock.advance(1_500);
    expect(numbersOf(slices)).toEqual([1, 2, 1, 2]);
    expect(await findDiscovery(database, id)).toMatchObject({ state: 'running' });
  });

  test('waits for a broker that refuses', async () => {
    const full = topology.discoveries('default');
    const filler = { id: 'x', headers: {}, body: Buffer.from('x') };
    for (let count = 0; count < full.maxCount; count++) await broker.publish(full, filler);
    await begin(await addSubnet(database, 'a'));
    await clock.advance(3_000);
    expect(await broker.depth(full)).toBe(full.maxCount);
    const drain = await broker.consumeEach(full, { concurrency: 1_000 }, async () => ACK);
    await clock.advance(1_000);
    await drain.stop();
    await takeNotes();
    await clock.advance(130_000);
    expect(new Set(numbersOf(slices))).toEqual(new Set(countTo(4)));
  });
});

describe('automatic discovery', () => {
  const end = (id: string) =>
    database.transaction((sql) =>
      endDiscovery(sql, id, { state: 'failed', problem: 'ended by the test', at: clock.now() }),
    );

  test('begins at once, then at every k * interval + phase', async () => {
    const intervalMs = 60_000;
    const { id } = await addSubnet(database, 'a', { autoDiscovery: true, intervalMs });
    const rhythm = rhythmOf(id, 'discovery', intervalMs);
    for (let second = 0; second < 600; second++) {
      await clock.advance(1_000);
      for (const discovery of await all())
        if (discovery.state === 'running') await end(discovery.id);
    }
    const [first, ...regular] = (await all()).map(({ startedAt }) => startedAt).reverse();
    expect(first).toBeLessThanOrEqual(Date.UTC(2026, 0, 1) + 1_000);
    expect(regular.length).toBeGreaterThanOrEqual(9);
    for (const at of regular) expect(at - lastDueAt(rhythm, at)).toBeLessThanOrEqual(1_000);
    expect(new Set(regular.map((at) => lastDueAt(rhythm, at))).size).toBe(regular.length);
  });

  test('does not begin while one is running, nor where it is not wanted', async () => {
    await addSubnet(database, 'a', { autoDiscovery: true, intervalMs: 60_000 });
    await addSubnet(database, 'b', { intervalMs: 60_000 });
    await clock.advance(150_000);
    expect((await all()).map(({ subnet }) => subnet)).toEqual(['a']);
  });

  test('that is turned off ends what it began, and begins no more', async () => {
    const subnet = await addSubnet(database, 'a', { autoDiscovery: true, intervalMs: 60_000 });
    await clock.advance(1_000);
    await changeSubnet(database, subnet, { autoDiscovery: false });
    await clock.advance(1_000);
    expect(await all()).toMatchObject([{ state: 'cancelled', requestedBy: null }]);
    await clock.advance(300_000);
    expect(await all()).toHaveLength(1);
    await changeSubnet(database, subnet, { autoDiscovery: true });
    await clock.advance(1_000);
    expect(await all()).toHaveLength(2);
  });

  test('leaves alone what somebody asked for', async () => {
    const id = await begin(await addSubnet(database, 'a', { autoDiscovery: false }));
    await clock.advance(5_000);
    expect(await findDiscovery(database, id)).toMatchObject({ state: 'running' });
  });
});
