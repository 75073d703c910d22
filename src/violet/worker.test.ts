import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../test/servers/temp.ts';
import { QUEUE_NAMES } from '../../test/site.ts';
import { ACK, type Broker, DEAD_REASON_HEADER, type OutgoingMessage } from '../broker/broker.ts';
import { openMemoryBroker } from '../broker/memory.ts';
import { createTopology } from '../broker/topology.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { createMetrics, type Metrics } from '../lib/metrics.ts';
import { CHECK_REQUEST, type CheckRequest } from '../messages/check-request.ts';
import { CHECK_RESULT, type CheckResult } from '../messages/check-result.ts';
import { createEnvelope } from '../messages/envelope.ts';
import type { Outcome } from '../model/check.ts';
import { Slots } from './slots.ts';
import { startWorker, type Worker } from './worker.ts';

const topology = createTopology(QUEUE_NAMES);
const envelope = createEnvelope('key');
const shared = { clock: systemClock, log: silentLog(), random: Math.random };
const OK: Outcome = {
  kind: 'exited',
  exitCode: 0,
  stdout: 'OK | a=1s',
  stderr: '',
  truncated: false,
};

let broker: Broker;
let worker: Worker;
let metrics: Metrics;
let results: CheckResult[];
let running: number;
let peak: number;
/** Ends the checks that wait; undefined = they end at once. */
let gate: Promise<void> | undefined;
/** How checks end; undefined = as is said of them. */
let ending: Outcome | undefined;
/** How long the clock says that a check takes. */
let tookMs: number;
let passedMs: number;
/** Of checks, in the order of their beginning. */
let begun: number[];

const clock = { ...systemClock, now: () => systemClock.now() + passedMs };

const execute = async ({ checkId }: CheckRequest): Promise<Outcome> => {
  running++;
  begun.push(checkId);
  peak = Math.max(peak, running);
  await gate;
  running--;
  passedMs += tookMs;
  return ending ?? (tookMs === 0 ? OK : { ...OK, exitCode: 2 });
};

const start = async (zones = ['default'], limits = { perHost: 3, perPlugin: 3 }) => {
  metrics = createMetrics();
  const ports = { broker, topology, envelope, metrics };
  const settings = { serviceCheckTimeoutState: 'critical' } as const;
  const slots = { program: new Slots(3, limits), light: new Slots(20, limits) };
  const self = { id: 'violet-1', zones, slots, execute, settings };
  worker = await startWorker({ ...shared, ...ports, ...self, clock });
};

beforeEach(async () => {
  broker = openMemoryBroker({ ...shared, deadQueue: topology.dead });
  results = [];
  running = 0;
  peak = 0;
  tookMs = 0;
  passedMs = 0;
  begun = [];
  gate = undefined;
  ending = undefined;
  await broker.consumeEach(topology.results(2), { concurrency: 1 }, async (delivery) => {
    results.push(envelope.open(CHECK_RESULT, delivery));
    return ACK;
  });
});
afterEach(async () => {
  await worker.stop();
  await broker.close();
});

const request = (checkId: number, expiresInMs = 60_000): CheckRequest => ({
  id: `${checkId}-1`,
  checkId,
  scheduledAt: Date.now() - 10,
  expiresAt: Date.now() + expiresInMs,
  shard: 2,
  keepHistory: true,
  timeoutMs: 1_000,
  run: { builtin: 'dummy' },
  params: '0',
  host: { name: 'h', address: '192.0.2.1', vars: {} },
  plugin: { name: 'p' },
});
const send = (value: CheckRequest, zone = 'default') =>
  broker.publish(topology.checks(zone), envelope.seal(CHECK_REQUEST, value.id, value));

const sendLight = (value: CheckRequest) =>
  broker.publish(topology.checksLight('default'), envelope.seal(CHECK_REQUEST, value.id, value));

describe('worker', () => {
  test('a request becomes a result in the shard that the request names', async () => {
    await start();
    await send(request(7));
    const [result] = await waitFor('the result', () => results.length > 0 && results);
    expect(result).toMatchObject({
      id: '7-1',
      checkId: 7,
      worker: 'violet-1',
      keepHistory: true,
      state: 'ok',
      exitCode: 0,
      output: 'OK',
      perfdata: [{ label: 'a', value: 1, unit: 's' }],
    });
    expect(worker.figures()).toMatchObject({ running: 0, finished: 1 });
  });

  test('a result tells that its run was out of time', async () => {
    await start();
    await send(request(7));
    await waitFor('the first result', () => results.length === 1);
    ending = { kind: 'timedOut', timeoutMs: 1_000, stdout: '' };
    await send(request(8));
    await waitFor('the second result', () => results.length === 2);
    expect(results.map(({ isTimedOut }) => isTimedOut)).toEqual([undefined, true]);
  });

  test('a result tells when its request was sent, came and was begun', async () => {
    await start();
    const { scheduledAt, ...sent } = request(7);
    await send({ ...sent, scheduledAt, sentAt: scheduledAt + 1 });
    const [result] = await waitFor('the result', () => results.length > 0 && results);
    expect(result?.sentAt).toBe(scheduledAt + 1);
    expect(result?.receivedAt).toBeGreaterThan(scheduledAt);
    expect(result?.startedAt).toBeGreaterThanOrEqual(result?.receivedAt ?? Number.NaN);
  });

  test('runs are counted by plugin, results that wait for the broker as held', async () => {
    await start();
    await send(request(7));
    await waitFor('the result', () => results.length > 0);
    await waitFor('the end', () => worker.figures().running === 0);
    const text = await metrics.format();
    expect(text).toContain('ppalette_violet_check_duration_seconds_count{plugin="p"} 1');
    expect(text).toContain('ppalette_violet_start_latency_seconds_count 1');
    expect(text).toMatch(/^ppalette_violet_checks_total\{outcome="exited"\} 1$/m);
    expect(text).toMatch(/^ppalette_violet_unsent_results 0$/m);
  });

  test('it serves its zones and no others', async () => {
    await start(['a', 'b']);
    await send(request(1), 'a');
    await send(request(2), 'b');
    await send(request(3), 'c');
    await waitFor('two results', () => results.length === 2);
    expect(await broker.depth(topology.checks('c'))).toBe(1);
  });

  test('no more checks run at the same time than there are slots, over all zones', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await start(['a', 'b']);
    for (let index = 0; index < 10; index++) await send(request(index + 1), index % 2 ? 'a' : 'b');
    await waitFor('all slots to be taken', () => worker.figures().running === 3);
    open();
    await waitFor('all results', () => results.length === 10);
    expect(peak).toBe(3);
  });

  test('checks that start no program have slots of their own', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await start(['default'], { perHost: 99, perPlugin: 99 });
    for (let index = 1; index <= 10; index++) await send(request(index));
    for (let index = 11; index <= 60; index++) await sendLight(request(index));
    await waitFor('all slots to be taken', () => worker.figures().running === 3 + 20);
    await worker.resize('light', 30);
    await waitFor('the new slots to be taken', () => worker.figures().running === 3 + 30);
    const text = await metrics.format();
    expect(text).toMatch(/^ppalette_violet_slots_in_use\{kind="program"\} 3$/m);
    expect(text).toMatch(/^ppalette_violet_slots_in_use\{kind="light"\} 30$/m);
    expect(text).toMatch(/^ppalette_violet_slots\{kind="now"\} 2$/m);
    open();
    await waitFor('all results', () => results.length === 60);
  });

  test('with more slots more requests are taken, with fewer they are left to others', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await start(['default'], { perHost: 99, perPlugin: 99 });
    for (let index = 1; index <= 60; index++) await send(request(index));
    const queued = () => broker.depth(topology.checks('default'));
    await waitFor('twice the slots in hand', async () => (await queued()) === 60 - 6);
    await worker.resize('program', 12);
    await waitFor('twelve to run', () => worker.figures().running === 12);
    await waitFor('twice the slots in hand', async () => (await queued()) === 60 - 24);
    expect(worker.figures().consumers).toBe(4);
    // Without waiting for what is in hand, which may last.
    await worker.resize('program', 3);
    expect(worker.figures().consumers).toBe(3);
    expect(results).toEqual([]);
    open();
    await waitFor('all results', () => results.length === 60);
  });

  test('a request whose time passed while it waited for a slot is not run', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await start(['a', 'b']);
    for (let index = 1; index <= 3; index++) await send(request(index), 'a');
    await waitFor('all slots to be taken', () => worker.figures().running === 3);
    const late = request(9, 50);
    await send(late, 'b');
    await waitFor('its time to pass', () => Date.now() > late.expiresAt);
    open();
    await waitFor('the request among the expired', async () => {
      return (await broker.depth(topology.expired)) === 1;
    });
    expect(results.every((result) => result.checkId !== 9)).toBe(true);
  });

  test('a slow host leaves slots to others, and what it keeps from running counts as missed', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await start(['a', 'b'], { perHost: 1, perPlugin: 9 });
    for (let index = 1; index <= 4; index++) await send(request(index), 'a');
    await waitFor('the one too many among the expired', async () => {
      return (await broker.depth(topology.expired)) === 1;
    });
    await send({ ...request(9), host: { name: 'o', address: '192.0.2.2', vars: {} } }, 'b');
    await waitFor('the other host', () => worker.figures().running === 2);
    open();
    await waitFor('the rest', () => results.length === 4);
  });

  test('hosts whose checks failed slowly leave half of the slots to the others', async () => {
    await start();
    tookMs = 2_500;
    const dead = (checkId: number) => ({
      ...request(checkId),
      host: { name: `dead-${checkId}`, address: `198.51.100.${checkId % 10}`, vars: {} },
    });
    for (const checkId of [1, 2, 3]) await send(dead(checkId));
    await waitFor('the dead hosts to be found out', () => results.length === 3);
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    tookMs = 0;
    for (const checkId of [11, 12, 13]) await send(dead(checkId));
    await send(request(20));
    await waitFor('all slots to be taken', () => worker.figures().running === 3);
    expect(begun.slice(3)).toEqual([11, 12, 20]);
    open();
    await waitFor('the rest', () => results.length === 7);
    for (const checkId of [21, 22, 23]) await send(dead(checkId));
    await waitFor('those that are well again', () => results.length === 10);
    expect(worker.figures().running).toBe(0);
  });

  test('a request that is delivered again is run once, while it runs and afterwards', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await start();
    await send(request(7));
    await send(request(7));
    await send(request(8));
    await waitFor('both to run', () => worker.figures().running === 2);
    open();
    await waitFor('their results', () => results.length === 2);
    await send(request(8));
    await send(request(9));
    await waitFor('the one that is new', () => results.length === 3);
    expect(begun).toEqual([7, 8, 9]);
    expect(await broker.depth(topology.expired)).toBe(0);
    expect(await metrics.format()).toMatch(/^ppalette_violet_repeated_requests_total 2$/m);
  });

  const signedBy = (key: string | null) => createEnvelope(key).seal(CHECK_REQUEST, 'x', request(1));
  /** As somebody who has the key could send it. */
  const sign = (text: string): OutgoingMessage => {
    const signature = createHmac('sha256', 'key').update(text).digest('base64');
    return { id: 'x', body: Buffer.from(text), headers: { 'x-ppalette-signature': signature } };
  };
  const sealedAs = (change: (wire: Record<string, unknown>) => unknown) => {
    const { body } = envelope.seal(CHECK_REQUEST, 'x', request(1));
    return sign(JSON.stringify(change(JSON.parse(body.toString()))));
  };
  const without = (field: string) =>
    sealedAs((wire) => {
      const { [field]: _left, ...payload } = wire['payload'] as Record<string, unknown>;
      return { ...wire, payload };
    });

  test.each<[string, () => OutgoingMessage, RegExp]>([
    ['nobody signed', () => signedBy(null), /not signed/],
    ['is signed by another key', () => signedBy('another'), /signature is wrong/],
    [
      'was changed on its way',
      () => ({ ...signedBy('key'), body: Buffer.from('{"kind":"checkRequest"}') }),
      /signature is wrong/,
    ],
    ['is no JSON', () => sign('{'), /not JSON/],
    ['is empty', () => sign(''), /not JSON/],
    ['is NUL', () => sign('\0'), /not JSON/],
    ['is nested a million times', () => sign('['.repeat(1_000_000)), /not JSON/],
    ['is a list', () => sign('[]'), /not a JSON object/],
    [
      'is 10 MB of something',
      () => sign(JSON.stringify('x'.repeat(10_000_000))),
      /not a JSON object/,
    ],
    ['is of another kind', () => sealedAs((wire) => ({ ...wire, kind: 'heartbeat' })), /kind is/],
    [
      'is of a later version',
      () => sealedAs((wire) => ({ ...wire, version: 2 })),
      /version 2 is newer/,
    ],
    [
      'has no version',
      () => sealedAs(({ version: _version, ...wire }) => wire),
      /version is missing/,
    ],
    ['has no check', () => without('checkId'), /checkRequest: /],
    ['has no end', () => without('expiresAt'), /checkRequest: /],
    [
      'carries a secret of prototypes',
      () => sign('{"__proto__":{"kind":"checkRequest"},"version":1,"payload":{}}'),
      /kind is missing/,
    ],
  ])(
    'F20, S10: one that %s is dead-lettered with the reason and never run',
    async (_title, create, reason) => {
      await start();
      await broker.publish(topology.checks('default'), create());
      await broker.publish(topology.checksNow('default'), create());
      await send(request(2));
      await waitFor('the good one', () => results.length === 1);
      const dead = await waitFor('the dead letters', async () => {
        const letters = await broker.peekDead(10);
        return letters.length === 2 && letters;
      });
      for (const { headers } of dead) expect(headers[DEAD_REASON_HEADER]).toMatch(reason);
      expect(begun).toEqual([2]);
      expect(await metrics.format()).toMatch(/^ppalette_violet_dead_letters_total 2$/m);
    },
  );

  test('F70: fields of a later release do not keep a request from being run', async () => {
    await start();
    const later = sealedAs((wire) => ({
      ...wire,
      later: true,
      payload: { ...(wire['payload'] as object), later: { deep: [1] } },
    }));
    await broker.publish(topology.checks('default'), later);
    await waitFor('its result', () => results.length === 1);
  });

  test('stopping lets what runs end, sends its result, and leaves the rest to others', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await start();
    for (let index = 1; index <= 8; index++) await send(request(index));
    await waitFor('all slots to be taken', () => worker.figures().running === 3);
    const stopped = worker.stop();
    open();
    await stopped;
    await waitFor('the results', () => results.length === 3);
    expect(await broker.depth(topology.checks('default'))).toBe(5);
  });
});
