import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findSocketCalls } from '../../../test/icmp.ts';
import { runProbe } from '../../../test/probing.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { type EchoEnd, type Icmp, openIcmp } from '../icmp/icmp.ts';
import { sendBySocket, summarize } from './echo-series.ts';

const answered = (rttMs: number): EchoEnd => ({ kind: 'answered', rttMs });
const lost = (reason: string | Error | null = null): EchoEnd => ({ kind: 'lost', reason });

test.each([
  [[answered(1), answered(2), answered(6)], { lossPercent: 0, rttMs: 3, reason: null }],
  [[answered(1), lost(), answered(2)], { lossPercent: 33, rttMs: 1.5, reason: null }],
  [[lost('Host Unreachable'), lost(), answered(1)], { lossPercent: 66, rttMs: 1, reason: null }],
  [
    [lost(), lost('Host Unreachable')],
    { lossPercent: 100, rttMs: null, reason: 'Host Unreachable' },
  ],
  [[lost('a|b\nc')], { lossPercent: 100, rttMs: null, reason: 'a¦b c' }],
  [[lost(new Error('x')), lost()], { lossPercent: 100, rttMs: null, reason: 'x' }],
  [[lost()], { lossPercent: 100, rttMs: null, reason: null }],
])('%j together are %j', (ends, series) => {
  expect(summarize(ends)).toEqual(series);
});

describe('through a socket', () => {
  let icmp: Icmp;
  let timers: Set<() => void>;
  /** Knows which timers wait. */
  const clock: Clock = {
    ...systemClock,
    setTimer(delayMs, run) {
      const cancel = systemClock.setTimer(delayMs, () => {
        timers.delete(forget);
        run();
      });
      const forget = () => {
        timers.delete(forget);
        cancel();
      };
      timers.add(forget);
      return forget;
    },
  };

  beforeEach(async (context) => {
    const calls = await findSocketCalls();
    if (calls === null) context.skip('no socket of ICMP is permitted here');
    timers = new Set();
    const createToken = () => randomBytes(8).readBigUInt64BE();
    icmp = openIcmp({ calls, createToken, clock, log: silentLog() });
  });
  afterEach(() => {
    icmp.close();
    expect(timers.size).toBe(0);
  });

  const target = { address: '127.0.0.1', family: 0, count: 3, intervalMs: 10 } as const;

  test('each echo is sent, one after the other, and no timer is left', async () => {
    const { signal } = new AbortController();
    const startedAt = systemClock.monotonic();
    const series = await sendBySocket({ ...target, answerMs: 9_000 }, { icmp, clock, signal });
    expect(series).toEqual({ lossPercent: 0, rttMs: expect.any(Number), reason: null });
    expect(systemClock.monotonic() - startedAt).toBeGreaterThanOrEqual(19);
    expect(timers.size).toBe(0);
  });

  test('who says nothing is waited for, and no longer than allowed', async () => {
    // Its answer comes from another address.
    const silent = { ...target, address: '0.0.0.0', answerMs: 50 };
    const { signal } = new AbortController();
    const series = await sendBySocket(silent, { icmp, clock, signal });
    expect(series).toEqual({ lossPercent: 100, rttMs: null, reason: null });
  });

  test('nothing is left of a check that is ended', async () => {
    const ending = new AbortController();
    const silent = { ...target, address: '0.0.0.0', intervalMs: 60_000, answerMs: 60_000 };
    const series = sendBySocket(silent, { icmp, clock, signal: ending.signal });
    const { signal } = new AbortController();
    await sendBySocket({ ...target, answerMs: 9_000 }, { icmp, clock, signal });
    expect(timers.size).toBeGreaterThan(0);
    ending.abort();
    await expect(series).rejects.toThrow();
    expect(timers.size).toBe(0);
  });

  test('a refusal is shown in place of the loss', async () => {
    const args = ['-w', '100,20%', '-c', '500,60%', '-H', '255.255.255.255', '-p', '2'];
    const { state, output, perfdata } = await runProbe('ping', args, { path: '/absent', icmp });
    expect({ state, output }).toEqual({
      state: 'critical',
      output: 'PING CRITICAL - Permission denied (255.255.255.255)',
    });
    expect(perfdata).toMatchObject([
      { label: 'rta', value: null },
      { label: 'pl', value: 100 },
    ]);
  });

  test('an address of the other family is none', async () => {
    const args = ['-w', '100,20%', '-c', '500,60%', '-6'];
    const run = await runProbe('ping', args, { path: '/absent', icmp });
    expect(run.output).toBe('PING UNKNOWN - Invalid hostname/address - 127.0.0.1');
  });
});
