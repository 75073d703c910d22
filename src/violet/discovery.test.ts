import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestIcmp } from '../../test/icmp.ts';
import { waitFor } from '../../test/servers/temp.ts';
import { QUEUE_NAMES } from '../../test/site.ts';
import { ACK, type Broker } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import {
  DISCOVERY_SLICE,
  type DiscoverySlice,
  SLICE_RESULT,
  type SliceResult,
} from '../messages/discovery.ts';
import { createEnvelope } from '../messages/envelope.ts';
import { startDiscovery } from './discovery.ts';
import { openChildProcessExecutor } from './executor/child-process.ts';
import type { Executor } from './executor/executor.ts';

const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope('key');
const shared = { clock: systemClock, log: silentLog() };

let broker: Broker;
let executor: Executor;
let discovery: { stop(): Promise<void> };
let results: SliceResult[];

/** Finds no programs, so it goes without ICMP; nobody listens on port 1, which refuses. */
const start = async (ratePerS = 1_000) => {
  const settings = { ratePerS, ports: [1], timeoutMs: 1_000 };
  const ports = { broker, topology, envelope, executor, metrics: createMetrics() };
  const icmp = openTestIcmp(null);
  const self = { id: 'violet-1', zones: ['default', 'dmz'], environment: { PATH: '' }, settings };
  discovery = await startDiscovery({ ...shared, ...ports, ...self, icmp });
};

beforeEach(async () => {
  broker = openMemoryBroker({ ...shared, deadQueue: topology.dead });
  executor = openChildProcessExecutor(shared);
  results = [];
  await broker.consumeEach(topology.discovered, { concurrency: 1 }, async (delivery) => {
    results.push(envelope.open(SLICE_RESULT, delivery));
    return ACK;
  });
});
afterEach(async () => {
  await discovery.stop();
  await executor.close();
  await broker.close();
});

const send = (slice: number, fields: Partial<DiscoverySlice> = {}, zone = 'default') => {
  const expiresAt = systemClock.now() + 60_000;
  const value = { discovery: 'd1', slice, expiresAt, addresses: ['127.0.0.2'], ...fields };
  const message = envelope.seal(DISCOVERY_SLICE, `d1-${slice}`, value);
  return broker.publish(topology.discoveries(zone), message);
};

describe('searching', () => {
  test('a slice becomes a result, without ICMP too', async () => {
    await start();
    await send(3, { addresses: ['127.0.0.2', '127.0.0.3', '::1'] });
    await send(4, {}, 'dmz');
    await waitFor('the results', () => results.length === 2);
    const result = results.find(({ slice }) => slice === 3);
    expect(result).toMatchObject({ discovery: 'd1', worker: 'violet-1' });
    const addresses = result?.answered.map(({ address }) => address);
    expect(addresses).toEqual(['127.0.0.2', '127.0.0.3', '::1']);
  });

  test('a slice whose time has passed is left to be sent again', async () => {
    await start();
    await send(1, { expiresAt: systemClock.now() - 1 });
    await send(2);
    await waitFor('the other', () => results.length === 1);
    expect(results.map(({ slice }) => slice)).toEqual([2]);
    expect(await broker.depth(topology.discoveries('default'))).toBe(0);
  });

  test.each(['-f', '--file=/etc/passwd', 'localhost', '127.1', '10.0.0.1/8', '$(id)', '010.0.0.1'])(
    '%j is no address, so nothing is started for it',
    async (address) => {
      await start();
      await send(1, { addresses: ['127.0.0.2', address] });
      const [dead] = await waitFor('the dead letter', async () => {
        const letters = await broker.peekDead(1);
        return letters.length > 0 && letters;
      });
      expect(Object.values(dead?.headers ?? {}).join(' ')).toMatch(/is no address/);
      expect(results).toEqual([]);
    },
  );

  test('a slice that nobody signed is dead-lettered', async () => {
    await start();
    const slice = { discovery: 'd1', slice: 1, expiresAt: 1, addresses: ['127.0.0.2'] };
    const unsigned = createEnvelope(null).seal(DISCOVERY_SLICE, 'x', slice);
    await broker.publish(topology.discoveries('default'), unsigned);
    await waitFor('the dead letter', async () => (await broker.peekDead(1)).length === 1);
  });

  test('what is in hand goes back when the worker stops', async () => {
    await start(5);
    const addresses = Array.from({ length: 60 }, (_, index) => `127.0.0.${index + 2}`);
    for (let slice = 0; slice < 10; slice++) await send(slice, { addresses });
    await waitFor('some to be taken', async () => {
      return (await broker.depth(topology.discoveries('default'))) < 10;
    });
    await discovery.stop();
    expect(results).toEqual([]);
    expect(await broker.depth(topology.discoveries('default'))).toBe(10);
  });
});
