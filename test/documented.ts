/** Holds what the server sends against what its OpenAPI document promises. */

import Type, { type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { expect } from 'vitest';

type Json = Record<string, unknown>;

/** What is checked of one answer. */
export interface Sent {
  readonly method: string;
  /** With query string. */
  readonly url: string;
  readonly status: number;
  readonly contentType: string | undefined;
  /** Parsed, or null when there is none. */
  readonly body: unknown;
}

/** Throws unless the answer is one that the document names, with a body of its form. */
export function createAnswerCheck(document: Json): (sent: Sent) => void {
  const paths = Object.entries(document['paths'] as Record<string, Json>).map(([path, item]) => ({
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`),
    item,
  }));
  const schemas = ((document['components'] as Json)['schemas'] ?? {}) as Record<string, TSchema>;
  const checks = new Map<TSchema, (value: unknown) => string[]>();
  return ({ method, url, status, contentType, body }) => {
    const path = url.split('?')[0] ?? '';
    const item = paths.find(({ pattern }) => pattern.test(path))?.item;
    const operation = item?.[method.toLowerCase()] as Json | undefined;
    if (operation === undefined) return;
    const responses = operation['responses'] as Record<string, Json>;
    const response = responses[String(status)];
    expect(response, `${method} ${path} documents the status ${status}`).toBeDefined();
    const content = response?.['content'] as Record<string, { schema: TSchema }> | undefined;
    if (content === undefined) return expect(body, `${method} ${path} ${status}`).toBeNull();
    const type = contentType?.split(';')[0] ?? '';
    expect(Object.keys(content), `content type of ${method} ${path}`).toContain(type);
    if (type === 'text/event-stream') return;
    const schema = resolve(content[type]?.schema ?? Type.Unknown(), schemas);
    let check = checks.get(schema);
    if (check === undefined) {
      const validator = Compile(strict(schema));
      check = (value) =>
        validator.Errors(value).map(({ instancePath, message }) => `${instancePath} ${message}`);
      checks.set(schema, check);
    }
    expect(check(body), `${method} ${path} ${status} answers what is documented`).toEqual([]);
  };
}

function resolve(schema: TSchema, schemas: Record<string, TSchema>): TSchema {
  const name = '$ref' in schema ? String(schema['$ref']).split('/').at(-1) : undefined;
  return name === undefined ? schema : (schemas[name] ?? schema);
}

/** A copy in which no object may have fields that the document does not name. */
export function strict(schema: TSchema): TSchema {
  return closed(schema) as TSchema;
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  );
  return 'properties' in copy && !('additionalProperties' in copy)
    ? { ...copy, additionalProperties: false }
    : copy;
}
