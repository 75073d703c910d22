import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { createSlots } from '../../lib/slots.ts';
import { createPace } from './pace.ts';
import { findListening } from './ports.ts';

let server: Server;
let port: number;
let connections: number;
beforeEach(async () => {
  connections = 0;
  server = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterEach(() => {
  server.close();
});

const find = (addresses: readonly string[], ports: readonly number[], stopping = neverStopping()) =>
  findListening(addresses, {
    ports,
    timeoutMs: 2_000,
    pace: createPace(systemClock, 1_000),
    slots: createSlots(1),
    clock: systemClock,
    signal: stopping.signal,
  });
const neverStopping = () => new AbortController();

test('a host that takes a connection is there, and so is one that refuses', async () => {
  expect(await find(['127.0.0.2', '127.0.0.3'], [port])).toEqual(
    new Set(['127.0.0.2', '127.0.0.3']),
  );
  expect(connections).toBe(1);
});

test('without ports nothing is known', async () => {
  expect(await find(['127.0.0.2'], [])).toEqual(new Set());
});

test('a host that answered is not asked on further ports', async () => {
  expect(await find(['127.0.0.2'], [port, port, port])).toEqual(new Set(['127.0.0.2']));
  expect(connections).toBe(1);
});

test('it ends when it is stopped', async () => {
  const stopping = neverStopping();
  const found = find(['127.0.0.2', '127.0.0.3'], [port], stopping);
  stopping.abort();
  expect(await found).toEqual(new Set());
});
