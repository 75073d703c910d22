/** Whatever a server does, a probe ends in time, says so in a line, and leaves no connection. */

import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Behaviour, openProbeTargets, say } from '../../../test/probe-targets.ts';
import { type ProbeRun, runProbe } from '../../../test/probing.ts';
import {
  createAuthority,
  type ServerCertificate,
  type TestAuthority,
} from '../../../test/servers/certificates.ts';
import { needs } from '../../../test/servers/needs.ts';
import { waitFor } from '../../../test/servers/temp.ts';

const targets = openProbeTargets();

afterAll(() => targets[Symbol.asyncDispose]());

/** Says it over and over, as fast as it is taken. */
function repeat(text: string | Buffer, first = ''): Behaviour {
  return (socket) => {
    socket.resume();
    const more = () => {
      while (socket.writable && socket.write(text));
    };
    socket.on('drain', more);
    socket.write(first, more);
  };
}

/** A byte at a time, long after anybody should still be there. */
function drip(text: string): Behaviour {
  return (socket) => {
    socket.resume();
    let index = 0;
    const timer = setInterval(() => socket.write(text.charAt(index++ % text.length)), 20);
    socket.on('close', () => clearInterval(timer));
  };
}

const BAD_BYTES = Buffer.from([0x32, 0x32, 0x30, 0, 0xff, 0xfe, 0x7c, 0x1b, 0x5b, 0x0d, 0x0a]);
const TLS_ALERT = Buffer.from([0x15, 3, 1, 0, 2, 2, 40]);
const HALF_HELLO = Buffer.from([0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc]);

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  'resets at once': (socket) => socket.resetAndDestroy(),
  'hangs up at once': say('', true),
  'is silent': say(''),
  'floods one line': repeat('x'.repeat(65_536)),
  'floods lines': repeat('120-wait\r\n'.repeat(1_000)),
  'floods NULs': repeat(Buffer.alloc(65_536)),
  'says bytes that are no text': say(BAD_BYTES),
  'says bytes that are no text and hangs up': say(BAD_BYTES, true),
  'drips a line': drip('wait for it '),
  'drips lines': drip('220-w\r\n'),
  'sends a TLS alert': say(TLS_ALERT),
  'sends a TLS alert and hangs up': say(TLS_ALERT, true),
  'begins a TLS handshake': say(HALF_HELLO),
  'floods TLS records': repeat(Buffer.concat([HALF_HELLO, Buffer.alloc(16_384)])),
  'floods HTTP headers': repeat('X-More: more\r\n'.repeat(100), 'HTTP/1.1 200 OK\r\n'),
  'floods HTTP interim answers': repeat('HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)),
  'promises more than it sends': say('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf', true),
};

const PROBES: readonly (readonly [string, string])[] = [
  ['tcp', '-e never'],
  ['tcp', '-S -e never'],
  ['tcp', '-D 30'],
  ['http', '-s never'],
  ['http', '-S'],
  ['http', '-C 30'],
  ['tls', ''],
  ['ssh', ''],
  ['smtp', '-e never'],
  ['smtp', '-S'],
];

/** One line without control characters, as long as a line may be, and no performance data slipped in. */
function expectDecent({ outcome, output, longOutput, perfdata }: ProbeRun): void {
  expect(outcome.kind).toBe('exited');
  expect(output).toMatch(/^[^\p{Cc}|]{10,700}$/u);
  expect(longOutput).toBe('');
  expect(perfdata.filter(({ label }) => label !== 'time' && label !== 'size')).toEqual([]);
}

describe.each(Object.entries(BEHAVIOURS))('a server that %s', (_title, behaviour) => {
  let port = '';
  beforeAll(async () => {
    port = await targets.listen(behaviour);
  });

  test.each(PROBES)('is no success for %s %s', async (name, line) => {
    const args = ['-p', port, '-t', '0.5', ...line.split(' ').filter((word) => word !== '')];
    // The limit of the check is far away: it was -t, or the probe's own judgement.
    const run = await runProbe(name, args, { timeoutMs: 25_000 });
    expectDecent(run);
    expect(['warning', 'critical']).toContain(run.state);
    await waitFor('the connection to be closed', () => targets.sockets.size === 0);
  });
});

describe('a page', () => {
  const serve = (head: string, body: Behaviour): Behaviour => {
    return (socket: Socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n`);
        body(socket);
      });
    };
  };

  test('of 100 MB is read as far as needed', async () => {
    const chunk = Buffer.alloc(65_536, 'x');
    const port = await targets.listen(serve(`Content-Length: ${100 * 2 ** 20}\r\n`, repeat(chunk)));
    const run = await runProbe('http', ['-p', port, '-s', 'needle']);
    expect(run.output).toContain("string 'needle' not found");
    expect(run.perfdata[1]?.value).toBeLessThan(10 * 2 ** 20);
    const sized = await runProbe('http', ['-p', port, '-m', '1:5000000']);
    expect(sized).toMatchObject({ state: 'warning', output: expect.stringMatching(/too large/) });
    await waitFor('the connections to be closed', () => targets.sockets.size === 0);
  });

  test('that would unpack to a lot is taken as it came', async () => {
    const packed = gzipSync(Buffer.alloc(50 * 2 ** 20));
    const head = `Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n`;
    const port = await targets.listen(serve(head, say(packed, true)));
    const run = await runProbe('http', ['-p', port]);
    expect(run.state).toBe('ok');
    expect(run.perfdata[1]?.value).toBeLessThan(packed.length + 1_000);
  });

  test('on which a pattern would work for ever is unknown', async () => {
    const port = await targets.listen(serve('', say(`${'a'.repeat(5_000)}!`, true)));
    const run = await runProbe('http', ['-p', port, '-r', '^(a+)+$']);
    expect(run.state).toBe('unknown');
    expect(run.output).toContain('the pattern was not done within 100 ms');
  });
});

describe.skipIf(needs('openssl'))('a certificate', () => {
  let authority: TestAuthority;
  beforeAll(async () => {
    authority = await createAuthority();
  });
  afterAll(() => authority[Symbol.asyncDispose]());

  const look = async (certificate: ServerCertificate, ...args: string[]) => {
    const port = await targets.listenTls(certificate, say('220 ready\r\n'));
    const common = ['-p', port, '--ca-cert', authority.file];
    return {
      tls: await runProbe('tls', [...common, ...args]),
      tcp: await runProbe('tcp', [...common, '-D', '30', ...args]),
    };
  };

  test.each([
    ['a|b=1', '/CN=a|b=1', "'a¦b=1'"],
    ['control', '/CN=a\nb\x1b[31mc', "'a b [31mc'"],
    ['long', `/O=${'x'.repeat(60)}`, "'"],
    ['nameless', '/', "'odd3.test'"],
    ['two', '/CN=one/CN=two', "'one'"],
    ['umlaut', '/CN=wörld', "'wörld'"],
  ])('with the name %s is shown on one line', async (_title, subject, shown) => {
    const certificate = await authority.issue('odd3', { days: 90, subject });
    const { tls, tcp } = await look(certificate);
    for (const run of [tls, tcp]) {
      expect(run.state).toBe('ok');
      expect(run.output).toMatch(/^[^\p{Cc}|]{10,700}$/u);
      expect(run.output).toContain(shown);
    }
  });

  test('of another host, or of nobody that is known, is critical unless that does not matter', async () => {
    const certificate = await authority.issue('far', { days: 90, names: 'DNS:far.test' });
    const stranger = await look(certificate);
    expect(stranger.tls).toMatchObject({
      state: 'critical',
      output: expect.stringMatching(
        /^TLS CRITICAL - certificate 'far\.test' is not trusted: .*127/,
      ),
    });
    expect(stranger.tcp.output).toMatch(/^CRITICAL - certificate 'far\.test' is not trusted/);
    expect((await look(certificate, '--sni', 'far.test')).tls.state).toBe('ok');
    const careless = await look(certificate, '--no-verify');
    expect([careless.tls.state, careless.tcp.state]).toEqual(['ok', 'ok']);
    const port = await targets.listenTls(certificate, say(''));
    const unknown = await runProbe('tls', ['-p', port, '--sni', 'far.test']);
    expect(unknown.output).toMatch(/is not trusted: (unable to|self signed)/);
    expect((await runProbe('tls', ['-p', port, '--no-verify'])).state).toBe('ok');
  });

  test('by wildcard is for one label only', async () => {
    const certificate = await authority.issue('wild', { days: 90, names: 'DNS:*.wild.test' });
    const at = async (name: string) => (await look(certificate, '--sni', name)).tls.state;
    expect(await at('a.wild.test')).toBe('ok');
    expect(await at('a.b.wild.test')).toBe('critical');
    expect(await at('wild.test')).toBe('critical');
  });

  test('that has expired is said to have, with its date', async () => {
    const certificate = await authority.issue('over', { days: 0 });
    const { tls } = await look(certificate);
    expect(tls.output).toMatch(/^TLS CRITICAL - Certificate 'over\.test' expired on .* \+0000\./);
    expect(tls.perfdata[1]).toMatchObject({ label: 'days', value: -1, warn: '1:', crit: '1:' });
  });

  test('of a server that speaks an older TLS than is wanted is critical', async () => {
    const certificate = await authority.issue('old', { days: 90 });
    const { tls } = await look(certificate, '--min-protocol', '1.3');
    expect(tls.state).toBe('ok');
    const port = await targets.listenTls({ ...certificate, maxVersion: 'TLSv1.2' }, say(''));
    const run = await runProbe('tls', [
      ...['-p', port, '--ca-cert', authority.file, '--min-protocol', '1.3'],
    ]);
    expect(run).toMatchObject({
      state: 'critical',
      output: expect.stringMatching(/the server agreed to TLSv1\.2, and at least TLSv1\.3/),
    });
  });
});
