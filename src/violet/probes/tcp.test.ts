import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProbe } from '../../../test/probing.ts';
import { freePort, waitFor } from '../../../test/servers/temp.ts';

/** A server for one kind of behaviour; counts who is connected. */
async function listen(handle: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined);
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port: String(port),
    sockets,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

type Listening = Awaited<ReturnType<typeof listen>>;
let greeting: Listening;
let silent: Listening;
const heard: string[] = [];

beforeAll(async () => {
  greeting = await listen((socket) => {
    socket.write('220 re|ady\r\n');
    socket.on('data', (data) => {
      heard.push(String(data));
      socket.write(`got ${data}`);
    });
  });
  silent = await listen(() => undefined);
});

afterAll(() => {
  greeting.close();
  silent.close();
});

test('a port that is open is ok, with the time it took', async () => {
  const run = await runProbe('tcp', ['-p', greeting.port, '-w', '1', '-c', '5']);
  expect(run.output).toMatch(
    new RegExp(
      `^TCP OK - 0\\.\\d{3} second response time on 127\\.0\\.0\\.1 port ${greeting.port}$`,
    ),
  );
  expect(run.perfdata).toEqual([
    {
      ...{ label: 'time', unit: 's', warn: '1', crit: '5', min: 0, max: 5 },
      value: expect.any(Number),
    },
  ]);
});

test('a port that nobody listens on is critical, or as -r says', async () => {
  const port = String(await freePort());
  const run = await runProbe('tcp', ['-p', port]);
  const reason = `connect to address 127.0.0.1 and port ${port}: Connection refused`;
  expect(run).toMatchObject({ state: 'critical', output: `TCP CRITICAL - ${reason}` });
  expect(await runProbe('tcp', ['-p', port, '-r', 'warn'])).toMatchObject({
    ...{ state: 'warning', output: `TCP WARNING - ${reason}` },
  });
});

test.each([
  [['-w', '0.0000001'], 'warning'],
  [['-c', '0.0000001'], 'critical'],
  [['-w', '0.0000001', '-c', '0.0000001'], 'critical'],
  [['-w', '@5:'], 'ok'],
  [['-w', '5:'], 'warning'],
])('with %j the time is %s', async (args, state) => {
  expect(await runProbe('tcp', ['-p', greeting.port, ...args])).toMatchObject({ state });
});

describe('a conversation', () => {
  test('is ok when the answer has the text, on one line and without performance data', async () => {
    const args = ['-p', greeting.port, '-s', 'hello', '-e', 'got hello', '-w', '1'];
    const run = await runProbe('tcp', args);
    expect(run.state).toBe('ok');
    expect(run.output).toMatch(/\[220 re¦ady got hello\]$/);
    expect(run.perfdata).toHaveLength(1);
    expect((await runProbe('tcp', ['-j', ...args])).output).not.toContain('220');
  });

  test('needs one text, or with -A all', async () => {
    const args = ['-p', greeting.port, '-e', '220', '-e', '250', '-t', '0.3'];
    expect((await runProbe('tcp', args)).state).toBe('ok');
    expect((await runProbe('tcp', ['-A', ...args])).state).toBe('critical');
    expect((await runProbe('tcp', ['-A', ...args, '-s', '250'])).state).toBe('ok');
  });

  test('sends escapes with -E, and a line to part with', async () => {
    heard.length = 0;
    await runProbe('tcp', ['-p', greeting.port, '-E', '-s', 'a\\r\\n\\x', '-e', 'got']);
    await runProbe('tcp', ['-p', greeting.port, '-q', 'BYE\\n', '-e', '220']);
    await waitFor('both to be heard', () => heard.length === 2);
    expect(heard).toEqual(['a\r\n\\x', 'BYE\\n\r\n']);
  });

  test('finds a text across pieces and characters', async () => {
    const server = await listen((socket) => {
      const bytes = Buffer.from('wel–come');
      let index = 0;
      const next = () => {
        const byte = bytes.subarray(index, ++index);
        if (byte.length > 0) socket.write(byte, () => setImmediate(next));
      };
      socket.setNoDelay(true);
      next();
    });
    const run = await runProbe('tcp', ['-p', server.port, '-e', 'l–c']);
    server.close();
    expect(run.state).toBe('ok');
  });

  test('with another answer is a warning, or as -M says, once the target ends it', async () => {
    const server = await listen((socket) => socket.end('garbage\n'));
    const run = await runProbe('tcp', ['-p', server.port, '-e', '220']);
    expect(run.output).toBe('TCP WARNING - Unexpected response from host/socket: garbage');
    expect(run.perfdata).toHaveLength(1);
    const other = await runProbe('tcp', ['-p', server.port, '-e', '220', '-M', 'crit']);
    expect(other.state).toBe('critical');
    server.close();
  });

  test('without any answer is critical', async () => {
    const server = await listen((socket) => socket.end());
    const run = await runProbe('tcp', ['-p', server.port, '-e', '220']);
    expect(run.output).toBe('TCP CRITICAL - No data received from host');
    server.close();
  });

  test('that is reset is critical', async () => {
    const server = await listen((socket) => socket.resetAndDestroy());
    const run = await runProbe('tcp', ['-p', server.port, '-e', '220']);
    expect(run.output).toMatch(/^TCP CRITICAL - .*: Connection reset by peer$/);
    server.close();
  });

  test('with an endless answer ends', async () => {
    const server = await listen((socket) => {
      const flood = () => socket.writable && socket.write('x'.repeat(65_536), flood);
      flood();
    });
    const run = await runProbe('tcp', ['-p', server.port, '-e', '220']);
    expect(run.output).toMatch(/^TCP WARNING - Unexpected response from host\/socket: x+ \.\.\.$/);
    server.close();
  });
});

describe('a target that says nothing', () => {
  test('is critical after -t', async () => {
    const run = await runProbe('tcp', ['-p', silent.port, '-e', '220', '-t', '0.3']);
    expect(run.output).toBe('TCP CRITICAL - Socket timeout after 0.3 seconds');
  });

  test('times out with the check, and is let go of', async () => {
    const run = await runProbe('tcp', ['-p', silent.port, '-e', '220'], { timeoutMs: 300 });
    expect(run.outcome).toEqual({ kind: 'timedOut', timeoutMs: 300, stdout: '' });
    await waitFor('the connections to be closed', () => silent.sockets.size === 0);
  });
});

test.each([
  [[], 'there is no port: give -p'],
  [['-p', '1', '-H', ''], 'there is no host: its name is empty'],
  [['-p', '70000'], '"70000" is no port: it must be a whole number up to 65535'],
  [['-p', '1', '-w', 'x'], '"x" is no range of seconds'],
  [['-p', '1', '-c', '5:1'], '"5:1" is no range of seconds'],
  [['-p', '1', '-t', '-1'], '"-1" is no number of seconds: it must be a number up to 86400'],
  [['-p', '1', '-r', 'bad'], '"bad" is no state: it must be ok, warn or crit'],
  [['-p', '1', '-x|a=1'], 'there is no option -x'],
  [['-p', '1', 'a|b=1'], '"a¦b=1" belongs to no option'],
])('with %j it is unknown and shows the usage', async (args, problem) => {
  const run = await runProbe('tcp', args);
  expect(run).toMatchObject({ state: 'unknown', output: `TCP UNKNOWN - ${problem}`, perfdata: [] });
  expect(run.longOutput).toMatch(/^usage: tcp -p PORT/);
});

test.each(['nosuch.invalid', '-oProxyCommand=x', 'a b', '/run/socket'])(
  'the address %j is critical and leads nowhere',
  async (address) => {
    const run = await runProbe('tcp', ['-p', '1', '-H', address]);
    expect(run.state).toBe('critical');
    expect(run.output).toMatch(/^TCP CRITICAL - (Invalid hostname, address or socket|connect to)/);
  },
);
