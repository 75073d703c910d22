/** Tokens and the audit over HTTP. */

import Type, { type Static } from 'typebox';
import { Instant, Name, PAGE_QUERY, Query } from './common.ts';

const NullableInstant = Type.Union([Instant, Type.Null()]);

const Role = Type.Union([Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')], {
  description: 'viewer reads; operator also runs, submits and acknowledges; admin does everything',
});

/** A token without its secret. */
export const TokenSchema = Type.Object({
  id: Type.String({ description: 'UUID' }),
  name: Type.String(),
  role: Role,
  createdAt: Instant,
  expiresAt: NullableInstant,
  lastUsedAt: Type.Union([Instant, Type.Null()], { description: 'To the minute' }),
});

/** A token without its secret. */
export type TokenJson = Static<typeof TokenSchema>;

/** What a client sends to create a token. */
export const TokenInputSchema = Type.Object(
  {
    name: Name,
    role: Role,
    expiresAt: Type.Optional(
      Type.Union([Instant, Type.Null()], { description: 'Default: never', default: null }),
    ),
  },
  { additionalProperties: false },
);

/** A new token: the only answer that holds a secret. */
export const CreatedTokenSchema = Type.Object({
  ...TokenSchema.properties,
  secret: Type.String({ description: 'Shown this once; only its hash is kept' }),
});

/** A new token with its secret. */
export type CreatedTokenJson = Static<typeof CreatedTokenSchema>;

/** Parameters of the list of tokens. */
export const TokenQuerySchema = Query(PAGE_QUERY);

/** One change: who, when, what, and the object before and after. */
export const AuditSchema = Type.Object({
  id: Type.Integer(),
  at: Instant,
  actor: Type.String({ description: 'Name of the token' }),
  action: Type.Union([Type.Literal('create'), Type.Literal('change'), Type.Literal('delete')]),
  kind: Type.String({ description: 'host, plugin, suite, subnet, token' }),
  objectId: Type.String(),
  name: Type.String(),
  before: Type.Unknown({ description: 'Null for a new object' }),
  after: Type.Unknown({ description: 'Null for a deleted object' }),
});

/** One change. */
export type AuditJson = Static<typeof AuditSchema>;

/** Parameters of the audit. */
export const AuditQuerySchema = Query({
  ...PAGE_QUERY,
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  actor: Type.Optional(Type.String({ maxLength: 255 })),
  action: Type.Optional(
    Type.Union([Type.Literal('create'), Type.Literal('change'), Type.Literal('delete')]),
  ),
  kind: Type.Optional(Type.String({ maxLength: 20 })),
  name: Type.Optional(Type.String({ maxLength: 255, description: 'Of the object' })),
});
