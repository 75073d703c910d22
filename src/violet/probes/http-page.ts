/** One page over HTTP or HTTPS, for the probe `http`: request -> status, content, size. */

import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';

/** What to ask, and where. */
export interface PageRequest {
  /** What is asked for; its host is what the server is told. */
  readonly url: URL;
  /** Where to connect to, whatever the URL says. */
  readonly address: string;
  readonly port: number;
  readonly family: 0 | 4 | 6;
  readonly method: string;
  /** Beside `Host` and `User-Agent`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsSettings;
}

/** How certificates are checked. They always are. */
export interface TlsSettings {
  /** Authorities in PEM form; undefined: those of Node. */
  readonly ca?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** What was answered. */
export interface Page {
  readonly status: number;
  /** As it was sent, such as `HTTP/1.1 200 OK`. */
  readonly statusLine: string;
  /** Where a redirection leads; null when it does not say. */
  readonly location: string | null;
  /** The beginning, up to `MAX_BODY_BYTES`. */
  readonly body: Buffer;
  /** Of all that came, with the status line and the headers. */
  readonly sizeBytes: number;
}

/** What comes after is neither read nor waited for. */
export const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Fetches a page over a connection of its own, which is closed after it. Rejects with the system's,
 * TLS's or the parser's error, and with an `AbortError` when `signal` aborts.
 */
export function fetchPage(request: PageRequest, signal: AbortSignal): Promise<Page> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const { protocol } = request.url;
    const client = (protocol === 'https:' ? https : http).request(describe(request, signal));
    client.on('error', reject);
    client.on('response', (response) => {
      readPage(response).then(resolve, reject);
    });
    client.end();
  });
}

function describe(
  request: PageRequest,
  signal: AbortSignal,
): RequestOptions & https.RequestOptions {
  const { url, address, port, family, method, headers, tls } = request;
  return {
    host: address,
    port,
    family,
    method,
    path: `${url.pathname}${url.search}`,
    headers: { Host: url.host, 'User-Agent': 'ppalette', ...headers },
    // A connection that is kept would hide that no new one can be made.
    agent: false,
    signal,
    ...tls,
    // Set, so that no variable of the environment can switch it off.
    rejectUnauthorized: true,
    servername: isIP(address) !== 0 && isIP(hostOf(url)) !== 0 ? '' : hostOf(url),
  };
}

/** The host of a URL without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function readPage(response: IncomingMessage): Promise<Page> {
  const { socket } = response;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let room = MAX_BODY_BYTES;
    const finish = () => {
      const { httpVersion, statusCode, statusMessage } = response;
      resolve({
        status: statusCode ?? 0,
        statusLine: `HTTP/${httpVersion} ${statusCode} ${statusMessage}`.trim(),
        location: response.headers.location ?? null,
        body: Buffer.concat(chunks),
        sizeBytes: socket.bytesRead,
      });
      response.destroy();
    };
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, room));
      room -= Math.min(room, chunk.length);
      if (room === 0) finish();
    });
    response.on('end', finish);
    response.on('error', reject);
  });
}
