/**
 * One request over HTTP or HTTPS and the answer as it comes. Unlike `fetch`, which gives up on an
 * answer that does not begin within five minutes, it waits as long as the caller does.
 */

import { Agent, type ClientRequest, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps, Agent as TlsAgent } from 'node:https';

/** What to ask. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Its reason is thrown when it aborts, before or during the answer. */
  readonly signal: AbortSignal;
  /** How long nothing may come; none: as long as it likes. */
  readonly silenceMs?: number | undefined;
}

/** What is answered, whatever the status; a redirection is not followed. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  /** The bytes. Throws as `exchange`. */
  readonly parts: AsyncIterable<Buffer>;
}

/** The server was not reached, or what it said broke off; the system's reason is its cause. */
export class TransportError extends Error {
  override name = 'TransportError';
}

const SCHEMES = {
  'http:': { send: overHttp, agent: new Agent({ keepAlive: true }) },
  'https:': { send: overHttps, agent: new TlsAgent({ keepAlive: true }) },
};

/** Asks once. Throws `TransportError`, or the signal's reason when that aborts. */
export async function exchange(asked: Request): Promise<Answer> {
  try {
    const response = await ask(asked);
    const { statusCode = 0, statusMessage = '' } = response;
    const parts = readParts(response, asked.signal);
    return { status: statusCode, statusText: statusMessage, parts };
  } catch (error) {
    throw explain(error, asked.signal);
  }
}

async function* readParts(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* response;
  } catch (error) {
    throw explain(error, signal);
  }
}

function explain(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : new TransportError('no answer', { cause: error });
}

/** A server may close a connection that was kept for the next request, just when that is sent. */
async function ask(asked: Request): Promise<IncomingMessage> {
  const { request, response } = send(asked);
  try {
    return await response;
  } catch (error) {
    if (!request.reusedSocket || asked.signal.aborted) throw error;
    return send(asked).response;
  }
}

function send({ method, url, headers, body, signal, silenceMs }: Request) {
  const scheme = SCHEMES[url.protocol === 'https:' ? 'https:' : 'http:'];
  // What changes something is not to be sent twice, so it gets a connection of its own.
  const agent = method === 'GET' ? scheme.agent : false;
  const request: ClientRequest = scheme.send(url, { method, headers, signal, agent });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
  if (silenceMs !== undefined) {
    const error = Object.assign(new Error('silence'), { code: 'ETIMEDOUT' });
    request.setTimeout(silenceMs, () => request.destroy(error));
  }
  request.end(body);
  return { request, response };
}
