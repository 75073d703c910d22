/** Checks on demand, and results from outside, over HTTP. */

import Type, { type Static } from 'typebox';
import { Instant, Name } from './common.ts';

/** What identifies a requested run. */
export const RequestedSchema = Type.Object({
  requestId: Type.String({ description: 'Also the id of the result' }),
});

/** Fields of a result from outside. */
export const resultFields = {
  exitCode: Type.Integer({
    minimum: 0,
    maximum: 255,
    description: 'As a plugin exits: 0 ok, 1 warning, 2 critical, 3 and more unknown',
  }),
  output: Type.String({
    maxLength: 65_536,
    description: 'As a plugin prints: lines, with performance data behind |',
  }),
  perfdata: Type.Optional(
    Type.String({ maxLength: 65_536, description: 'Performance data apart from the output' }),
  ),
  at: Type.Optional({
    ...Instant,
    description: 'When it was found; default: now. No later than now, at most 30 days ago',
  }),
};

/** A result of one check from outside. */
export const PassiveResultSchema = Type.Object(resultFields, { additionalProperties: false });

/** A result of one check from outside. */
export type PassiveResultJson = Static<typeof PassiveResultSchema>;

/** Results of many checks and hosts from outside. */
export const PassiveResultsSchema = Type.Array(
  Type.Object(
    {
      host: Name,
      plugin: Type.Optional({
        ...Name,
        description: 'Left out: the host itself, with exit code 0 up, 1 down, 2 unreachable',
      }),
      ...resultFields,
    },
    { additionalProperties: false },
  ),
  { minItems: 1, maxItems: 10_000 },
);

/** Results of many checks and hosts from outside. */
export type PassiveResultsJson = Static<typeof PassiveResultsSchema>;

/** How many results were taken. */
export const AcceptedSchema = Type.Object({ accepted: Type.Integer() });
