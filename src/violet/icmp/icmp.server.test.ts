import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ErrorMessageChanges, errorMessage } from '../../../test/error-message.ts';
import { findSocketCalls, openTestIcmp } from '../../../test/icmp.ts';
import { waitFor } from '../../../test/servers/temp.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { silentLog } from '../../lib/log.ts';
import { type EchoEnd, type Icmp, openIcmp } from './icmp.ts';
import type { SocketCalls } from './socket-calls.ts';

const calls = await findSocketCalls();
let open: Icmp[] = [];

beforeEach((context) => {
  if (calls === null) context.skip('no socket of ICMP is permitted here');
});
afterEach(() => {
  for (const icmp of open) icmp.close();
  open = [];
});

/** What the system would say. */
function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function start(changes: Partial<SocketCalls> = {}, clock: Clock = systemClock): Icmp {
  if (calls === null) throw new Error('no calls');
  const log = silentLog();
  const icmp = openIcmp({ calls: { ...calls, ...changes }, createToken: () => 7n, clock, log });
  open.push(icmp);
  return icmp;
}

const ask = (icmp: Icmp, address: string, timeoutMs = 5_000) =>
  new Promise<EchoEnd>((onEnd) => icmp.send({ address, timeoutMs, onEnd }));

const ANSWERED = { kind: 'answered', rttMs: expect.any(Number) };

describe('this machine', () => {
  test.each(['127.0.0.1', '127.1.2.3', '::1', '0:0::1'])('answers at %s', async (address) => {
    expect(await ask(start(), address)).toEqual(ANSWERED);
  });

  test('answers others at once, each its own', async () => {
    const icmp = start();
    const addresses = Array.from(
      { length: 500 },
      (_, index) => `127.0.${index % 7}.${index % 250}`,
    );
    const ends = await Promise.all(addresses.map((address) => ask(icmp, address)));
    expect(ends.filter(({ kind }) => kind !== 'answered')).toEqual([]);
  });

  test('refuses to send to all, which is a loss with its reason', async () => {
    const end = await ask(start(), '255.255.255.255');
    expect(end).toMatchObject({ kind: 'lost', reason: { code: 'EACCES' } });
  });

  test('is another one than 0.0.0.0, whose answer comes from elsewhere', async () => {
    expect(await ask(start(), '0.0.0.0', 200)).toEqual({ kind: 'lost', reason: null });
  });
});

test('what was cancelled is told nothing, be it queued or sent', async () => {
  const icmp = start();
  const ends: EchoEnd[] = [];
  const request = { address: '127.0.0.1', timeoutMs: 1, onEnd: (end: EchoEnd) => ends.push(end) };
  icmp.send(request)();
  const cancel = icmp.send({ ...request, address: '0.0.0.0', timeoutMs: 60_000 });
  await ask(icmp, '127.0.0.1');
  cancel();
  cancel();
  await ask(icmp, '127.0.0.1');
  expect(ends).toEqual([]);
});

test('when it is closed, all that wait are told, and nothing is sent', async () => {
  const icmp = start();
  const waiting = [ask(icmp, '0.0.0.0', 60_000), ask(icmp, '::1')];
  icmp.close();
  icmp.close();
  const stopped = { kind: 'unable', reason: 'this worker stops' };
  expect(await Promise.all([...waiting, ask(icmp, '127.0.0.1')])).toEqual(Array(3).fill(stopped));
});

test('no more than 65,536 wait', async () => {
  const icmp = start();
  const ends = Array.from({ length: 65_537 }, () => ask(icmp, '127.0.0.1', 60_000));
  expect(await ends.at(-1)).toEqual({ kind: 'unable', reason: '65536 echoes wait already' });
  icmp.close();
  await Promise.all(ends);
});

describe('a complaint', () => {
  /** Who answers from another address, so that nothing comes back from it. */
  const SILENT = '0.0.0.0';
  const IN_TIME = { timeoutMs: 60_000, token: 7n, serial: 1 };

  /** The end of an echo to `SILENT` after the network has said this of it. */
  async function hear(
    changes: ErrorMessageChanges,
    { timeoutMs, token, serial } = IN_TIME,
  ): Promise<EchoEnd> {
    const message = errorMessage(4, { serial, token }, { addressBytes: [0, 0, 0, 0], ...changes });
    let messages = [message];
    const icmp = start({ receiveError: () => messages.pop() ?? null });
    messages = [];
    const end = ask(icmp, SILENT, timeoutMs);
    await new Promise((resolve) => setImmediate(resolve));
    messages = [message];
    // The refusal of another one makes the queue be read.
    expect(await ask(icmp, '255.255.255.255')).toMatchObject({ reason: { code: 'EACCES' } });
    expect(messages).toEqual([]);
    return end;
  }

  test('ends its echo at once', async () => {
    expect(await hear({})).toEqual({ kind: 'lost', reason: 'Host Unreachable' });
  });

  test.each([
    ['another address', { addressBytes: [0, 0, 0, 1] }, {}],
    ['another token', {}, { token: 8n }],
    ['another serial', {}, { serial: 3 }],
    ['no token and another address', { addressBytes: [0, 0, 0, 1], quotedBytes: 8 }, {}],
    ['no token and another sequence number', { quotedBytes: 8 }, { serial: 0 }],
  ])('of %s says nothing', async (_name, changes, wrong) => {
    const end = await hear(changes, { ...IN_TIME, timeoutMs: 100, ...wrong });
    expect(end).toEqual({ kind: 'lost', reason: null });
  });

  test('without a token does not end its echo, but is the reason when no answer comes', async () => {
    const startedAt = systemClock.monotonic();
    const end = await hear({ quotedBytes: 8 }, { ...IN_TIME, timeoutMs: 150 });
    expect(end).toEqual({ kind: 'lost', reason: 'Host Unreachable' });
    expect(systemClock.monotonic() - startedAt).toBeGreaterThanOrEqual(149);
  });

  test('without end of others makes what is refused unknown, and stops nothing else', async () => {
    const message = errorMessage(4, { serial: 99, token: 1n });
    const icmp = start({ receiveError: () => message });
    const refused = ask(icmp, '255.255.255.255');
    expect(await ask(icmp, '127.0.0.1')).toEqual(ANSWERED);
    const reason = 'too many errors come back from the network';
    expect(await refused).toEqual({ kind: 'unable', reason });
  });
});

describe('a socket', () => {
  /** A clock that can be set forward. */
  const settable = () => {
    const clock = {
      ...systemClock,
      aheadMs: 0,
      monotonic: () => performance.now() + clock.aheadMs,
    };
    return clock;
  };

  test.each([
    [
      'EACCES',
      /name the group of violet in the sysctl net.ipv4.ping_group_range, or give .*CAP_NET_RAW/,
    ],
    ['EPERM', /net.ipv4.ping_group_range/],
    ['EMFILE', /too many files open: raise its limit/],
    ['EAFNOSUPPORT', /has no such addresses/],
    ['EINVAL', /^EINVAL$/],
  ])('that cannot be opened for %s is tried again later', async (code, reason) => {
    const clock = settable();
    let isRefused = true;
    let tries = 0;
    const openFile = (...args: [number, number, number]) => {
      tries++;
      if (isRefused || calls === null) throw systemError(code);
      return calls.open(...args);
    };
    const icmp = start({ open: openFile }, clock);
    expect(icmp.socketOf(4)).toEqual({ problem: expect.stringMatching(reason) });
    const triesAtStart = tries;
    isRefused = false;
    expect(await ask(icmp, '127.0.0.1')).toEqual({
      kind: 'unable',
      reason: expect.stringMatching(reason),
    });
    expect(tries).toBe(triesAtStart);
    clock.aheadMs = 10_001;
    expect(await ask(icmp, '127.0.0.1')).toEqual(ANSWERED);
    expect(icmp.socketOf(6)).toHaveProperty('kind');
  });

  test('that breaks is opened again later', async (context) => {
    const clock = settable();
    let isBroken = true;
    const icmp = start(
      {
        open(domain, type, protocol) {
          const isPing = type === 2 && protocol !== 0;
          if (isPing || calls === null) throw systemError('EACCES');
          return calls.open(domain, type, protocol);
        },
        rename(file, target) {
          // A socket of TCP without a connection has nothing to receive, and says so.
          if (isBroken && calls !== null) calls.rename(calls.open(2, 1, 0), file);
          calls?.rename(file, target);
        },
      },
      clock,
    );
    if ('problem' in icmp.socketOf(4)) context.skip('no raw socket is permitted here');
    const broken = { kind: 'unable', reason: expect.stringMatching(/EPIPE|ENOTCONN/) };
    expect(await ask(icmp, '127.0.0.1')).toEqual(broken);
    await waitFor('Node to see it', () => 'problem' in icmp.socketOf(4));
    expect(await ask(icmp, '127.0.0.1')).toEqual(broken);
    isBroken = false;
    clock.aheadMs = 10_001;
    expect(await ask(icmp, '127.0.0.1')).toEqual(ANSWERED);
  });

  test('leaves no file open, neither when it is closed nor when it could not be made', async () => {
    const filesBefore = readdirSync('/proc/self/fd').length;
    const fail = () => {
      throw systemError('EIO');
    };
    expect(start({ setOption: fail }).socketOf(4)).toEqual({ problem: 'EIO' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(readdirSync('/proc/self/fd').length).toBe(filesBefore);
    const icmp = start();
    await ask(icmp, '127.0.0.1');
    expect(readdirSync('/proc/self/fd').length).toBeGreaterThan(filesBefore);
    icmp.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(readdirSync('/proc/self/fd').length).toBe(filesBefore);
  });
});

test('without the calls of the system there is none, and the reason says what is missing', () => {
  const icmp = openTestIcmp(null);
  const problem = 'sockets of ICMP need Linux and the npm package koffi';
  expect([icmp.socketOf(4), icmp.socketOf(6)]).toEqual([{ problem }, { problem }]);
  icmp.close();
});
