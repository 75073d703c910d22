import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProbe } from '../../../test/probing.ts';
import { freePort, tempFolder, waitFor } from '../../../test/servers/temp.ts';

const TLS = join(import.meta.dirname, '../../../test/fixtures/tls');
const CA = join(TLS, 'authority.crt');

const servers: Server[] = [];
/** What the server was asked, the last first. */
let asked: IncomingMessage[] = [];
let port = '';
let tlsPort = '';

async function listen<Kind extends Server>(server: Kind): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return String((server.address() as AddressInfo).port);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  asked = [request, ...asked];
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  const to = searchParams.get('to');
  if (to !== null) response.setHeader('Location', to);
  response.statusCode = Number(pathname.slice(1)) || 200;
  if (pathname === '/hang') return;
  if (pathname === '/deep') response.writeHead(302, { location: `/deep?${asked.length}` }).end();
  else if (pathname === '/flood') flood(response);
  else if (pathname === '/half') response.writeHead(200, { 'content-length': 9 }).write('half');
  else response.end('hello wörld');
  if (pathname === '/half') setImmediate(() => request.socket.destroy());
}

/** As a server does that speaks WebSocket from then on. */
function upgrade(request: IncomingMessage, socket: Duplex): void {
  asked = [request, ...asked];
  socket.on('end', () => socket.end()).resume();
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
}

function flood(response: ServerResponse): void {
  while (response.writable && response.write('x'.repeat(65_536)));
  if (response.writable) response.once('drain', () => flood(response));
}

beforeAll(async () => {
  port = await listen(createServer(answer).on('upgrade', upgrade));
  const [cert, key] = await Promise.all([
    readFile(join(TLS, 'server.crt')),
    readFile(join(TLS, 'server.key')),
  ]);
  tlsPort = await listen(createTlsServer({ cert, key }, answer));
});

afterAll(() => {
  for (const server of servers) {
    if ('closeAllConnections' in server)
      (server as { closeAllConnections(): void }).closeAllConnections();
    server.close();
  }
});

const get = (...args: string[]) => runProbe('http', ['-p', port, ...args]);
const getTls = (...args: string[]) =>
  runProbe('http', ['-I', '127.0.0.1', '-p', tlsPort, '-S', ...args]);

test('a page is ok, with time and size', async () => {
  const run = await get('-u', '/', '-w', '1', '-c', '5');
  expect(run.output).toMatch(
    /^HTTP OK: HTTP\/1\.1 200 OK - \d+ bytes in 0\.\d{3} second response time$/,
  );
  expect(run.perfdata).toMatchObject([
    { label: 'time', unit: 's', warn: '1', crit: '5', min: 0, max: 5 },
    { label: 'size', unit: 'B', warn: null, crit: null, min: 0, max: null },
  ]);
});

test.each([
  ['/299', [], 'ok'],
  ['/304', [], 'ok'],
  ['/302?to=/', [], 'ok'],
  ['/302?to=/', ['-f', 'warning'], 'warning'],
  ['/302?to=/', ['-f', 'critical'], 'critical'],
  ['/302?to=/', ['-f', 'follow'], 'ok'],
  ['/302?to=/404', ['-f', 'follow'], 'warning'],
  ['/304', ['-f', 'follow'], 'ok'],
  ['/302', ['-f', 'follow'], 'unknown'],
  ['/302?to=ftp://x/', ['-f', 'follow'], 'unknown'],
  ['/302?to=http://[/', ['-f', 'follow'], 'unknown'],
  ['/302?to=/302?to=/302', ['-f', 'follow'], 'unknown'],
  ['/deep', ['-f', 'follow'], 'warning'],
  ['/404', [], 'warning'],
  ['/404', ['-c', '0.0000001'], 'critical'],
  ['/500', ['-w', '0.0000001'], 'critical'],
  ['/600', [], 'critical'],
  ['/404', ['-e', '200,404'], 'ok'],
  ['/500', ['-e', '404'], 'critical'],
  ['/', ['-w', '0.0000001'], 'warning'],
  ['/', ['-s', 'wörld'], 'ok'],
  ['/', ['-s', 'mars'], 'critical'],
  ['/404', ['-e', '404', '-s', 'mars'], 'critical'],
])('%s with %j is %s', async (path, args, state) => {
  expect(await get('-u', path, ...args)).toMatchObject({ state });
});

test('a redirection back to where it came from is critical', async () => {
  const run = await get('-u', '/302?to=/302?to=', '-f', 'follow');
  expect(run.output).toMatch(/^HTTP CRITICAL - redirection creates an infinite loop - http:/);
});

test('what is expected is told', async () => {
  expect((await get('-e', '404')).output).toBe(
    `HTTP CRITICAL - Invalid HTTP response received from host on port ${port}: HTTP/1.1 200 OK`,
  );
  expect((await get('-e', '200', '-s', 'a|b')).output).toMatch(
    /^HTTP CRITICAL: Status line output matched "200" - string 'a¦b' not found on 'http:\/\/127\.0\.0\.1:\d+\/' - \d+ bytes/,
  );
});

describe('what the server is asked', () => {
  test('names the virtual host, and the port if it is not the usual one', async () => {
    await get('-I', '127.0.0.1', '-H', 'www.example.test');
    expect(asked[0]?.headers).toMatchObject({
      ...{ host: `www.example.test:${port}`, connection: 'close', 'user-agent': 'ppalette' },
    });
    await get('-I', '127.0.0.1', '-H', 'www.example.test:80');
    expect(asked[0]?.headers.host).toBe('www.example.test');
    await get();
    expect(asked[0]?.headers.host).toBe(`127.0.0.1:${port}`);
  });

  test('has method, headers and login', async () => {
    await get(
      '-j',
      'HEAD',
      '-k',
      'Accept: text/*',
      '-k',
      'X-A:b',
      '-a',
      'me:secret',
      '-u',
      'a b?c=d',
    );
    expect(asked[0]).toMatchObject({ method: 'HEAD', url: '/a%20b?c=d' });
    expect(asked[0]?.headers).toMatchObject({
      ...{ accept: 'text/*', 'x-a': 'b', authorization: 'Basic bWU6c2VjcmV0' },
    });
  });

  test('keeps the address for the same host, and secrets for it', async () => {
    asked = [];
    const run = await get(
      ...['-I', '127.0.0.1', '-H', 'www.example.test', '-a', 'me:secret', '-f', 'follow'],
      ...['-u', `/302?to=http://www.example.test:${port}/302?to=http://127.0.0.1:${port}/`],
    );
    expect(run.state).toBe('ok');
    expect(asked.map(({ headers }) => [headers.host, headers.authorization])).toEqual([
      [`127.0.0.1:${port}`, undefined],
      [`www.example.test:${port}`, 'Basic bWU6c2VjcmV0'],
      [`www.example.test:${port}`, 'Basic bWU6c2VjcmV0'],
    ]);
  });

  test('goes to the host of a redirection, or sticks', async () => {
    const path = `/302?to=http://nosuch.invalid:${port}/`;
    expect((await get('-u', path, '-f', 'follow')).output).toBe(
      'HTTP CRITICAL - Unable to open TCP socket: Name or service not known: nosuch.invalid',
    );
    expect((await get('-u', path, '-f', 'sticky')).state).toBe('ok');
    expect((await get('-u', '/302?to=http://nosuch.invalid/', '-f', 'stickyport')).state).toBe(
      'ok',
    );
  });
});

describe('a server in trouble', () => {
  test('that is not there is critical', async () => {
    const closed = String(await freePort());
    expect(await runProbe('http', ['-p', closed])).toMatchObject({
      state: 'critical',
      output: `HTTP CRITICAL - Unable to open TCP socket: connect to address 127.0.0.1 and port ${closed}: Connection refused`,
    });
  });

  test.each([
    ['ends it', '', 'No data received from host'],
    ['speaks something else', 'garbage\n', 'Invalid HTTP response received from host on port'],
    [
      'sends endless headers',
      `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(9_999)}`,
      'Invalid HTTP response',
    ],
  ])('that %s is critical', async (_title, bytes, problem) => {
    const bad = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.end(bytes);
      }),
    );
    const run = await runProbe('http', ['-p', bad]);
    expect(run.state).toBe('critical');
    expect(run.output).toContain(`HTTP CRITICAL - ${problem}`);
  });

  test('that breaks off in the middle is critical', async () => {
    expect((await get('-u', '/half')).output).toBe('HTTP CRITICAL - No data received from host');
  });

  test('that never stops is read up to a limit', async () => {
    const run = await get('-u', '/flood', '-s', 'y');
    expect(run.output).toContain("not found on 'http://127.0.0.1:");
    expect(run.output).toContain('in the first 1048576 bytes');
    await waitFor('the connection to be closed', () => asked[0]?.socket.destroyed);
  });

  test('that changes the protocol is what -e expects, and is let go of', async () => {
    const headers = ['-k', 'Connection: Upgrade', '-k', 'Upgrade: x'];
    const run = await get(...headers, '-e', '101');
    expect(run.output).toMatch(/^HTTP OK: Status line output matched "101" - \d+ bytes/);
    expect((await get(...headers)).output).toMatch(/^HTTP \w+: HTTP\/1.1 101 Switching Protocols/);
    await waitFor('the connection to be closed', () => asked[0]?.socket.destroyed);
  });

  test('that does not answer is critical after -t, or times out with the check', async () => {
    const run = await get('-u', '/hang', '-t', '0.3');
    expect(run.output).toBe('HTTP CRITICAL - Socket timeout after 0.3 seconds');
    const other = await runProbe('http', ['-p', port, '-u', '/hang'], { timeoutMs: 300 });
    expect(other.outcome).toEqual({ kind: 'timedOut', timeoutMs: 300, stdout: '' });
    await waitFor('the connection to be closed', () => asked[0]?.socket.destroyed);
  });
});

describe('over TLS', () => {
  test('a certificate of our own that cannot be used is named before anybody is asked', async () => {
    await using folder = await tempFolder();
    const file = join(folder.path, 'own.pem');
    const lines = ['CERTIFICATE', 'PRIVATE KEY'].map((kind) => {
      return `-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----\n`;
    });
    await writeFile(file, lines.join(''));
    asked = [];
    for (const args of [
      ['--client-cert', file],
      ['--ca-cert', CA, '--client-cert', file],
    ]) {
      const run = await getTls(...args);
      expect(run).toMatchObject({
        state: 'unknown',
        output: expect.stringMatching(/^HTTP UNKNOWN - .*own.pem cannot be used: /),
      });
    }
    expect(asked).toEqual([]);
  });

  test('a certificate of a trusted authority for this name is ok', async () => {
    const run = await getTls('-H', 'secure.test', '--ca-cert', CA);
    expect(run.state).toBe('ok');
    expect(asked[0]?.headers.host).toBe(`secure.test:${tlsPort}`);
    expect((await getTls('--ca-cert', CA, '--sni')).state).toBe('ok');
  });

  test('size and content are those of the page', async () => {
    const args = ['-H', 'secure.test', '--ca-cert', CA, '-s', 'wörld'];
    const run = await getTls(...args);
    const plain = await get('-I', '127.0.0.1', '-H', 'secure.test');
    expect(run.perfdata[1]?.value).toBe(plain.perfdata[1]?.value);
  });

  test.each([
    ['-H secure.test', /Cannot make SSL connection: .*certificate/],
    [`-H other.test --ca-cert ${CA}`, /Cannot make SSL connection: .*(altnames|does not match)/],
  ])('a wrong certificate is critical: %s', async (args, problem) => {
    const run = await getTls(...args.split(' '));
    expect(run).toMatchObject({ state: 'critical', output: expect.stringMatching(problem) });
  });

  test('a server without TLS, or without the version, is critical', async () => {
    const plain = await runProbe('http', ['-p', port, '-S']);
    expect(plain.output).toMatch(/^HTTP CRITICAL - Cannot make SSL connection: wrong version/);
    const old = createTlsServer(
      {
        ...{ cert: await readFile(join(TLS, 'server.crt')), maxVersion: 'TLSv1.2' as const },
        key: await readFile(join(TLS, 'server.key')),
      },
      answer,
    );
    const args = ['-p', await listen(old), '--ca-cert', CA];
    expect((await runProbe('http', [...args, '-S1.2+'])).state).toBe('ok');
    expect((await runProbe('http', [...args, '-S1.3'])).state).toBe('critical');
  });
});

test.each([
  [['-Q'], 'there is no option -Q'],
  [['extra'], '"extra" belongs to no option'],
  [['-p', '0x50'], '"0x50" is no port: it must be a whole number up to 65535'],
  [['-I', ''], 'there is no host: its name is empty'],
  [['-H', ''], '"" is no host name'],
  [['-H', 'a b'], '"a b" is no host name'],
  [['-H', 'me@evil'], '"me@evil" is no host name'],
  [['-H', 'a/b'], '"a/b" is no host name'],
  [['-f', 'never'], '"never" is none of ok, warning, critical, follow, sticky, stickyport'],
  [['-j', 'get /'], '"get /" is no method that can be asked with'],
  [['-j', 'CONNECT'], '"CONNECT" is no method that can be asked with'],
  [['-k', 'A: b\r\nC: d'], '"A: b\r C: d" is no header, such as "Accept: text/html"'],
  [['-S1'], 'TLS "1" is not offered: it must be 1.2 or 1.3, or 1.2+'],
  [['-S', '--ca-cert', '/absent'], '/absent is no file with certificates in PEM form'],
])('with %j it is unknown and shows the usage', async (args, problem) => {
  const run = await runProbe('http', args);
  const output = `HTTP UNKNOWN - ${problem.replaceAll('\r', '')}`;
  expect(run).toMatchObject({ state: 'unknown', output, perfdata: [] });
  expect(run.longOutput).toMatch(/^usage: http /);
});
