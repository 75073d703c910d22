import { createConfig, lintFromString } from '@redocly/openapi-core';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { strict } from '../../../test/documented.ts';
import { ANSWERS } from '../../contract/examples/answers.ts';
import { describeParameter } from '../../contract/examples/parameters.ts';
import type { Operation } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import { API_PREFIX, ROUTES, type RouteName } from '../../contract/paths.ts';
import { createValidator } from './validation.ts';

let site: ApiSite;
beforeAll(async () => {
  site = await openApiSite();
});
afterAll(() => site.close());

async function fetchDocument() {
  const response = await site.server.inject({ url: `${API_PREFIX}/openapi.json` });
  expect(response.statusCode).toBe(200);
  return { text: response.body, document: response.json() };
}

interface Response {
  readonly content?: Record<
    string,
    {
      readonly schema: TSchema & { readonly $ref?: string };
      readonly example?: unknown;
      readonly examples?: { readonly problem?: { readonly $ref: string } };
    }
  >;
}

async function fetchOperation(name: RouteName) {
  const { document } = await fetchDocument();
  const { method, path } = ROUTES[name];
  const { parameters, responses } = document.paths[`${API_PREFIX}${path}`][method.toLowerCase()];
  return { document, parameters, responses };
}

function find(document: Record<string, unknown>, pointer: string) {
  const keys = pointer.replace('#/', '').split('/');
  // biome-ignore lint/suspicious/noExplicitAny: a document of JSON
  return keys.reduce<any>((part, key) => part[key], document);
}

/** What is wrong with a value for a schema; a field that the schema does not name is wrong, too. */
function mismatches(schema: TSchema, value: unknown): string[] {
  const errors = Compile(strict(schema)).Errors(value);
  return errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test('a linter finds nothing in the document', async () => {
  const { text } = await fetchDocument();
  const config = await createConfig({
    extends: ['recommended-strict'],
    // The server cannot know under which names people reach it.
    rules: { 'no-server-example.com': 'off' },
  });
  const problems = await lintFromString({ source: text, config, absoluteRef: 'openapi.json' });
  expect(problems.map(({ message, location }) => [location[0]?.pointer, message])).toEqual([]);
});

test('every route is described, with parameters, answers and what may go wrong', async () => {
  const { document } = await fetchDocument();
  for (const [name, { method, path }] of Object.entries(ROUTES)) {
    const operation = document.paths[`${API_PREFIX}${path}`]?.[method.toLowerCase()];
    expect(operation, name).toMatchObject({
      operationId: name,
      summary: expect.stringMatching(/^[A-Z].*[^.]$/),
      responses: { 401: expect.anything(), 403: expect.anything() },
    });
    const inPath = operation.parameters.filter(
      (parameter: { in: string }) => parameter.in === 'path',
    );
    expect(inPath.length, name).toBe(path.split('{').length - 1);
  }
});

const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[];

test.each(ROUTE_NAMES)(
  'each parameter of %s is described, with an example of its form',
  async (name) => {
    const { parameters } = await fetchOperation(name);
    for (const { name: parameter, description, schema } of parameters) {
      expect(description, parameter).toMatch(/\S.{2,}/);
      expect(description, `${parameter} is said to be what it is for`).not.toMatch(
        /^Letters, digits/,
      );
      expect(schema.examples, parameter).toHaveLength(1);
      expect(mismatches(schema, schema.examples[0]), parameter).toEqual([]);
    }
  },
);

test.each(ROUTE_NAMES)('each answer of %s has an example of its form', async (name) => {
  const { document, responses } = await fetchOperation(name);
  const examples: [string, string][] = [];
  for (const [status, response] of Object.entries<Response>(responses)) {
    for (const [type, content] of Object.entries(response.content ?? {})) {
      // What a picture looks like says nothing as text.
      if (type === 'image/png') continue;
      const { $ref } = content.examples?.problem ?? {};
      const schema = content.schema.$ref ? find(document, content.schema.$ref) : content.schema;
      const example = $ref ? find(document, $ref).value : content.example;
      examples.push([status, type]);
      expect(example, `${status} ${type}`).toBeDefined();
      expect(mismatches(schema, example), `${status} ${type}`).toEqual([]);
      if ($ref) expect(example.status).toBe(Number(status));
    }
  }
  const { status, answer, answerType = 'application/json' }: Operation = OPERATIONS[name];
  if (answer) expect(examples).toContainEqual([String(status), answerType]);
  else expect(responses[status]).not.toHaveProperty('content');
  // None is left over from an answer that is there no more.
  for (const one of Object.keys(ANSWERS[name])) expect(Object.keys(responses)).toContain(one);
});

test('examples are of one site: each object that a path names is one that a list shows', () => {
  const shown = new Set(
    Object.values(ANSWERS).flatMap((answers) =>
      Object.values(answers).flatMap((answer) =>
        Array.isArray(answer['items'])
          ? answer['items'].flatMap((item) => [item.id, item.name])
          : [],
      ),
    ),
  );
  for (const name of ROUTE_NAMES) {
    for (const [, parameter = ''] of ROUTES[name].path.matchAll(/\{(\w+)\}/g)) {
      // A trace is in no list.
      if (parameter === 'trace') continue;
      expect(shown).toContain(describeParameter(name, parameter)?.example);
    }
  }
});

test.each(Object.entries(OPERATIONS).filter(([, operation]) => 'body' in operation))(
  'the example of %s is one that the server takes',
  (_name, operation) => {
    expect(operation).toHaveProperty('bodyExample');
    const { body, bodyExample } = operation as unknown as {
      body: never;
      bodyExample: unknown;
    };
    expect(() => createValidator(body, false)(bodyExample)).not.toThrow();
  },
);

test('the document and its page need no token', async () => {
  for (const url of ['/docs', '/docs/', '/docs/json', `${API_PREFIX}/openapi.json`]) {
    expect((await site.server.inject({ url })).statusCode, url).toBeLessThan(400);
  }
});
