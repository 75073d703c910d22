/** The client of one server as commands use it: what goes wrong names the server and the remedy. */

import { type CallOptions, type Client, createClient, ProblemAnswer } from '../contract/client.ts';
import { TransportError } from '../contract/http-exchange.ts';
import type { RouteName } from '../contract/paths.ts';
import { Unauthenticated, Unavailable } from '../model/errors.ts';
import type { Connection } from './connection.ts';

/** The longest wait for one answer of the server. */
const TIMEOUT_MS = 30_000;

/** A client whose failures name the server and the remedy. */
export function connectTo(connection: Connection): Client {
  const client = createClient({ ...connection, timeoutMs: TIMEOUT_MS });
  return {
    async call<Name extends RouteName>(name: Name, options?: CallOptions) {
      try {
        return await client.call(name, options);
      } catch (error) {
        throw explainTransport(error, connection, options?.timeoutMs);
      }
    },
    async download(name, options) {
      try {
        return await client.download(name, options);
      } catch (error) {
        throw explainTransport(error, connection, options.timeoutMs);
      }
    },
    async stream(name, options) {
      try {
        return explainEnd(await client.stream(name, options), connection);
      } catch (error) {
        throw explainTransport(error, connection);
      }
    },
  };
}

/** A stream may also fail once it is open. */
async function* explainEnd(parts: AsyncIterable<string>, connection: Connection) {
  try {
    yield* parts;
  } catch (error) {
    throw explainTransport(error, connection);
  }
}

function explainTransport(
  error: unknown,
  { url, tokenSource }: Connection,
  timeoutMs = TIMEOUT_MS,
): unknown {
  const isThere = `Is ppalette running there?`;
  if (error instanceof ProblemAnswer) {
    if (error.status !== 401) return error;
    const message = `The server at ${url} does not accept the token of ${tokenSource}: log in again with "ppadm login ${url}", or give --token-file.`;
    return new Unauthenticated(message, { cause: error });
  }
  const unavailable = (message: string) => new Unavailable('server', message, error);
  if (error instanceof SyntaxError) {
    return unavailable(`What answers at ${url} is not ppalette: check the address.`);
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return unavailable(`${url} did not answer within ${timeoutMs / 1_000} s. ${isThere}`);
  }
  if (error instanceof TransportError) {
    return unavailable(`Cannot reach ${url}: ${reasonOf(error.cause)}. ${isThere}`);
  }
  return error;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'there is no such host name',
  EAI_AGAIN: 'the name server does not answer',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'no answer',
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
  return cause instanceof Error ? cause.message || code : String(cause);
}
