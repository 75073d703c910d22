/** Errors -> `application/problem+json` (RFC 9457). The only place that knows HTTP codes of errors. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../contract/common.ts';
import { ForeignKeyViolation, UniqueViolation } from '../../database/database.ts';
import type { Log } from '../../lib/log.ts';
import {
  Conflict,
  Forbidden,
  InvalidInput,
  NoAnswer,
  NotFound,
  TooMany,
  Unauthenticated,
  Unavailable,
} from '../../model/errors.ts';

/** A handler for everything that a route throws. */
export function createErrorHandler(log: Log) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = describeProblem(error);
    if (problem.status === 500) {
      log.error({ error, method: request.method, path: request.url }, 'request failed');
    }
    if (problem.status === 503) reply.header('retry-after', '5');
    if (error instanceof TooMany) reply.header('retry-after', String(error.retryAfterS));
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}

/** The problem that an error is to a client. Says nothing of the inside for an unexpected one. */
export function describeProblem(error: unknown): Problem {
  if (error instanceof InvalidInput) {
    const status = error.unreadable ? 400 : 422;
    return { ...problem(status, error.message), errors: [...error.errors] };
  }
  if (error instanceof Unauthenticated) return problem(401, error.message);
  if (error instanceof Forbidden) return problem(403, error.message);
  if (error instanceof NotFound) return problem(404, error.message);
  if (error instanceof Conflict) return problem(409, error.message);
  if (error instanceof UniqueViolation) {
    return problem(409, 'There is an object with the same name or address already.');
  }
  if (error instanceof ForeignKeyViolation) {
    return problem(409, 'Something that this refers to was deleted at the same time; try again.');
  }
  if (error instanceof TooMany) return problem(429, error.message);
  if (error instanceof NoAnswer) return problem(504, error.message);
  if (error instanceof Unavailable) return problem(503, error.message);
  const status = statusOfFrameworkError(error);
  if (status !== undefined && error instanceof Error) return problem(status, error.message);
  return problem(500, 'The server failed unexpectedly; its log tells why.');
}

/** Fastify's own refusals: a body that is too large or not JSON, a wrong content type. */
function statusOfFrameworkError(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  const status = Number(error.statusCode);
  return status >= 400 && status < 500 ? status : undefined;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthenticated',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Too large',
  414: 'Address too long',
  415: 'Unsupported content type',
  422: 'Invalid content',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
  504: 'No answer in time',
};

function problem(status: number, detail: string): Problem {
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail };
}
