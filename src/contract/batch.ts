/** Many changes in one transaction, over HTTP. */

import Type, { type Static } from 'typebox';

/** The most operations of one batch. */
export const MAX_BATCH_OPERATIONS = 20_000;

const Kind = Type.Union([
  Type.Literal('host'),
  Type.Literal('plugin'),
  Type.Literal('suite'),
  Type.Literal('subnet'),
  Type.Literal('timeperiod'),
  Type.Literal('dependency'),
]);

const IfMatch = Type.Optional(
  Type.String({ maxLength: 64, description: 'ETag that the object must still have' }),
);

/** One of many changes. `ref`: id, name or address. */
export const BatchOperationSchema = Type.Union([
  Type.Object(
    { op: Type.Literal('create'), kind: Kind, body: Type.Unknown() },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      op: Type.Union([Type.Literal('replace'), Type.Literal('change')]),
      kind: Kind,
      ref: Type.String({ minLength: 1, maxLength: 300 }),
      body: Type.Unknown(),
      ifMatch: IfMatch,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      op: Type.Literal('delete'),
      kind: Kind,
      ref: Type.String({ minLength: 1, maxLength: 300 }),
      ifMatch: IfMatch,
    },
    { additionalProperties: false },
  ),
]);

/** One of many changes. */
export type BatchOperation = Static<typeof BatchOperationSchema>;

/** Changes that are made together or not at all, in this order. */
export const BatchSchema = Type.Object(
  {
    operations: Type.Array(BatchOperationSchema, {
      minItems: 1,
      maxItems: MAX_BATCH_OPERATIONS,
    }),
    dryRun: Type.Optional(
      Type.Boolean({ default: false, description: 'Checks everything, changes nothing' }),
    ),
  },
  { additionalProperties: false },
);

/** A result for each operation, in their order. */
export const BatchAnswerSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      status: Type.Integer({ description: 'As the single operation would answer' }),
      id: Type.String(),
      name: Type.String(),
    }),
  ),
  removedChecks: Type.Integer({ description: 'Checks that are gone, by all operations together' }),
  orphans: Type.Array(Type.String(), {
    description: 'Hosts that have lost a parent which was deleted',
  }),
  removedDependencies: Type.Array(Type.String(), {
    description: 'Dependencies that went with a host or plugin which they name',
  }),
});

/** A result for each operation. */
export type BatchAnswerJson = Static<typeof BatchAnswerSchema>;
