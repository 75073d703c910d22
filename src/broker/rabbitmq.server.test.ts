import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, connect } from 'amqplib';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BrokerSite,
  collect,
  idsOf,
  messageOf,
  numbers,
  publishMany,
  specOf,
} from '../../test/broker-site.ts';
import { startFaultProxy } from '../../test/servers/fault-proxy.ts';
import { needs } from '../../test/servers/needs.ts';
import { type RabbitmqServer, startRabbitmq } from '../../test/servers/rabbitmq.ts';
import { waitFor } from '../../test/servers/temp.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { ConfigError, Unavailable } from '../model/errors.ts';
import { describeBroker } from './broker.contract.ts';
import { ACK, type Broker, type QueueSpec } from './broker.ts';
import { openRabbitmqBroker, type RabbitmqBrokerOptions } from './rabbitmq.ts';

let server: RabbitmqServer;

/** Queues of its own, reached directly or through a proxy. */
function createSite(url = server.url) {
  const prefix = `t-${randomBytes(6).toString('hex')}.`;
  const deadQueue: QueueSpec = {
    name: `${prefix}dead`,
    singleActiveConsumer: false,
    maxCount: 100,
    whenFull: 'dropOldest',
  };
  const settings: RabbitmqBrokerOptions = {
    urls: [url],
    deadQueue,
    eventsExchange: `${prefix}events`,
    clock: systemClock,
    log: silentLog(),
    random: () => 0.5,
    heartbeatS: 1,
  };
  return {
    prefix,
    deadQueue,
    settings,
    open: () => openRabbitmqBroker(settings),
    crash: (broker: Broker) => broker.close(),
  } satisfies BrokerSite & { settings: RabbitmqBrokerOptions };
}

/** A log whose lines can be read. */
function createMemoryLog() {
  const lines: string[] = [];
  const log = pino({ level: 'debug', base: null }, { write: (line) => lines.push(line) });
  return { log, lines, text: () => lines.join('') };
}

/** A URL for the port of a proxy in front of the server. */
function urlThrough(port: number): string {
  return server.url.replace(`:${server.port}`, `:${port}`);
}

/** Calls RabbitMQ behind the adapter's back. */
async function asOperator<T>(act: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await connect(server.url);
  try {
    return await act(connection);
  } finally {
    await connection.close();
  }
}

describe.skipIf(needs('rabbitmq'))('RabbitMQ', () => {
  beforeAll(async () => {
    server = await startRabbitmq();
  }, 90_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  describeBroker('RabbitMQ', { isShared: true, overshoot: 20 }, async () => createSite());
  describeConnecting();
  describeOperators();
  describeOutages();
});

function describeConnecting(): void {
  describe('connecting', () => {
    test('waits for a RabbitMQ that is not there, says so once, and takes the next address', async () => {
      await using proxy = await startFaultProxy(server.port);
      const { log, lines, text } = createMemoryLog();
      const { settings } = createSite();
      proxy.setMode('cut');
      const opening = openRabbitmqBroker({
        ...settings,
        log,
        urls: ['amqp://ppalette:hunter2@127.0.0.1:1', urlThrough(proxy.port)],
      });
      await waitFor('the log line', () => lines.length > 0);
      await delay(600);
      expect(lines).toHaveLength(1);
      expect(text()).toContain('waiting for RabbitMQ');
      expect(text()).toMatch(/127\.0\.0\.1:1"/);
      proxy.setMode('pass');
      const broker = await opening;
      expect(lines).toHaveLength(2);
      expect(text()).toContain('RabbitMQ is there');
      expect(broker.problem()).toBeNull();
      await broker.close();
    });

    test('a wrong password and a wrong virtual host are named, the password is not', async () => {
      const cases = [
        [
          server.url.replace(/:secret\w+@/, ':wr0ng-Passw%2Ford@'),
          'user name or password is wrong',
        ],
        [`${server.url}nosuch`, 'no virtual host \\"nosuch\\" for user \\"ppalette\\"'],
      ] as const;
      for (const [url, reason] of cases) {
        const { log, lines, text } = createMemoryLog();
        const stopping = new AbortController();
        const { settings } = createSite(url);
        const opening = openRabbitmqBroker({ ...settings, log, signal: stopping.signal });
        await waitFor('the log line', () => text().includes(reason));
        stopping.abort();
        await expect(opening).rejects.toThrow(Unavailable);
        expect(lines).toHaveLength(1);
        expect(text()).not.toMatch(/secret|wr0ng/);
      }
    });

    test('a URL that is none is refused without repeating it', async () => {
      const { settings } = createSite();
      for (const url of ['http://u:hunter2@host', 'amqp//u:hunter2@host', '']) {
        const opening = openRabbitmqBroker({ ...settings, urls: [url] });
        await expect(opening).rejects.toThrow(ConfigError);
        await expect(opening).rejects.not.toThrow('hunter2');
      }
      await expect(openRabbitmqBroker({ ...settings, urls: [] })).rejects.toThrow(ConfigError);
    });
  });
}

function describeOperators(): void {
  describe('what operators do', () => {
    test('a queue with other rules is named with the remedy, and works once it is gone', async () => {
      const site = createSite();
      const queue = specOf(site);
      const { log, lines } = createMemoryLog();
      const broker = await openRabbitmqBroker({ ...site.settings, log });
      await asOperator(async (connection) => {
        const channel = await connection.createChannel();
        await channel.assertQueue(queue.name, { arguments: { 'x-max-length': 5 } });
      });
      const consuming = broker.consumeEach(queue, { concurrency: 1 }, async () => ACK);
      await expect(consuming).rejects.toThrow(ConfigError);
      await expect(consuming).rejects.toThrow(`"${queue.name}" is in RabbitMQ with other rules`);
      for (let attempt = 0; attempt < 3; attempt++) {
        const publishing = broker.publish(queue, messageOf('a'));
        await expect(publishing).rejects.toThrow(Unavailable);
        await expect(publishing).rejects.toThrow('Delete it there');
      }
      expect(broker.problem()).toContain(queue.name);
      expect(lines).toHaveLength(1);
      await asOperator(async (connection) => {
        const channel = await connection.createChannel();
        await channel.deleteQueue(queue.name);
      });
      await waitFor('the queue', () => broker.publish(queue, messageOf('b')).then(() => true));
      expect(broker.problem()).toBeNull();
      await broker.close();
    });

    test('a queue that is deleted under a publisher and a consumer is declared again', async () => {
      const site = createSite();
      const queue = specOf(site);
      const broker = await site.open();
      const seen: string[] = [];
      let resets = 0;
      await broker.consumeBatches(
        queue,
        { maxCount: 10, onReset: () => resets++ },
        async (list) => {
          seen.push(...idsOf(list));
          return list.map(() => ACK);
        },
      );
      await broker.publish(queue, messageOf('before'));
      await waitFor('the first message', () => seen.length === 1);
      await asOperator(async (connection) => {
        const channel = await connection.createChannel();
        await channel.deleteQueue(queue.name);
      });
      // RabbitMQ also confirms what it gets for a queue that is just going.
      await waitFor('the next message', async () => {
        await broker.publish(queue, messageOf('after'));
        return seen.includes('after');
      });
      expect(resets).toBe(1);
      await broker.close();
    });

    test('a memory alarm makes publishes wait and fail in time, while consumers go on', async () => {
      const site = createSite();
      const queue = specOf(site);
      const broker = await openRabbitmqBroker({ ...site.settings, publishTimeoutMs: 1_500 });
      await publishMany(broker, queue, 10);
      await server.control('set_vm_memory_high_watermark', '0.00001');
      try {
        // RabbitMQ tells a connection that it is blocked when that publishes.
        const waiting = broker.publish(queue, messageOf('waits'));
        await waitFor('the alarm', () => broker.problem()?.includes('takes no messages'));
        await expect(waiting).rejects.toThrow(/did not confirm within 1.5 s.*low on memory/);
        const { deliveries } = await collect(broker, queue, 10);
        expect(deliveries).toHaveLength(10);
        await waitFor('the settlements', async () => (await broker.depth(queue)) === 0);
      } finally {
        await server.control('set_vm_memory_high_watermark', '0.4');
      }
      await waitFor('the end of the alarm', () => broker.problem() === null);
      await broker.publish(queue, messageOf('through'));
      await broker.close();
    });
  });
}

function describeOutages(): void {
  describe('outages', () => {
    test('a publish during an outage waits and is then confirmed', async () => {
      await using proxy = await startFaultProxy(server.port);
      const site = createSite(urlThrough(proxy.port));
      const queue = specOf(site);
      const broker = await site.open();
      await broker.publish(queue, messageOf('0'));
      proxy.setMode('cut');
      await waitFor('the outage', () => broker.problem() !== null);
      const publishing = publishMany(broker, queue, 20, 1);
      await expect(broker.depth(queue)).rejects.toThrow(Unavailable);
      await broker.broadcast(messageOf('lost'));
      proxy.setMode('pass');
      await publishing;
      const { deliveries } = await collect(broker, queue, 21);
      expect(idsOf(deliveries)).toEqual(numbers(21));
      await broker.close();
    });

    test('publishes that wait are bounded in time and number, and end with the broker', async () => {
      await using proxy = await startFaultProxy(server.port);
      const site = createSite(urlThrough(proxy.port));
      const queue = specOf(site);
      const settings = { ...site.settings, publishTimeoutMs: 400, maxOutstanding: 3 };
      const broker = await openRabbitmqBroker(settings);
      proxy.setMode('cut');
      await waitFor('the outage', () => broker.problem() !== null);
      const startedAt = performance.now();
      const waiting = numbers(3).map((id) => broker.publish(queue, messageOf(id)));
      const results = Promise.allSettled(waiting);
      await expect(broker.publish(queue, messageOf('more'))).rejects.toThrow('no more are taken');
      expect(performance.now() - startedAt).toBeLessThan(300);
      expect(new Set((await results).map(({ status }) => status))).toEqual(new Set(['rejected']));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(395);
      const last = broker.publish(queue, messageOf('last'));
      const closed = broker.close();
      await expect(last).rejects.toThrow('closed');
      await closed;
    });

    test('a patient publish outlasts the time-out and keeps its place; closing ends it', async () => {
      await using proxy = await startFaultProxy(server.port);
      const site = createSite(urlThrough(proxy.port));
      const queue = specOf(site);
      const broker = await openRabbitmqBroker({ ...site.settings, publishTimeoutMs: 200 });
      await broker.publish(queue, messageOf('0'));
      proxy.setMode('cut');
      await waitFor('the outage', () => broker.problem() !== null);
      const patient = ['1', '2'].map((id) =>
        broker.publish(queue, messageOf(id), { isPatient: true }),
      );
      await expect(broker.publish(queue, messageOf('hasty'))).rejects.toThrow('within 0.2 s');
      patient.push(broker.publish(queue, messageOf('3'), { isPatient: true }));
      await expect(broker.publish(queue, messageOf('hasty'))).rejects.toThrow('within 0.2 s');
      proxy.setMode('pass');
      await Promise.all(patient);
      const { deliveries } = await collect(broker, queue, 4);
      expect(idsOf(deliveries)).toEqual(['0', '1', '2', '3']);
      proxy.setMode('cut');
      await waitFor('the next outage', () => broker.problem() !== null);
      const last = broker.publish(queue, messageOf('last'), { isPatient: true });
      const closed = broker.close();
      await expect(last).rejects.toThrow('closed');
      await closed;
    });

    test('consumers and subscribers come back after a cut, and batches are told', async () => {
      await using proxy = await startFaultProxy(server.port);
      const site = createSite(urlThrough(proxy.port));
      const queue = specOf(site, { singleActiveConsumer: true });
      const broker = await site.open();
      const seen: string[] = [];
      const heard: string[] = [];
      const resetsAt: number[] = [];
      const onReset = () => resetsAt.push(seen.length);
      await broker.consumeBatches(queue, { maxCount: 10, onReset }, async (deliveries) => {
        await delay(1);
        seen.push(...idsOf(deliveries));
        return deliveries.map(() => ACK);
      });
      await broker.subscribe(({ id }) => heard.push(id));
      for (const round of [0, 1, 2]) {
        await publishMany(broker, queue, 100, round * 100);
        await waitFor('the messages', () => seen.includes(String(round * 100 + 99)));
        proxy.setMode('cut');
        await waitFor('the outage', () => broker.problem() !== null);
        proxy.setMode('pass');
      }
      await broker.publish(queue, messageOf('end'));
      await waitFor('the end', () => seen.includes('end'));
      expect(new Set(seen)).toEqual(new Set([...numbers(300), 'end']));
      expect(resetsAt).toHaveLength(3);
      await waitFor('a hint', async () => {
        await broker.broadcast(messageOf('hint'));
        return heard.length > 0;
      });
      await broker.close();
    });

    test('a connection that fell silent is noticed and replaced', async () => {
      await using proxy = await startFaultProxy(server.port);
      const site = createSite(urlThrough(proxy.port));
      const queue = specOf(site);
      const broker = await site.open();
      await collect(broker, queue, 0);
      const startedAt = performance.now();
      proxy.setMode('stall');
      const publishing = broker.publish(queue, messageOf('stalled'));
      await waitFor('the silence to be noticed', () => broker.problem() !== null);
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      await waitFor('both to be given up', () => proxy.connectionCount <= 2);
      proxy.setMode('pass');
      await publishing;
      await waitFor('all to be well', () => broker.problem() === null);
      expect(proxy.connectionCount).toBe(2);
      await broker.close();
      await waitFor('the end', () => proxy.connectionCount === 0);
    });

    test('closing is quick although nobody answers', async () => {
      await using proxy = await startFaultProxy(server.port);
      const site = createSite(urlThrough(proxy.port));
      const broker = await openRabbitmqBroker({ ...site.settings, heartbeatS: 60 });
      proxy.setMode('stall');
      const startedAt = performance.now();
      await broker.close();
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      proxy.setMode('pass'); // a silent proxy would not see the reset
      await waitFor('the sockets', () => proxy.connectionCount === 0);
    });

    test('kill -9 of RabbitMQ under load loses nothing that was confirmed', async () => {
      const site = createSite();
      const queue = specOf(site);
      const { log, text } = createMemoryLog();
      const broker = await openRabbitmqBroker({ ...site.settings, log });
      const received = new Set<string>();
      await broker.consumeEach(queue, { concurrency: 20 }, async ({ id }) => {
        received.add(id);
        return ACK;
      });
      const confirmed: string[] = [];
      let next = 0;
      let isLoading = true;
      const publishers = numbers(20).map(async () => {
        while (isLoading) {
          const id = String(next++);
          await broker.publish(queue, messageOf(id));
          confirmed.push(id);
        }
      });
      await waitFor('some load', () => received.size > 500);
      await server.kill();
      const confirmedBefore = confirmed.length;
      await waitFor('the outage', () => broker.problem() !== null);
      await server.restart();
      await waitFor('more load', () => confirmed.length > confirmedBefore + 500, 25_000);
      isLoading = false;
      await Promise.all(publishers);
      await waitFor('everything', () => confirmed.every((id) => received.has(id)));
      expect(broker.problem()).toBeNull();
      expect(text()).not.toContain('secret');
      await broker.close();
    }, 90_000);
  });
}
