import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { exchange, TransportError } from './http-exchange.ts';

/** Serves while `use` runs. */
async function withServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  use: (url: URL) => Promise<void>,
): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const never = new AbortController().signal;
const requestOf = (url: URL, method = 'GET') => ({
  ...{ url, method, headers: {}, body: undefined, signal: never },
});

async function read(parts: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const part of parts) text += String(part);
  return text;
}

/** Answers once on each connection and cuts it at the next request. */
function answerOnce() {
  const used = new WeakSet<Socket>();
  return ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (used.has(socket)) socket.destroy();
    used.add(socket);
    response.end('here');
  };
}

test('a connection that the server closes between two requests is replaced', async () => {
  await withServer(answerOnce(), async (url) => {
    for (let count = 0; count < 3; count++) {
      const answer = await exchange(requestOf(url));
      expect([answer.status, await read(answer.parts)]).toEqual([200, 'here']);
    }
  });
});

test('what changes something is sent once, over a connection of its own', async () => {
  const methods: (string | undefined)[] = [];
  const connections = new Set<Socket>();
  const answer = ({ method, socket }: IncomingMessage, response: ServerResponse) => {
    methods.push(method);
    connections.add(socket);
    if (methods.length === 3) socket.destroy();
    response.end('here');
  };
  await withServer(answer, async (url) => {
    for (let count = 0; count < 2; count++) {
      await read((await exchange(requestOf(url, 'POST'))).parts);
    }
    await expect(exchange(requestOf(url, 'POST'))).rejects.toMatchObject({
      ...{ name: 'TransportError', cause: { code: 'ECONNRESET' } },
    });
    expect(methods).toEqual(['POST', 'POST', 'POST']);
    expect(connections.size).toBe(3);
  });
});

test('a redirection is told and not followed', async () => {
  const paths: (string | undefined)[] = [];
  const answer = ({ url }: IncomingMessage, response: ServerResponse) => {
    paths.push(url);
    response.writeHead(302, { location: '/elsewhere' }).end();
  };
  await withServer(answer, async (url) => {
    expect(await exchange(requestOf(url))).toMatchObject({ status: 302, statusText: 'Found' });
    expect(paths).toEqual(['/']);
  });
});

test('an answer that breaks off, or falls silent for too long, is an error', async () => {
  const answer = ({ url, socket }: IncomingMessage, response: ServerResponse) => {
    response.write('begun');
    if (url === '/cut') setImmediate(() => socket.destroy());
  };
  await withServer(answer, async (url) => {
    const readAll = async (path: string) => {
      const request = { ...requestOf(new URL(path, url)), silenceMs: 300 };
      await read((await exchange(request)).parts);
    };
    await expect(readAll('/cut')).rejects.toThrow(TransportError);
    await expect(readAll('/silent')).rejects.toThrow(TransportError);
  });
});

test.each([
  ['before', () => undefined],
  ['during', (response: ServerResponse) => void response.write('begun')],
])('whoever gives up %s the answer gets the own reason', async (_when, begin) => {
  const answer = (_request: IncomingMessage, response: ServerResponse) => begin(response);
  await withServer(answer, async (url) => {
    const signal = AbortSignal.timeout(100);
    const attempt = exchange({ ...requestOf(url), signal }).then(({ parts }) => read(parts));
    await expect(attempt).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
