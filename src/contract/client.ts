/** A typed client of the API over the route table; schemas by type only, so that it loads quickly. */

import type { Static, TSchema } from 'typebox';
import type { Problem } from './common.ts';
import type { OPERATIONS } from './operations.ts';
import { API_PREFIX, ROUTES, type RouteName } from './paths.ts';

/** A part of a list. */
export interface PageJson<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly nextCursor: string | null;
}

type Operations = typeof OPERATIONS;

/** What a route answers on success. */
export type AnswerOf<Name extends RouteName> = Operations[Name] extends { answer: infer Answer }
  ? Answer extends TSchema
    ? Static<Answer>
    : never
  : undefined;

/** What a call takes. */
export interface CallOptions {
  /** Values for `{name}` in the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/** The server's refusal, as it said it. */
export class ProblemAnswer extends Error {
  override name = 'ProblemAnswer';
  readonly status: number;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.problem = problem;
  }
}

/** A client of one server. */
export interface Client {
  /**
   * Calls a route. Throws `ProblemAnswer` for a refusal, and what `fetch` throws when the server
   * cannot be reached or does not answer within the time-out.
   */
  call<Name extends RouteName>(name: Name, options?: CallOptions): Promise<AnswerOf<Name>>;
}

/** Creates a client. `timeoutMs`: the longest wait for an answer. */
export function createClient(options: {
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
}): Client {
  return {
    async call(name, { path = {}, query = {}, body } = {}) {
      const route = ROUTES[name];
      const url = new URL(options.url.replace(/\/$/, '') + API_PREFIX + fillPath(route.path, path));
      for (const [key, value] of Object.entries(query)) {
        if (value !== undefined) url.searchParams.set(key, value);
      }
      const response = await fetch(url, {
        method: route.method,
        headers: {
          authorization: `Bearer ${options.token}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        signal: AbortSignal.timeout(options.timeoutMs),
        // A server that answers elsewhere must not be handed the token.
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new ProblemAnswer(readProblem(response, text));
      return (text === '' ? undefined : JSON.parse(text)) as never;
    },
  };
}

function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

function readProblem(response: Response, text: string): Problem {
  const fallback: Problem = {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: `The server answered ${response.status} ${response.statusText}`.trim(),
  };
  try {
    return { ...fallback, ...(JSON.parse(text) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}
