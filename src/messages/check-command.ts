/** To grey: what somebody, or time, does to a check or host; in the same queue as its results. */

import Type, { type Static } from 'typebox';
import { defineMessage } from './envelope.ts';

const Id = Type.String({ minLength: 1, maxLength: 100 });
const Text = Type.String({ maxLength: 10_000 });
const At = Type.Integer();
const NullableAt = Type.Union([At, Type.Null()]);

const CommandSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('acknowledge'),
    notify: Type.Boolean(),
    acknowledgement: Type.Object({
      id: Id,
      isSticky: Type.Boolean(),
      isPersistent: Type.Boolean(),
      author: Text,
      comment: Text,
      expiresAt: NullableAt,
    }),
  }),
  Type.Object({ kind: Type.Literal('removeAcknowledgement'), id: Id }),
  Type.Object({
    kind: Type.Literal('scheduleDowntime'),
    downtime: Type.Object({
      id: Id,
      startAt: At,
      endAt: At,
      isFixed: Type.Boolean(),
      durationMs: Type.Integer({ minimum: 0 }),
      triggeredBy: Type.Union([Id, Type.Null()]),
      author: Text,
      comment: Text,
      /** Absent: 0. */
      revision: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  }),
  Type.Object({ kind: Type.Literal('startDowntime'), id: Id }),
  Type.Object({ kind: Type.Literal('endDowntime'), id: Id }),
  Type.Object({ kind: Type.Literal('cancelDowntime'), id: Id }),
  /** Something is due by time alone. */
  Type.Object({ kind: Type.Literal('time') }),
  /** The newest result is too old, and a check of it was forced. */
  Type.Object({ kind: Type.Literal('stale'), scheduledAt: NullableAt }),
  /**
   * Results stay out. `scheduledAt`: the newest one that who says so knew of. `since`: from when on
   * nothing is known; absent: from when it was given. `reason`: see `model/silence-reason.ts`.
   */
  Type.Object({
    kind: Type.Literal('notMeasured'),
    scheduledAt: NullableAt,
    reason: Text,
    since: Type.Optional(At),
  }),
]);

const CheckCommandSchema = Type.Object({
  id: Id,
  checkId: Type.Integer({ minimum: 1 }),
  /** When it was given. */
  at: At,
  command: CommandSchema,
});

/** A command to one check or host; instants are milliseconds since the epoch. */
export type CheckCommand = Static<typeof CheckCommandSchema>;

/** How ids of commands begin, and no others: what tells them from results in one queue. */
export const COMMAND_ID_PREFIX = 'command:';

/** The message type of a command. */
export const CHECK_COMMAND = defineMessage({
  kind: 'checkCommand',
  version: 1,
  schema: CheckCommandSchema,
  instants: ['at'],
});
