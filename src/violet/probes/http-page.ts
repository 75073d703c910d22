/** One page over HTTP or HTTPS, for the probe `http`: request -> status, content, size. */

import { type IncomingMessage, request as requestOver } from 'node:http';
import type { Socket } from 'node:net';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { type Endpoint, openConnection } from './connection.ts';
import { type SecureConnection, secure, type TlsSettings } from './secure-connection.ts';

/** What to ask, and where: to which address, whatever the URL says. */
export interface PageRequest extends Endpoint {
  /** What is asked for; its host is what the server is told. */
  readonly url: URL;
  readonly method: string;
  /** Beside `Host` and `User-Agent`. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent with it; null for nothing. */
  readonly content: string | null;
  /** False: what comes after the headers is not waited for. */
  readonly wantsBody: boolean;
  /** So much is read, if not all of it is kept. */
  readonly maxBodyBytes: number;
  readonly tls: TlsSettings;
}

/** What was answered. */
export interface Page {
  readonly status: number;
  /** As it was sent, such as `HTTP/1.1 200 OK`. */
  readonly statusLine: string;
  /** As they were sent, a line each. */
  readonly headers: string;
  /** The value of a header by its name in small letters; null when there is none. */
  header(name: string): string | null;
  /** The beginning, up to `MAX_BODY_BYTES`. */
  readonly body: Buffer;
  /** Of all that came, with the status line and the headers. */
  readonly sizeBytes: number;
}

/** Of a page, so much is kept. */
export const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Fetches a page over a connection of its own, which is closed after it: one that is kept would hide
 * that no new one can be made. Rejects with the system's, TLS's or the parser's error, and with an
 * `AbortError` when `signal` aborts.
 */
export async function fetchPage(request: PageRequest, signal: StopSignal): Promise<Page> {
  const isTls = request.url.protocol === 'https:';
  const socket = isTls
    ? (await openSecure(request, signal)).socket
    : await openConnection(request, signal);
  try {
    return await exchange(socket, request);
  } finally {
    socket.destroy();
  }
}

/** Connects and shakes hands. Whoever has the socket must destroy it. */
export async function openSecure(
  request: PageRequest,
  signal: StopSignal,
): Promise<SecureConnection> {
  const socket = await openConnection(request, signal);
  return secure(socket, hostOf(request.url), request.tls, signal);
}

function exchange(socket: Socket, request: PageRequest): Promise<Page> {
  const { url, method, headers, content } = request;
  return new Promise((resolve, reject) => {
    const client = requestOver({
      createConnection: () => socket,
      method,
      path: `${url.pathname}${url.search}`,
      headers: { Host: url.host, 'User-Agent': 'ppalette', ...headers },
    });
    const read = (response: IncomingMessage, wantsBody: boolean) => {
      client.off('close', hangUp);
      readPage(response, { ...request, wantsBody }).then(resolve, reject);
    };
    // Without a response Node tells some ends by no error.
    const hangUp = () => {
      reject(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    };
    client.on('error', reject);
    client.on('close', hangUp);
    client.on('response', (response) => read(response, request.wantsBody));
    // The connection is something else's from here on, as for status 101.
    client.on('upgrade', (response) => read(response, false));
    client.end(content ?? undefined);
  });
}

/** The host of a URL without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function readPage(
  response: IncomingMessage,
  { wantsBody, maxBodyBytes }: PageRequest,
): Promise<Page> {
  const { socket } = response;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let room = MAX_BODY_BYTES;
    let bodyBytes = 0;
    const finish = () => {
      const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
      const lines = rawHeaders.flatMap((text, index) => {
        return index % 2 === 0 ? [`${text}: ${rawHeaders[index + 1]}`] : [];
      });
      resolve({
        status: statusCode ?? 0,
        statusLine: `HTTP/${httpVersion} ${statusCode} ${statusMessage}`.trim(),
        headers: lines.join('\r\n'),
        header: (name) => [response.headers[name]].flat()[0] ?? null,
        body: Buffer.concat(chunks),
        sizeBytes: socket.bytesRead,
      });
      response.destroy();
    };
    if (!wantsBody) return finish();
    response.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
      if (room > 0) chunks.push(chunk.subarray(0, room));
      room -= Math.min(room, chunk.length);
      if (bodyBytes >= maxBodyBytes) finish();
    });
    response.on('end', finish);
    response.on('error', reject);
  });
}
