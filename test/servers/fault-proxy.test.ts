import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { waitFor } from './temp.ts';

describe('the fault proxy', () => {
  let echo: ReturnType<typeof createServer>;
  let proxy: FaultProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await startFaultProxy((echo.address() as AddressInfo).port);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy[Symbol.asyncDispose]();
    await new Promise((resolve) => echo.close(resolve));
  });

  /** A client that keeps what it hears and how it ended. */
  async function openClient() {
    const client = startClient();
    await once(client.socket, 'connect');
    return client;
  }

  function startClient() {
    const socket = connect(proxy.port, '127.0.0.1');
    clients.push(socket);
    const client = { socket, heard: '', ending: '' };
    socket.on('data', (chunk) => {
      client.heard += String(chunk);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      client.ending = error.code ?? '';
    });
    return client;
  }

  test('passes bytes both ways, many and in order', async () => {
    const client = await openClient();
    const text = 'abcdefgh'.repeat(500_000);
    client.socket.write(text);
    await waitFor('the echo', () => client.heard.length >= text.length);
    expect(client.heard).toBe(text);
  });

  test('passes the end of a connection', async () => {
    const client = await openClient();
    client.socket.end('bye');
    await once(client.socket, 'close');
    expect(client.heard).toBe('bye');
    await waitFor('the end', () => proxy.connectionCount === 0);
  });

  test('cut resets what is there and what comes, until it passes again', async () => {
    const client = await openClient();
    client.socket.write('a');
    await waitFor('the echo', () => client.heard === 'a');
    proxy.setMode('cut');
    await waitFor('the reset', () => client.ending === 'ECONNRESET');
    const late = startClient();
    await waitFor('the reset', () => late.ending === 'ECONNRESET');
    proxy.setMode('pass');
    const next = await openClient();
    next.socket.write('b');
    await waitFor('the echo', () => next.heard === 'b');
  });

  test('stall is silent, and nothing is lost when it is over', async () => {
    const early = await openClient();
    early.socket.write('a');
    await waitFor('the echo', () => early.heard === 'a');
    proxy.setMode('stall');
    const late = await openClient();
    early.socket.write('b');
    late.socket.write('c');
    await new Promise((resolve) => setTimeout(resolve, 100)); // silence can only be waited for
    expect([early.heard, late.heard]).toEqual(['a', '']);
    expect(early.socket.destroyed).toBe(false);
    proxy.setMode('pass');
    await waitFor('both echoes', () => early.heard === 'ab' && late.heard === 'c');
  });

  test('delay holds bytes back in both directions', async () => {
    const client = await openClient();
    proxy.setMode('delay', 60);
    const startedAt = performance.now();
    client.socket.write('a');
    await waitFor('the echo', () => client.heard === 'a');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(110);
  });
});
