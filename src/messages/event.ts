/** Hints to everybody: something was committed. The database is the truth; a lost hint is found later. */

import Type from 'typebox';
import { defineMessage } from './envelope.ts';

const EventSchema = Type.Object({
  event: Type.Union([
    /** Configuration changed; `version` is the newest committed one. */
    Type.Object({
      kind: Type.Literal('configChanged'),
      version: Type.Integer(),
    }),
    /** Results were stored: which checks, and the due time of the newest of each. */
    Type.Object({
      kind: Type.Literal('resultsStored'),
      checks: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]), { maxItems: 10_000 }),
    }),
    /** Checks that are wanted before their regular time, and when. */
    Type.Object({
      kind: Type.Literal('checksWanted'),
      checks: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]), { maxItems: 10_000 }),
    }),
  ]),
});

/** The message type of a hint. */
export const EVENT = defineMessage({
  kind: 'event',
  version: 1,
  schema: EventSchema,
  instants: [],
});
