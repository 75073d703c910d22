/** The probes beside the Debian plugins of the same name: same state, same performance data. */

import { symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../../../scripts/programs.mjs';
import { findSocketCalls, openTestIcmp } from '../../../test/icmp.ts';
import { runPeer, runProbe, shapeOf } from '../../../test/probing.ts';
import { needs } from '../../../test/servers/needs.ts';
import { freePort, tempFolder } from '../../../test/servers/temp.ts';

const servers: Server[] = [];
/** Ports by what listens on them. */
const ports = { http: '', greeting: '', garbage: '', closing: '', closed: '' };

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return String((server.address() as AddressInfo).port);
}

function talk(text: string, isEnd: boolean): Server {
  return createTcpServer((socket) => {
    socket.on('error', () => undefined);
    if (isEnd) socket.end(text);
    else socket.on('data', (data) => socket.write(data)).write(text);
  });
}

beforeAll(async () => {
  const site = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    response.statusCode = Number(pathname.slice(1)) || 200;
    const to = searchParams.get('to');
    if (to !== null) response.setHeader('location', to);
    response.setHeader('x-colour', 'red');
    response.setHeader('date', 'Mon, 01 Jan 2024 00:20:00 GMT');
    response.setHeader('last-modified', 'Mon, 01 Jan 2024 00:00:00 GMT');
    response.end('hello world\nsecond line\n');
  });
  ports.http = await listen(site);
  ports.greeting = await listen(talk('220 ready\r\n', false));
  ports.garbage = await listen(talk('garbage\n', true));
  ports.closing = await listen(talk('', true));
  ports.closed = String(await freePort());
});

afterAll(() => {
  for (const server of servers) server.close();
});

/** The arguments, names of ports replaced; the peers know no host, so they are told. */
function fill(line: string): string[] {
  const words = line.split(' ').filter((word) => word !== '');
  return words.map((word) =>
    Object.hasOwn(ports, word) ? ports[word as keyof typeof ports] : word.replaceAll('_', ' '),
  );
}

const HOST = ['-H', '127.0.0.1'];
/** What differs from run to run, or is not said alike: how large, since headers differ, and how long. */
const TIME = /(page size )?\d+ bytes in .*|(?<=page size )\d+/g;

/** `check_http -m MIN` writes `MIN;0`, which as ranges would be the contrary of what it does. */
function hideSizeLimits({ state, perfdata }: ReturnType<typeof shapeOf>) {
  return {
    state,
    perfdata: perfdata.map((item) =>
      item.label === 'size' ? { ...item, warn: null, crit: null } : item,
    ),
  };
}

describe.skipIf(needs('plugins'))('as the plugin', () => {
  test.each([
    '-p greeting',
    '-p greeting -w 1 -c 5',
    '-p greeting -w 0.000001 -c 5',
    '-p greeting -w 0.000001 -c 0.000002',
    '-p greeting -e 220',
    '-p greeting -e 220 -e 250 -w 3',
    '-p greeting -s hi -e hi',
    '-p greeting -E -s hi\\n -e hi -q bye',
    '-p greeting -e 250 -t 1',
    '-p garbage -e 220',
    '-p garbage -e 220 -M crit',
    '-p garbage -e 220 -e garb',
    '-p garbage -e 220 -e garb -A',
    '-p closing -e 220',
    '-p closed',
    '-p closed -r warn',
    '-p x',
    '-p greeting -Z',
  ])('tcp %s', async (line) => {
    const args = [...HOST, ...fill(line)];
    const settings = { timeoutMs: 10_000 };
    const own = await runProbe('tcp', args, settings);
    expect(shapeOf(own)).toEqual(shapeOf(await runPeer('tcp', args)));
  });

  test.each([
    '',
    '-w 1 -c 5',
    '-w 0.000001 -c 5',
    '-u /404',
    '-u /404 -c 0.00001',
    '-u /500',
    '-u /600',
    '-u /299',
    '-u /304',
    '-u /302?to=/',
    '-u /302?to=/ -f follow',
    '-u /302?to=/404 -f follow',
    '-u /302?to=/ -f warning',
    '-u /302?to=/ -f critical',
    '-u /302?to=/302?to=/ -f follow',
    '-e 200',
    '-e 404',
    '-e 200,404 -u /404',
    '-s world',
    '-s mars',
    '-s mars -e 404 -u /404',
    '-H example.test',
    '-d X-Colour:',
    '-d X-Absent',
    '-d X-Absent -s mars -r venus',
    '-r w.rld',
    '-r HELLO',
    '-R HELLO',
    '-r [[:alpha:]]+_[a-z]',
    '-r ^second',
    '-r world.second',
    '-l -r world.second',
    '--ereg=wor',
    '--invert-regex -r wor',
    '--invert-regex -r mars',
    '-r (',
    '-m 1',
    '-m 100000',
    '-m 1:2',
    '-m 1:100000',
    '-A agent/1.0',
    '-P a=b',
    '-P a=b -T text/xml -j PUT',
    '-j HEAD',
    '-j OPTIONS',
    '-a me:secret',
    '-b me:secret',
    '-N',
    '-B',
    '-M 10m',
    '-M 1h',
    '-M 1d -u /302',
    '-u /302?to=/ -f follow --max-redirs=0',
    '-u /302?to=/ -f sticky',
    '-u /302?to=/ -f stickyport',
    '-u /404 -r mars',
    '-C x',
    '-p garbage',
    '-p closing',
    '-p closed',
    '-S',
    '-Q',
  ])('http %s', async (line) => {
    const args = ['-I', '127.0.0.1', ...(line.includes('-p ') ? [] : ['-p', ports.http])];
    const all = [...args, ...fill(line)];
    const own = await runProbe('http', all, { timeoutMs: 10_000 });
    const peer = await runPeer('http', all);
    expect(hideSizeLimits(shapeOf(own))).toEqual(hideSizeLimits(shapeOf(peer)));
    expect(own.output.replace(TIME, '').trim()).toBe(
      own.state === 'unknown' || / - (Inv|Can|Una)/.test(own.output)
        ? own.output.trim()
        : peer.output.replace(TIME, '').trim(),
    );
  });

  test('http counts the same bytes', async () => {
    const args = ['-I', '127.0.0.1', '-H', 'example.test', '-p', ports.http];
    const [own, peer] = [await runProbe('http', args), await runPeer('http', args)];
    expect(own.perfdata[1]).toEqual(peer.perfdata[1]);
  });

  test.each(['0', '1', '2', '3', '4', '-1', 'x', '', '0 hello', '2 a'])(
    'dummy %s',
    async (line) => {
      const args = fill(line);
      const [own, peer] = [await runProbe('dummy', args), await runPeer('dummy', args)];
      expect(shapeOf(own)).toEqual(shapeOf(peer));
      if (/^\d/.test(line)) expect(own.output).toBe(peer.output);
    },
  );
});

const calls = await findSocketCalls();

describe.each(['socket', 'fping', 'ping'] as const)('echoes by %s', (way) => {
  const program = way === 'socket' ? null : way;
  beforeEach((context) => {
    if (program === null && calls === null) context.skip('no socket of ICMP is permitted here');
    if (program !== null && needs(program)) context.skip(`${program} is not installed`);
  });
  /** With nothing else to send them by. */
  const run = async (address: string, args: readonly string[]) => {
    await using folder = await tempFolder();
    if (program !== null) await symlink(findProgram(program) ?? '', join(folder.path, program));
    const icmp = openTestIcmp(program === null ? calls : null);
    try {
      return await runProbe('ping', args, { path: folder.path, address, icmp });
    } finally {
      icmp.close();
    }
  };
  const LIMITS = ['-w', '100,20%', '-c', '500,60%', '-p', '2'];

  test
    .skipIf(needs('plugins'))
    .each([
      '-w 100,20% -c 500,60% -p 1',
      '-w 100.5,20% -c 500,60% -p 1',
      '-w 0.0001,20% -c 500,60% -p 1',
      '-w 0.0001,20% -c 0.0002,60% -p 1',
      '-w 100 -c 500,60%',
      '-w 100,20% -c 50,60%',
      '-c 500,60%',
    ])('are judged as by the plugin: %s', async (line) => {
    const args = fill(line);
    const [own, peer] = [await run('127.0.0.1', args), await runPeer('ping', [...HOST, ...args])];
    expect(shapeOf(own)).toEqual(shapeOf(peer));
  });

  test.each(['127.0.0.1', 'localhost', '::1'])('%s answers', async (address) => {
    const { state, output, perfdata } = await run(address, LIMITS);
    expect({ state, output }).toEqual({
      ...{ state: 'ok', output: expect.stringMatching(/^PING OK - Packet loss = 0%, RTA = /) },
    });
    expect(perfdata.map(({ value }) => typeof value)).toEqual(['number', 'number']);
  });

  test('a host that does not answer is critical', async () => {
    const { state, output, perfdata } = await run('240.0.0.1', [...LIMITS, '-t', '1']);
    expect({ state, output }).toEqual({
      state: 'critical',
      // Somebody may have said why.
      output: expect.stringMatching(
        /^PING CRITICAL - (Packet loss = 100%|[\w: ]+ \(240\.0\.0\.1\))$/,
      ),
    });
    expect(perfdata).toMatchObject([{ value: null }, { value: 100 }]);
  });

  test('a name that nobody knows is unknown', async () => {
    const { output } = await run('nosuch.invalid', LIMITS);
    expect(output).toBe('PING UNKNOWN - Invalid hostname/address - nosuch.invalid');
  });
});
