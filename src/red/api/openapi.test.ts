import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { OPERATIONS } from '../../contract/operations.ts';
import { API_PREFIX, ROUTES } from '../../contract/paths.ts';
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
