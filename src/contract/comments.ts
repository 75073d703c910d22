/** Comments over HTTP. */

import Type, { type Static } from 'typebox';
import { Instant, Name, PAGE_QUERY, Query } from './common.ts';
import { type Operation, Page } from './operation.ts';

const Text = Type.String({ minLength: 1, maxLength: 10_000 });
const NullableName = Type.Union([Name, Type.Null()], { default: null });

const Kind = Type.Union(
  [
    Type.Literal('user'),
    Type.Literal('acknowledgement'),
    Type.Literal('downtime'),
    Type.Literal('flapping'),
  ],
  { description: 'What it comes from, and goes with; of users: it stays until it is deleted' },
);

/** What a client sends to note something. */
const CommentInputSchema = Type.Object(
  {
    host: { ...Name, description: 'By name, address or id' },
    plugin: Type.Optional({ ...NullableName, description: 'Null: on the host itself' }),
    text: Text,
  },
  { additionalProperties: false },
);

/** A comment as answered. */
export const CommentSchema = Type.Object({
  id: Type.String(),
  kind: Kind,
  host: Name,
  plugin: NullableName,
  author: Type.String({ description: 'Name of the token; empty of flapping' }),
  text: Type.String(),
  persistent: Type.Boolean({
    description: 'Whether it stays when what it comes from ends; one of a user always does',
  }),
  createdAt: Instant,
});

/** A comment as answered. */
export type CommentJson = Static<typeof CommentSchema>;

/** Parameters of the list of comments. */
export const CommentQuerySchema = Query({
  ...PAGE_QUERY,
  host: Type.Optional(Name),
  plugin: Type.Optional(Name),
  kind: Type.Optional(Kind),
});

/** Operations of comments. */
export const COMMENT_OPERATIONS = {
  listComments: {
    tag: 'Maintenance',
    summary: 'List comments on hosts and checks',
    description:
      'Those of people, and those that acknowledgements, downtimes and flapping come with.',
    role: 'viewer',
    query: CommentQuerySchema,
    status: 200,
    answer: Page(CommentSchema),
  },
  createComment: {
    tag: 'Maintenance',
    summary: 'Comment on a host or a check',
    description: 'Its author is the token. It goes with its host or check.',
    role: 'operator',
    body: CommentInputSchema,
    status: 201,
    answer: CommentSchema,
    bodyExample: { host: 'web1', plugin: 'disk', text: 'The new disk comes on Friday' },
  },
  getComment: {
    tag: 'Maintenance',
    summary: 'Get a comment',
    role: 'viewer',
    status: 200,
    answer: CommentSchema,
  },
  deleteComment: {
    tag: 'Maintenance',
    summary: 'Delete a comment',
    description: 'That of an acknowledgement may go before it, which stands.',
    role: 'operator',
    status: 204,
    problems: { 409: 'It is of a downtime or of flapping, and goes with that alone' },
  },
} as const satisfies Record<string, Operation>;
