/** The OpenAPI 3.1 document, made from the same operations that validate requests. */

import type { TObject, TSchema } from 'typebox';
import { ProblemSchema } from '../../contract/common.ts';
import { ANSWERS } from '../../contract/examples/answers.ts';
import { describeParameter } from '../../contract/examples/parameters.ts';
import { type Operation, TAGS } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import { API_PREFIX, ROUTES, type RouteName } from '../../contract/paths.ts';
import { UniqueViolation } from '../../database/database.ts';
import {
  Forbidden,
  InvalidInput,
  NoAnswer,
  NotFound,
  TooMany,
  Unauthenticated,
  Unavailable,
} from '../../model/errors.ts';
import { describeProblem } from './problem.ts';

/** A JSON object of the document. */
type Json = Record<string, unknown>;

const DESCRIPTION = `Everything that ppalette can do. \
Times are ISO 8601 in UTC with milliseconds, durations are seconds. \
A list gives \`limit\` items (default 50, at most 1000); \`nextCursor\` continues it. \
A refusal is \`application/problem+json\` (RFC 9457) and names every wrong field. \
A request takes effect whole or not at all; of results from outside some may be taken where \
the answer is 503: sent again with the same \`at\`, each counts once.`;

/** Makes the document; `version` is that of the program. */
export function createOpenApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const { method, path } = ROUTES[name];
    const item = paths[`${API_PREFIX}${path}`] ?? {};
    item[method.toLowerCase()] = describeOperation(name);
    paths[`${API_PREFIX}${path}`] = item;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'ppalette',
      version,
      description: DESCRIPTION,
      license: { name: 'LGPL-3.0-or-later', identifier: 'LGPL-3.0-or-later' },
    },
    servers: [{ url: '/', description: 'This server' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token: `ppadm token create`, or DATA/admin.token beside a local instance',
        },
      },
      schemas: { Problem: toJson(ProblemSchema) },
      examples: describeProblemExamples(),
    },
  };
}

function describeOperation(name: RouteName): Json {
  const operation: Operation = OPERATIONS[name];
  const role = `Needs the role **${operation.role}**.`;
  const body = operation.body;
  return {
    operationId: name,
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description ? `${operation.description}\n\n${role}` : role,
    parameters: [
      ...pathParameters(name),
      ...(operation.query ? queryParameters(name, operation.query) : []),
      ...headerParameters(name),
    ],
    ...(body ? { requestBody: describeBody(operation, body) } : {}),
    responses: describeResponses(name, operation),
  };
}

function pathParameters(route: RouteName): Json[] {
  return [...ROUTES[route].path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) =>
    describeOne(route, { name, in: 'path', required: true }, { type: 'string', maxLength: 300 }),
  );
}

function queryParameters(route: RouteName, query: TObject): Json[] {
  return Object.entries(query.properties).map(([name, schema]) => {
    const { description, ...rest } = toJson(schema);
    return describeOne(route, { name, in: 'query', description }, rest);
  });
}

/** The example is the schema's: one of the parameter would be sent by whoever tries a route at `/docs`. */
function describeOne(
  route: RouteName,
  parameter: { readonly name: string; readonly in: string } & Json,
  schema: Json,
): Json {
  const { example, ...text } = describeParameter(route, parameter.name) ?? {};
  return { ...parameter, ...text, schema: { ...schema, examples: [example] } };
}

function headerParameters(route: RouteName): Json[] {
  const header = (name: string) => describeOne(route, { name, in: 'header' }, { type: 'string' });
  if (route === 'streamEvents') return [header('Last-Event-ID')];
  if (!isObjectRoute(route)) return [];
  const names = ROUTES[route].method === 'DELETE' ? ['If-Match', 'Prefer'] : ['If-Match'];
  return names.map(header);
}

/** Whether it changes one object that has an ETag. */
function isObjectRoute(name: RouteName): boolean {
  return /^(replace|change|delete)(Host|Plugin|Suite|Subnet|Timeperiod|Dependency)$/.test(name);
}

function describeBody({ bodyTypes = ['application/json'], bodyExample }: Operation, body: TSchema) {
  const content = { schema: toJson(body), ...(bodyExample ? { example: bodyExample } : {}) };
  return {
    required: true,
    content: Object.fromEntries(
      bodyTypes.map((type) => [
        type,
        type === 'application/x-ndjson' ? describeLines(bodyExample) : content,
      ]),
    ),
  };
}

/** The same, one object on each line. */
function describeLines(example: unknown): Json {
  const lines = Array.isArray(example) ? example.map((one) => `${JSON.stringify(one)}\n`) : [];
  return { schema: { type: 'string' }, example: lines.join('') };
}

const NAMED_STATUS: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted: it is on its way',
  204: 'Done, nothing to say',
};

function describeResponses(name: RouteName, operation: Operation): Json {
  const success = (status: number, answer: TSchema | undefined): Json => ({
    description: NAMED_STATUS[status] ?? 'Done',
    ...(answer
      ? {
          content: {
            [operation.answerType ?? 'application/json']: {
              ...{ schema: toJson(answer), example: ANSWERS[name][status] },
            },
            ...Object.fromEntries(
              (operation.otherTypes ?? []).map((type) => [
                type,
                { schema: { type: 'string' }, example: OTHER_FORMS[type] },
              ]),
            ),
          },
        }
      : {}),
    ...(hasEtag(name) && status < 204 ? { headers: ETAG_HEADERS } : {}),
  });
  const responses: Json = { [operation.status]: success(operation.status, operation.answer) };
  for (const [status, answer] of Object.entries(operation.otherAnswers ?? {})) {
    responses[status] = success(Number(status), answer);
  }
  for (const [status, description] of Object.entries(problemsOf(name, operation))) {
    responses[status] = {
      description,
      content: {
        'application/problem+json': {
          schema: { $ref: '#/components/schemas/Problem' },
          examples: { problem: { $ref: `#/components/examples/Problem${status}` } },
        },
      },
    };
  }
  return responses;
}

const ETAG_HEADERS = {
  etag: { description: 'For `If-Match`', schema: { type: 'string' } },
};

function hasEtag(name: RouteName): boolean {
  return /^(get|create|replace|change)(Host|Plugin|Suite|Subnet|Timeperiod|Dependency)$/.test(name);
}

/** What an operation may be refused for: by its form, and by what it says itself. */
function problemsOf(name: RouteName, operation: Operation): Record<number, string> {
  const { path } = ROUTES[name];
  return {
    400: operation.body
      ? 'Body or parameters cannot be read, or a parameter is unknown'
      : 'A parameter is unknown or wrong',
    401: 'No token, or one that is not valid',
    403: `The token has a lower role than ${operation.role}`,
    ...(path.includes('{')
      ? { 404: 'There is no such object', 414: 'A name in the path is too long' }
      : {}),
    ...(operation.body ? BODY_PROBLEMS : {}),
    429: 'Too many wrong tokens from this address',
    503: 'Database or broker are away; `Retry-After` tells when to try again',
    ...operation.problems,
  };
}

/** A refusal of each status, as the server words it. */
const REFUSALS: readonly unknown[] = [
  new InvalidInput([{ path: '/colour', message: 'is not a known parameter' }], true),
  new Unauthenticated('A valid token is needed: Authorization: Bearer TOKEN.'),
  new Forbidden('This needs the role operator; the token has the role viewer.'),
  new NotFound('host', 'web9'),
  new UniqueViolation(),
  Object.assign(new Error('Request body is too large'), { statusCode: 413 }),
  Object.assign(new Error('A part of the path is too long.'), { statusCode: 414 }),
  Object.assign(new Error('Unsupported Media Type'), { statusCode: 415 }),
  new InvalidInput([{ path: '/interval', message: 'must be >= 1' }]),
  new TooMany('Too many wrong tokens from this address; try again later.', 60),
  new Unavailable('database', 'The database does not answer.'),
  new NoAnswer('No result came within 30 s.'),
];

function describeProblemExamples(): Json {
  const problems = REFUSALS.map(describeProblem);
  return Object.fromEntries(
    problems.map((value) => [`Problem${value.status}`, { summary: value.title, value }]),
  );
}

/** What a series looks like in its forms that are text; a picture speaks for itself. */
const OTHER_FORMS: Readonly<Record<string, string>> = {
  'text/csv': 'time,hosts_all,checks_ok\n2026-11-23T09:30:00.000Z,100,980\n',
  'image/svg+xml':
    '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="320"><title>Checks</title></svg>',
};

const BODY_PROBLEMS = {
  413: 'The body is larger than 5 MB',
  415: 'The content type is none of those above',
  422: 'The body is readable but its content is wrong',
};

/** The schema as plain JSON, without what TypeBox keeps for itself. */
function toJson(schema: TSchema): Json {
  return JSON.parse(JSON.stringify(schema)) as Json;
}
