/** The OpenAPI 3.1 document, made from the same operations that validate requests. */

import type { TObject, TSchema } from 'typebox';
import { ProblemSchema } from '../../contract/common.ts';
import { type Operation, TAGS } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import { API_PREFIX, ROUTES, type RouteName } from '../../contract/paths.ts';

/** A JSON object of the document. */
type Json = Record<string, unknown>;

const DESCRIPTION = `Everything that ppalette can do. \
Times are ISO 8601 in UTC with milliseconds, durations are seconds. \
A list gives \`limit\` items (default 50, at most 1000); \`nextCursor\` continues it. \
A refusal is \`application/problem+json\` (RFC 9457) and names every wrong field. \
A request takes effect whole or not at all.`;

const PARAMETERS: Readonly<Record<string, string>> = {
  host: 'Name, address or id',
  plugin: 'Name or id',
  suite: 'Name or id',
  subnet: 'Name or id',
  timeperiod: 'Name or id',
  dependency: 'Name or id',
  worker: 'Id',
  token: 'Name or id',
  discovery: 'Id',
  trace: 'Id of a request, as logs, history and `POST .../run` have it',
};

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
    },
  };
}

function describeOperation(name: RouteName): Json {
  const operation: Operation = OPERATIONS[name];
  const { path } = ROUTES[name];
  const role = `Needs the role **${operation.role}**.`;
  const body = operation.body;
  return {
    operationId: name,
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description ? `${operation.description}\n\n${role}` : role,
    parameters: [
      ...pathParameters(path),
      ...(operation.query ? queryParameters(operation.query) : []),
      ...headerParameters(name),
    ],
    ...(body ? { requestBody: describeBody(operation, body) } : {}),
    responses: describeResponses(name, operation),
  };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: PARAMETERS[name] ?? name,
    schema: { type: 'string', maxLength: 300 },
  }));
}

function queryParameters(query: TObject): Json[] {
  return Object.entries(query.properties).map(([name, schema]) => {
    const { description, ...rest } = toJson(schema);
    return { name, in: 'query', ...(description ? { description } : {}), schema: rest };
  });
}

function headerParameters(name: RouteName): Json[] {
  const header = (field: string, description: string): Json => ({
    name: field,
    in: 'header',
    description,
    schema: { type: 'string' },
  });
  if (name === 'streamEvents') return [header('Last-Event-ID', 'Goes on behind this event')];
  if (!isObjectRoute(name)) return [];
  const ifMatch = header('If-Match', 'The ETag that the object must still have');
  return ROUTES[name].method === 'DELETE'
    ? [ifMatch, header('Prefer', '`return=representation` answers what was removed')]
    : [ifMatch];
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
        type === 'application/x-ndjson' ? { schema: { type: 'string' } } : content,
      ]),
    ),
  };
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
            [operation.answerType ?? 'application/json']: { schema: toJson(answer) },
            ...Object.fromEntries(
              (operation.otherTypes ?? []).map((type) => [type, { schema: { type: 'string' } }]),
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
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
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

const BODY_PROBLEMS = {
  413: 'The body is larger than 5 MB',
  415: 'The content type is none of those above',
  422: 'The body is readable but its content is wrong',
};

/** The schema as plain JSON, without what TypeBox keeps for itself. */
function toJson(schema: TSchema): Json {
  return JSON.parse(JSON.stringify(schema)) as Json;
}
