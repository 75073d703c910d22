/** The HTTP server: hooks in the order size, validation, authorization, handler, problem. */

import Fastify, { type FastifyInstance, type HTTPMethods } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { API_PREFIX, ROUTES, type RouteName } from '../../contract/paths.ts';
import type { Sql } from '../../database/database.ts';
import type { Token, TokenRole } from '../../database/queries/tokens.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { ConfigError, InvalidInput, NotFound } from '../../model/errors.ts';
import { authorize } from './auth.ts';
import { createErrorHandler } from './problem.ts';

const MAX_BODY_BYTES = 5 * 1024 * 1024;

/** What a route's handler is given. */
export interface Call<Query, Body> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly token: Token;
}

/** What a handler answers; `body` undefined = no content. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One route of the contract with its handler. */
export interface Route<Query extends TSchema = TSchema, Body extends TSchema = TSchema> {
  readonly name: RouteName;
  readonly role: TokenRole;
  readonly query?: Query;
  readonly body?: Body;
  handle(call: Call<Static<Query>, Static<Body>>): Promise<Answer>;
}

/** A route whose query and body types are inferred from its schemas. */
export function defineRoute<Query extends TSchema, Body extends TSchema>(
  route: Route<Query, Body>,
): Route {
  // A handler of a narrower call; the server validates by the same schemas before it calls.
  return route as unknown as Route;
}

/** Creates the server with its routes; it does not listen yet. */
export function createServer(options: {
  readonly routes: readonly Route[];
  readonly sql: Sql;
  readonly clock: Clock;
  readonly log: Log;
}): FastifyInstance {
  const server = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 60_000,
    // A parameter is at most a name or an address; longer ones are not found.
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: true },
    forceCloseConnections: true,
    logger: false,
  });
  server.setErrorHandler(createErrorHandler(options.log));
  server.setNotFoundHandler((request) => {
    throw new NotFound('route', `${request.method} ${request.url.slice(0, 200)}`);
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    reply.header('x-frame-options', 'DENY');
    reply.header('referrer-policy', 'no-referrer');
    reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  });
  replaceJsonParser(server);
  for (const route of options.routes) addRoute(server, route, options);
  return server;
}

/** Fastify's parser does not refuse `__proto__` with our form of error; ours does. */
function replaceJsonParser(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  const types = ['application/json', 'application/merge-patch+json'];
  server.addContentTypeParser(types, { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, parseBody(String(text)));
    } catch (error) {
      done(error as Error);
    }
  });
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (key === '__proto__') throw new SyntaxError('a key is "__proto__"');
      return value;
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput([{ path: '', message: `the body is not valid JSON: ${reason}` }], true);
  }
}

function addRoute(
  server: FastifyInstance,
  route: Route,
  { sql, clock }: { readonly sql: Sql; readonly clock: Clock },
): void {
  const { method, path } = ROUTES[route.name];
  const checkQuery = createValidator(route.query, true);
  const checkBody = createValidator(route.body, false);
  server.route({
    method: method as HTTPMethods,
    url: API_PREFIX + path.replace(/\{(\w+)\}/g, ':$1'),
    exposeHeadRoute: method === 'GET',
    // Before the body is read: who may not ask is not listened to.
    onRequest: async (request) => {
      const token = await authorize(sql, request.headers.authorization, route.role, clock.now());
      request.setDecorator('token', token);
    },
    handler: async (request, reply) => {
      const answer = await route.handle({
        params: request.params as Record<string, string>,
        query: checkQuery(request.query),
        body: checkBody(request.body),
        headers: request.headers,
        token: request.getDecorator<Token>('token'),
      });
      reply.code(answer.status).headers(answer.headers ?? {});
      return answer.body === undefined ? reply.send() : reply.send(answer.body);
    },
  });
  if (!server.hasRequestDecorator('token')) server.decorateRequest('token', null);
}

/** A function that returns the value if it fits the schema; throws `InvalidInput` otherwise. */
export function createValidator(schema: TSchema | undefined, isQuery: boolean) {
  if (schema === undefined) return (value: unknown) => value;
  const validator = Compile(schema);
  return (value: unknown): unknown => {
    if (value === undefined && !isQuery) {
      throw new InvalidInput([{ path: '', message: 'a JSON body is needed' }], true);
    }
    if (validator.Check(value)) return value;
    const errors = validator.Errors(value).flatMap(readValidationError);
    throw new InvalidInput(errors.slice(0, 100), isQuery);
  };
}

function readValidationError(error: {
  instancePath: string;
  message: string;
  params: unknown;
}): { path: string; message: string }[] {
  const params = error.params as {
    additionalProperties?: readonly string[];
    requiredProperties?: readonly string[];
  };
  const each = (names: readonly string[], message: string) =>
    names.map((name) => ({ path: `${error.instancePath}/${name}`, message }));
  if (params.additionalProperties) return each(params.additionalProperties, 'is not a known field');
  if (params.requiredProperties) return each(params.requiredProperties, 'is required');
  return [{ path: error.instancePath || '/', message: error.message }];
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
