/** The HTTP server: hooks in the order size, validation, authorization, handler, problem. */

import type { ServerResponse } from 'node:http';
import Fastify, { type FastifyInstance, type HTTPMethods } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Query } from '../../contract/common.ts';
import type { Operation } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import { API_PREFIX, ROUTES, type RouteName } from '../../contract/paths.ts';
import type { Token } from '../../database/queries/tokens.ts';
import type { Log } from '../../lib/log.ts';
import { FAST_BUCKETS_S, type Metrics, type Observe } from '../../lib/metrics.ts';
import { type StopSignal, StopSource } from '../../lib/stop-signal.ts';
import { ConfigError, InvalidInput, NotFound } from '../../model/errors.ts';
import type { Authorize } from './auth.ts';
import { createErrorHandler } from './problem.ts';
import { readEnding } from './series-forms.ts';
import { createValidator } from './validation.ts';

const MAX_BODY_BYTES = 5 * 1024 * 1024;

type Operations = typeof OPERATIONS;
type QueryOf<Name extends RouteName> = Operations[Name] extends { query: infer Query }
  ? Query extends TSchema
    ? Static<Query>
    : never
  : Readonly<Record<string, never>>;
type BodyOf<Name extends RouteName> = Operations[Name] extends { body: infer Body }
  ? Body extends TSchema
    ? Static<Body>
    : never
  : unknown;

/** What a route's handler is given. */
export interface Call<Query = unknown, Body = unknown> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly token: Token;
  /** Aborts when the client goes away or the server stops. */
  readonly signal: StopSignal;
}

/** Gives what aborts when the client of an answer goes away or the server stops. */
type Follow = (raw: ServerResponse) => StopSignal;

/** What a handler answers. */
export interface Answer {
  readonly status: number;
  /** Undefined = no content; a stream is sent as it comes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One route of the contract with its handler. */
export interface Route {
  readonly name: RouteName;
  /** False when the handler checks the body itself, because it must clean or merge it before. */
  readonly validatesBody: boolean;
  handle(call: Call): Promise<Answer>;
}

/** A route whose query and body have the types of its operation. */
export function defineRoute<Name extends RouteName>(
  name: Name,
  handle: (call: Call<QueryOf<Name>, BodyOf<Name>>) => Promise<Answer>,
): Route {
  // A handler of a narrower call; the server validates by the same schemas before it calls.
  return { name, validatesBody: true, handle: handle as Route['handle'] };
}

/** A route that validates its body itself. */
export function defineFreeRoute(name: RouteName, handle: (call: Call) => Promise<Answer>): Route {
  return { name, validatesBody: false, handle };
}

/** What the server needs beside its routes. */
export interface ServerOptions {
  readonly routes: readonly Route[];
  readonly authorize: Authorize;
  readonly log: Log;
  readonly metrics: Metrics;
  /** PEM texts; null = plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

/** Creates the server with its routes; it does not listen yet. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { tls, trustedProxies } = options;
  const handleError = createErrorHandler(options.log);
  const server = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 60_000,
    // A parameter is at most a name or an address; longer ones are not found.
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: true },
    forceCloseConnections: true,
    logger: false,
    // Of addresses that match no route because they cannot be read.
    frameworkErrors: handleError,
    rewriteUrl: (request) => {
      const series = readEnding(request.url ?? '');
      if (series === null) return request.url ?? '';
      request.headers.accept = series.accept;
      return series.url;
    },
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    ...(tls ? { https: { cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' } } : {}),
  }) as FastifyInstance;
  server.setErrorHandler(handleError);
  server.setNotFoundHandler((request) => {
    throw new NotFound('route', `${request.method} ${request.url.slice(0, 200)}`);
  });
  server.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!reply.hasHeader(name)) reply.header(name, value);
    }
  });
  server.decorateRequest('token', null);
  replaceParsers(server);
  /** Of what is being answered. */
  const answering = new Set<StopSource>();
  let isStopping = false;
  server.addHook('preClose', async () => {
    isStopping = true;
    for (const one of answering) one.abort();
  });
  const follow: Follow = (raw) => {
    const gone = new StopSource();
    // Whoever went away while the token was looked up is heard of no more.
    if (isStopping || raw.destroyed) gone.abort();
    else {
      answering.add(gone);
      raw.once('close', () => {
        answering.delete(gone);
        gone.abort();
      });
    }
    return gone;
  };
  const observe = options.metrics.histogram(
    'ppalette_red_api_request_seconds',
    'How long requests of the API took; streams are left out.',
    FAST_BUCKETS_S,
    ['route', 'method', 'status'],
  );
  const { authorize } = options;
  for (const route of options.routes) {
    addRoute(server, route, { authorize, observe, follow });
  }
  return server;
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Fastify's parser does not refuse `__proto__` with our form of error; ours does. */
function replaceParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const add = (types: string[], parse: (text: string) => unknown) =>
    server.addContentTypeParser(types, { parseAs: 'string' }, (_request, text, done) => {
      try {
        done(null, parse(String(text)));
      } catch (error) {
        done(error as Error);
      }
    });
  add(['application/json', 'application/merge-patch+json'], (text) => parseBody(text, ''));
  add(['application/x-ndjson'], parseLines);
}

/** One JSON value on each line that is not empty. */
function parseLines(text: string): unknown[] {
  const values: unknown[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() !== '') values.push(parseBody(line, `line ${index + 1}: `));
  });
  return values;
}

function parseBody(text: string, place: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (key === '__proto__') throw new SyntaxError('a key is "__proto__"');
      return value;
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${place}the body is not valid JSON: ${reason}`;
    throw new InvalidInput([{ path: '', message }], true);
  }
}

function addRoute(
  server: FastifyInstance,
  route: Route,
  context: {
    readonly authorize: Authorize;
    readonly observe: Observe;
    readonly follow: Follow;
  },
): void {
  const { authorize, observe, follow } = context;
  const { method, path } = ROUTES[route.name];
  const operation: Operation = OPERATIONS[route.name];
  const checkQuery = createValidator(operation.query ?? Query({}), true);
  const checkBody = createValidator(route.validatesBody ? operation.body : undefined, false);
  server.route({
    method: method as HTTPMethods,
    url: API_PREFIX + path.replace(/\{(\w+)\}/g, ':$1'),
    exposeHeadRoute: method === 'GET' && operation.answerType === undefined,
    // Before the body is read: who may not ask is not listened to.
    onRequest: async (request) => {
      request.setDecorator('token', await authorize(request, operation.role));
    },
    onResponse: async ({ method: asked }, { statusCode, elapsedTime }) => {
      if (operation.answerType === 'text/event-stream') return;
      const status = `${Math.floor(statusCode / 100)}xx`;
      observe(elapsedTime / 1_000, { route: route.name, method: asked, status });
    },
    handler: async (request, reply) => {
      const answer = await route.handle({
        params: request.params as Record<string, string>,
        query: checkQuery(request.query),
        body: checkBody(request.body),
        headers: request.headers,
        token: request.getDecorator<Token>('token'),
        signal: follow(reply.raw),
      });
      reply.code(answer.status).headers(answer.headers ?? {});
      return answer.body === undefined ? reply.send() : reply.send(answer.body);
    },
  });
}

/** Listens. Throws `ConfigError` for an address that is taken or not there. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const remedy = 'choose another with --listen HOST:PORT or red.listen';
    if (code === 'EADDRINUSE') {
      throw new ConfigError(`The address ${host}:${port} is taken by another program: ${remedy}.`);
    }
    if (code === 'EACCES') {
      throw new ConfigError(`The port ${port} needs more rights than this user has: ${remedy}.`);
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new ConfigError(`This machine has no address ${host}: ${remedy}.`);
    }
    throw error;
  }
}
