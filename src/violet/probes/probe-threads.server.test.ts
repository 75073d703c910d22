import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openProbeTargets, say } from '../../../test/probe-targets.ts';
import { waitFor } from '../../../test/servers/temp.ts';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';
import { systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { Unavailable } from '../../model/errors.ts';
import {
  openProbeThreads,
  type ProbeThreads,
  type ProbeThreadsOptions,
  probeThreadCount,
} from './probe-threads.ts';
import type { ProbeOrder } from './run-probe.ts';

const FILE = join(import.meta.dirname, '../../../dist/violet/probes/probe-thread.js');
const FAULTY_FILE = join(import.meta.dirname, '../../../test/fixtures/faulty-thread.mjs');
const targets = openProbeTargets();
let port: string;
/** Takes connections and says nothing. */
let silentPort: string;
let threads: ProbeThreads | undefined;

beforeAll(async () => {
  port = await targets.listen(say('220 ready\r\n'));
  silentPort = await targets.listen(() => undefined);
});

afterEach(async () => {
  await threads?.close();
  threads = undefined;
});

afterAll(() => targets[Symbol.asyncDispose]());

function open(options: Partial<ProbeThreadsOptions> = {}): ProbeThreads {
  threads = openProbeThreads({
    ...{ file: FILE, maxCount: 1, clock: systemClock, log: silentLog() },
    mask: (text) => text.replaceAll('my secret', '******'),
    ...options,
  });
  return threads;
}

function orderOf(args: readonly string[], changes: Partial<ProbeOrder> = {}): ProbeOrder {
  const host = { name: 'target', address: '127.0.0.1' };
  return { builtin: 'tcp', args, host, timeoutMs: 10_000, ...changes };
}

const reaching = () => orderOf(['-p', port, '-e', '220']);
const waiting = (timeoutMs = 10_000) => orderOf(['-p', silentPort, '-e', '220'], { timeoutMs });

/** For `FAULTY_FILE`. */
const computing = () => orderOf(['compute without end'], { timeoutMs: 1_000 });

describe('probes of services on threads', () => {
  test('say what they say elsewhere: of a target, of wrong arguments, of a time-out', async () => {
    const { start } = open();
    const said = await Promise.all(
      [reaching(), orderOf([]), waiting(200)].map((order) => start(order).outcome),
    );
    expect(said).toEqual([
      expect.objectContaining({
        ...{ kind: 'exited', exitCode: 0 },
        stdout: expect.stringMatching(/^TCP OK - .* second response time .* \[220 ready\]\|time=/),
      }),
      expect.objectContaining({
        ...{ kind: 'exited', exitCode: 3 },
        stdout: expect.stringMatching(/^TCP UNKNOWN - there is no port: give -p\nusage: tcp /),
      }),
      { kind: 'timedOut', timeoutMs: 200, stdout: '' },
    ]);
  });

  test('a run that nobody wants any more ends, and its connection with it', async () => {
    const { start } = open();
    const run = start(waiting());
    await waitFor('the connection', () => targets.sockets.size > 0);
    run.stop();
    await expect(run.outcome).rejects.toBeInstanceOf(Unavailable);
    await waitFor('the connection to be closed', () => targets.sockets.size === 0);
    // Stopping what has ended is nothing.
    run.stop();
    expect(await start(reaching()).outcome).toMatchObject({ exitCode: 0 });
  });

  test('closing stops what runs', async () => {
    const own = open();
    const run = own.start(waiting());
    await waitFor('the connection', () => targets.sockets.size > 0);
    await Promise.all([expect(run.outcome).rejects.toBeInstanceOf(Unavailable), own.close()]);
    await expect(own.start(reaching()).outcome).rejects.toBeInstanceOf(Unavailable);
    await waitFor('the connection to be closed', () => targets.sockets.size === 0);
  });

  test('a thread that computes on is replaced: its run is out of time, others are handed back', async () => {
    const clock = createSimulatedClock();
    const { start } = open({ clock, file: FAULTY_FILE });
    const other = start(waiting(60_000));
    await waitFor('the connection', () => targets.sockets.size > 0);
    const stuck = start(computing());
    const handedBack = expect(other.outcome).rejects.toBeInstanceOf(Unavailable);
    await clock.advance(10_000);
    expect(await stuck.outcome).toEqual({ kind: 'timedOut', timeoutMs: 1_000, stdout: '' });
    await handedBack;
    expect(await start(reaching()).outcome).toMatchObject({ exitCode: 0 });
  });

  test('a fault of a probe outside of a run is logged, and the runs of its thread go on', async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => lines.push(line) });
    const own = open({ file: FAULTY_FILE, log });
    const going = own.start(waiting());
    await waitFor('the connection', () => targets.sockets.size > 0);
    const args = ['-p', silentPort, '-e', 'fail outside with my secret'];
    expect(await own.start(orderOf(args, { timeoutMs: 300 })).outcome).toMatchObject({
      kind: 'timedOut',
    });
    expect(lines.join()).toMatch(/fail outside with \*{6}/);
    expect(await own.start(reaching()).outcome).toMatchObject({ exitCode: 0 });
    going.stop();
    await expect(going.outcome).rejects.toBeInstanceOf(Unavailable);
    expect(own.count).toBe(1);
  });

  test('a fault of a probe in its run ends that run and no other', async () => {
    const own = open();
    const going = own.start(waiting());
    await waitFor('the connection', () => targets.sockets.size > 0);
    const faulty = own.start({ ...reaching(), args: null as unknown as string[] });
    await expect(faulty.outcome).rejects.toThrow(/TypeError/);
    going.stop();
    await expect(going.outcome).rejects.toBeInstanceOf(Unavailable);
    expect(own.count).toBe(1);
  });

  test('tell how much of their time they use, of which none is left when all compute', async () => {
    const own = open({ clock: createSimulatedClock(), file: FAULTY_FILE });
    expect(own.readUse()).toBe(0);
    await own.start(reaching()).outcome;
    await waitFor('the thread to idle', () => own.readUse() < 0.5);
    const run = own.start(computing());
    await waitFor('the thread to be busy', () => own.readUse() > 0.95);
    await Promise.all([expect(run.outcome).rejects.toBeInstanceOf(Unavailable), own.close()]);
  });

  test('those that may still be started count as idle', async () => {
    const settings = { clock: createSimulatedClock(), file: FAULTY_FILE };
    const own = open({ ...settings, maxCount: 2 });
    const run = own.start(computing());
    expect(own.readUse()).toBe(0);
    await Promise.all([expect(run.outcome).rejects.toBeInstanceOf(Unavailable), own.close()]);
  });

  test('a thread that ends before any of its runs is told as their outcome, not tried forever', async () => {
    const own = open({ file: '/nowhere/thread.js' });
    const outcomes = await Promise.all([reaching(), reaching()].map((o) => own.start(o).outcome));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        ...{ kind: 'notStarted', why: 'refused' },
        detail: expect.stringMatching(/^Probe tcp was not started: no thread .*Cannot find module/),
      });
    }
    expect(own.count).toBe(0);
  });

  test('a thread that crashes after it has worked hands back what it runs', async () => {
    const own = open({ file: FAULTY_FILE });
    await own.start(reaching()).outcome;
    const going = own.start(waiting());
    await waitFor('the connection', () => targets.sockets.size > 0);
    own.start(orderOf(['end the thread'])).outcome.catch(() => undefined);
    await expect(going.outcome).rejects.toBeInstanceOf(Unavailable);
    expect(await own.start(reaching()).outcome).toMatchObject({ exitCode: 0 });
  });

  test('there is one more when those that are there are busy, up to the limit', async () => {
    const own = open({ maxCount: 2 });
    const one = own.start(waiting());
    expect(own.count).toBe(1);
    const runs = [one, ...Array.from({ length: 200 }, () => own.start(waiting()))];
    expect(own.count).toBe(2);
    const ended = Promise.allSettled(runs.map(({ outcome }) => outcome));
    for (const run of runs) run.stop();
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
  });

  test('leave a processor to all else, and are none where there is only one', () => {
    expect([1, 2, 3, 8, 64].map(probeThreadCount)).toEqual([0, 1, 2, 4, 4]);
  });
});
