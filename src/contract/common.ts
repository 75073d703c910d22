/** Schemas that several resources share. Times are ISO 8601 UTC, durations are seconds. */

import Type, { type Static, type TObject, type TSchema } from 'typebox';

/**
 * A name of an object: what can stand in a path, a table and a file without quoting. As in Nagios
 * without its illegal characters, and without controls, path separators and invisible characters.
 */
export const Name = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern:
    '^[^-. \\u0000-\\u001f\\u007f-\\u00a0`~!$%^&*|\'"<>?,()=/\\\\#;\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ud800-\\udfff\\ufeff]' +
    '[^\\u0000-\\u001f\\u007f-\\u00a0`~!$%^&*|\'"<>?,()=/\\\\#;\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ud800-\\udfff\\ufeff]*$',
  description: 'Letters, digits and . _ - : @ + and inner spaces; not starting with . or -',
});

/** Names of other objects. */
export const Names = Type.Array(Name, { maxItems: 100_000 });

/** A group of workers, and the hosts that are theirs. */
export const Zone = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', default: 'default' });

/** Free text for people. */
export const Description = Type.String({ maxLength: 10_000, default: '' });

/** Text values by name. */
export const TextMapSchema = Type.Record(
  Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,99}$' }),
  Type.String({ maxLength: 10_000 }),
  { maxProperties: 1_000, default: {} },
);

/** An instant in the API. */
export const Instant = Type.String({ description: 'ISO 8601, UTC, milliseconds' });

/** A duration in the API. */
export const Seconds = Type.Number({ description: 'seconds' });

/** Fields that the server adds to every object. */
export const StoredFields = {
  id: Type.String({ description: 'UUID' }),
  createdAt: Instant,
  updatedAt: Instant,
  version: Type.Integer({ description: 'Goes up with each change; the ETag without its quotes' }),
};

/** What every list takes; values of a query string are text. */
export const PAGE_QUERY = {
  limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$', description: '1 to 1000' })),
  cursor: Type.Optional(Type.String({ maxLength: 4_096 })),
  sort: Type.Optional(Type.String({ maxLength: 200, description: 'name,-updatedAt' })),
};

/** Truth values of a query string. */
export const TruthQuery = Type.Union([Type.Literal('true'), Type.Literal('false')]);

/** Labels that hosts must have, as a parameter. */
export const LabelQuery = Type.String({
  maxLength: 2_000,
  pattern: '^[A-Za-z_][A-Za-z0-9_.-]*(=[^,]*)?(,[A-Za-z_][A-Za-z0-9_.-]*(=[^,]*)?)*$',
  description: 'NAME=VALUE or NAME of labels that the host has, with commas between',
});

/** A query string: nothing but these parameters. */
export function Query<Properties extends Record<string, TSchema>>(
  properties: Properties,
): TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false });
}

/** The answer to a failed request: `application/problem+json`, RFC 9457. */
export const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
});

/** A failed request's answer. */
export type Problem = Static<typeof ProblemSchema>;
