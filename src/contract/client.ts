/** A typed client of the API over the route table; schemas by type only, so that it loads quickly. */

import type { Static, TSchema } from 'typebox';
import type { Problem } from './common.ts';
import { type Answer, exchange, TransportError } from './http-exchange.ts';
import type { OPERATIONS } from './operations.ts';
import { API_PREFIX, ROUTES, type RouteName } from './paths.ts';

/** A part of a list. */
export interface PageJson<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly nextCursor: string | null;
}

type Operations = typeof OPERATIONS;

type StaticOf<Schema> = Schema extends TSchema ? Static<Schema> : never;

/** What a route answers on success. */
export type AnswerOf<Name extends RouteName> = Name extends RouteName
  ?
      | (Operations[Name] extends { answer: infer Answer } ? StaticOf<Answer> : undefined)
      | (Operations[Name] extends { otherAnswers: { 200: infer Other } } ? StaticOf<Other> : never)
  : never;

/** What a call takes. */
export interface CallOptions {
  /** Values for `{name}` in the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Default: JSON of the body. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The longest wait for the answer, in place of the client's. */
  readonly timeoutMs?: number;
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
   * Calls a route. Throws `ProblemAnswer` for a refusal, `TransportError` when the server cannot be
   * reached, a `DOMException` named `TimeoutError` when it does not answer within the time-out.
   */
  call<Name extends RouteName>(name: Name, options?: CallOptions): Promise<AnswerOf<Name>>;
  /** The bytes of an answer in the form that `accept` names. Throws as `call`. */
  download(
    name: RouteName,
    options: CallOptions & { readonly accept: string },
  ): Promise<Uint8Array>;
  /**
   * Opens a stream and gives its text as it comes, until the server ends it or `signal` aborts.
   * Throws as `call`.
   */
  stream(
    name: RouteName,
    options: CallOptions & { readonly signal: AbortSignal },
  ): Promise<AsyncIterable<string>>;
}

/** A stream has at least a sign of life every 15 s. */
const STREAM_SILENCE_MS = 120_000;

/** Creates a client. `timeoutMs`: the longest wait for an answer. */
export function createClient(server: {
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
}): Client {
  const send = async (
    name: RouteName,
    { path = {}, query = {}, body, headers, contentType = 'application/json' }: CallOptions,
    wait: { readonly signal: AbortSignal; readonly silenceMs?: number },
  ) => {
    const route = ROUTES[name];
    const url = new URL(server.url.replace(/\/$/, '') + API_PREFIX + fillPath(route.path, path));
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const answer = await exchange({
      ...{ ...wait, method: route.method, url },
      headers: {
        authorization: `Bearer ${server.token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...headers,
      },
      body: body === undefined ? undefined : toText(body),
    });
    await refuseFailure(answer);
    return answer.parts;
  };
  const sendInTime = (name: RouteName, options: CallOptions) =>
    send(name, options, { signal: AbortSignal.timeout(options.timeoutMs ?? server.timeoutMs) });
  return {
    async call(name, options = {}) {
      const text = String(await join(await sendInTime(name, options)));
      return (text === '' ? undefined : JSON.parse(text)) as never;
    },
    async download(name, { accept, ...options }) {
      return join(await sendInTime(name, { ...options, headers: { ...options.headers, accept } }));
    },
    async stream(name, { signal, ...options }) {
      return readText(await send(name, options, { signal, silenceMs: STREAM_SILENCE_MS }));
    },
  };
}

async function refuseFailure(answer: Answer): Promise<void> {
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  const text = String(await join(answer.parts));
  // A server that answers elsewhere must not be handed the token.
  if (status >= 300 && status < 400) {
    throw new TransportError('no answer', { cause: new Error('it answers at another address') });
  }
  throw new ProblemAnswer(readProblem(answer, text));
}

async function join(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

async function* readText(parts: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const part of parts) yield decoder.decode(part, { stream: true });
}

function toText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}

function readProblem({ status, statusText }: Answer, text: string): Problem {
  const fallback: Problem = {
    ...{ type: 'about:blank', title: statusText, status },
    detail: `The server answered ${status} ${statusText}`.trim(),
  };
  try {
    return { ...fallback, ...(JSON.parse(text) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}
