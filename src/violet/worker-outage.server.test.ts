/** A worker that loses its broker: real RabbitMQ, killed, started again, and behind a stalled line. */

import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../test/servers/fault-proxy.ts';
import { needs } from '../../test/servers/needs.ts';
import { type RabbitmqServer, startRabbitmq } from '../../test/servers/rabbitmq.ts';
import { waitFor } from '../../test/servers/temp.ts';
import { QUEUE_NAMES } from '../../test/site.ts';
import { ACK, type Broker } from '../broker/broker.ts';
import { openRabbitmqBroker } from '../broker/rabbitmq.ts';
import { createTopology } from '../broker/topology.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics } from '../lib/metrics.ts';
import { CHECK_REQUEST, type CheckRequest } from '../messages/check-request.ts';
import { CHECK_RESULT } from '../messages/check-result.ts';
import { createEnvelope } from '../messages/envelope.ts';
import type { Outcome } from '../model/check.ts';
import { Slots } from './slots.ts';
import { startWorker, type Worker } from './worker.ts';

const SLOT_COUNT = 4;
/** Requests of the schedule that a worker of so many slots has in hand at most. */
const IN_HAND = SLOT_COUNT * 2;
const OK: Outcome = {
  ...{ kind: 'exited', exitCode: 0, stdout: 'OK', stderr: '', truncated: false },
};
const shared = { clock: systemClock, log: silentLog(), random: Math.random };
const envelope = createEnvelope('key');

describe.skipIf(needs('rabbitmq'))('a violet that loses the broker', () => {
  let rabbitmq: RabbitmqServer;
  let proxy: FaultProxy;
  let site: Awaited<ReturnType<typeof startSite>>;

  beforeAll(async () => {
    rabbitmq = await startRabbitmq();
    proxy = await startFaultProxy(rabbitmq.port);
  }, 90_000);
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await rabbitmq?.[Symbol.asyncDispose]();
  });
  afterEach(() => site.stop());

  /** A broker whose publishes time out long before an outage is over. */
  const openBroker = (topology: ReturnType<typeof createTopology>, url: string) =>
    openRabbitmqBroker({
      ...shared,
      ...{ urls: [url], deadQueue: topology.dead, eventsExchange: topology.events },
      ...{ heartbeatS: 1, publishTimeoutMs: 300 },
    });

  /** A worker behind the proxy, and a site around it that reaches RabbitMQ directly. */
  async function startSite() {
    const topology = createTopology({
      ...QUEUE_NAMES,
      prefix: `t-${randomBytes(6).toString('hex')}.`,
    });
    const through = rabbitmq.url.replace(`:${rabbitmq.port}`, `:${proxy.port}`);
    const broker = await openBroker(topology, through);
    const metrics = createMetrics();
    /** Ends the check of this number. */
    const endings = new Map<number, () => void>();
    const begun: number[] = [];
    const execute = async ({ checkId }: CheckRequest) => {
      begun.push(checkId);
      await new Promise<void>((resolve) => endings.set(checkId, resolve));
      return OK;
    };
    const worker: Worker = await startWorker({
      ...{ ...shared, broker, topology, envelope, metrics, execute },
      ...{ id: 'violet-1', zones: ['default'], settings: { serviceCheckTimeoutState: 'critical' } },
      slots: {
        program: new Slots(SLOT_COUNT, { perHost: 100, perPlugin: 100 }),
        light: new Slots(SLOT_COUNT, { perHost: 100, perPlugin: 100 }),
      },
    });
    const received: number[] = [];
    let outside: Broker | null = null;
    const connect = async () => {
      outside ??= await openBroker(topology, rabbitmq.url);
      return outside;
    };
    return {
      ...{ topology, broker, worker, metrics, begun, received, connect },
      async send(...checkIds: number[]) {
        const around = await connect();
        for (const checkId of checkIds) {
          const request = requestOf(checkId);
          const message = envelope.seal(CHECK_REQUEST, request.id, request);
          await around.publish(topology.checks('default'), message);
        }
      },
      end: (checkId: number) => endings.get(checkId)?.(),
      hasBegun: (count: number) => waitFor(`${count} to begin`, () => begun.length === count),
      isUnsent: (count: number) =>
        waitFor(`${count} kept results`, () => worker.figures().unsent === count),
      async collect() {
        const around = await connect();
        await around.consumeEach(topology.results(0), { concurrency: 1 }, async (delivery) => {
          received.push(envelope.open(CHECK_RESULT, delivery).checkId);
          return ACK;
        });
      },
      async stop() {
        proxy.setMode('pass');
        for (const end of endings.values()) end();
        await worker.stop();
        await broker.close();
        await outside?.close();
      },
    };
  }

  function requestOf(checkId: number): CheckRequest {
    return {
      ...{ id: `${checkId}-1`, checkId, shard: 0, keepHistory: true, timeoutMs: 60_000 },
      ...{ scheduledAt: Date.now(), expiresAt: Date.now() + 600_000 },
      ...{ run: { builtin: 'dummy' }, params: '0', plugin: { name: 'p' } },
      host: { name: 'h', address: '192.0.2.1', vars: {} },
    };
  }

  test('because it is killed finishes its checks, keeps the results, and delivers them in order', {
    timeout: 90_000,
  }, async () => {
    site = await startSite();
    await site.send(1, 2, 3, 4, 5, 6);
    await site.hasBegun(SLOT_COUNT);
    await rabbitmq.kill();
    await waitFor('the outage', () => site.broker.problem() !== null);
    for (const [index, checkId] of [3, 1, 4, 2].entries()) {
      site.end(checkId);
      await site.isUnsent(index + 1);
    }
    // Slots are not held by results, so what was in hand is checked too.
    await site.hasBegun(6);
    site.end(6);
    await site.isUnsent(5);
    const outageMs = performance.now() + 2_000; // of several publish time-outs
    await waitFor('the time of an outage', () => performance.now() > outageMs);
    expect(await site.metrics.format()).toMatch(/^ppalette_violet_unsent_results 5$/m);

    await rabbitmq.restart();
    await site.isUnsent(0);
    site.end(5);
    await site.collect();
    await waitFor('all results', () => site.received.length >= 6);
    expect(site.received).toEqual([3, 1, 4, 2, 6, 5]);
    // They were delivered again when RabbitMQ was back, and not run again.
    const around = await site.connect();
    await waitFor('nothing to be left to do', async () => {
      return (await around.depth(site.topology.checks('default'))) === 0;
    });
    expect(site.begun).toHaveLength(6);
  });

  test('behind a line that went dead does the same', { timeout: 60_000 }, async () => {
    site = await startSite();
    await site.send(1, 2, 3);
    await site.hasBegun(3);
    proxy.setMode('stall');
    for (const [index, checkId] of [2, 3, 1].entries()) {
      site.end(checkId);
      await site.isUnsent(index + 1);
    }
    await waitFor('the silence to be noticed', () => site.broker.problem() !== null);
    proxy.setMode('pass');
    await site.isUnsent(0);
    await site.collect();
    await waitFor('all results', () => site.received.length >= 3);
    expect(site.received.filter((id, index) => site.received.indexOf(id) === index)).toEqual([
      2, 3, 1,
    ]);
    expect(site.begun).toHaveLength(3);
  });

  test('keeps no more results than it had requests in hand; the others wait in the queue', {
    timeout: 60_000,
  }, async () => {
    site = await startSite();
    const checkIds = Array.from({ length: IN_HAND + 5 }, (_, index) => index + 1);
    await site.send(...checkIds);
    await site.hasBegun(SLOT_COUNT);
    proxy.setMode('cut');
    await waitFor('the outage', () => site.broker.problem() !== null);
    for (const checkId of checkIds) {
      await waitFor('it to begin', () => site.begun.includes(checkId) || checkId > IN_HAND);
      site.end(checkId);
    }
    await site.isUnsent(IN_HAND);
    expect(site.worker.figures()).toMatchObject({ running: 0, waiting: 0, finished: IN_HAND });
    const around = await site.connect();
    await waitFor('RabbitMQ to have the requests back', async () => {
      return (await around.depth(site.topology.checks('default'))) === checkIds.length;
    });
    proxy.setMode('pass');
    for (const checkId of checkIds.slice(IN_HAND)) {
      await waitFor('it to begin', () => site.begun.includes(checkId));
      site.end(checkId);
    }
    await site.collect();
    await waitFor('all results', () => site.received.length >= checkIds.length);
    expect(site.received.slice(0, IN_HAND)).toEqual(checkIds.slice(0, IN_HAND));
    expect(site.begun).toHaveLength(checkIds.length);
  });

  test('and is stopped meanwhile ends in time, and its requests are run elsewhere', {
    timeout: 60_000,
  }, async () => {
    site = await startSite();
    await site.send(1);
    await site.hasBegun(1);
    proxy.setMode('cut');
    await waitFor('the outage', () => site.broker.problem() !== null);
    site.end(1);
    await site.isUnsent(1);
    const startedAt = performance.now();
    await site.worker.stop();
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    await site.broker.close();
    const around = await site.connect();
    await waitFor('the request to be there again', async () => {
      return (await around.depth(site.topology.checks('default'))) === 1;
    });
  });
});
