/** red -> violet: run one check once. */

import Type, { type Static } from 'typebox';
import { defineMessage } from './envelope.ts';

const Text = Type.String({ maxLength: 65_536 });

const CheckRequestSchema = Type.Object({
  /** Derived from check and due time, so that a repeated request is recognised. */
  id: Type.String({ minLength: 1, maxLength: 100 }),
  checkId: Type.Integer({ minimum: 1 }),
  /** The due time. */
  scheduledAt: Type.Integer(),
  /** The next due time; a run that has not begun by then is missed. */
  expiresAt: Type.Integer(),
  /** When red handed it to the broker. Absent in what an older service sent. */
  sentAt: Type.Optional(Type.Integer()),
  /** The results queue that this check's results go to. */
  shard: Type.Integer({ minimum: 0, maximum: 4095 }),
  keepHistory: Type.Boolean(),
  /** How often the check runs; for its statistics. */
  intervalMs: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Whether it was forced because results had become too old. */
  isFreshnessCheck: Type.Optional(Type.Boolean()),
  timeoutMs: Type.Integer({ minimum: 1 }),
  /** What to run: a file name in the worker's plugin folders, or a built-in probe. */
  run: Type.Union([Type.Object({ script: Text }), Type.Object({ builtin: Text })]),
  /** Arguments before splitting and macro expansion. */
  params: Text,
  host: Type.Object({
    name: Text,
    address: Text,
    vars: Type.Record(Type.String(), Text),
  }),
  plugin: Type.Object({ name: Text }),
  /**
   * Present: the script runs on the host itself, over ssh. Absent: it runs where violet is, as
   * built-in probes do in any case.
   */
  ssh: Type.Optional(
    Type.Object({
      login: Type.String({ minLength: 1, maxLength: 255 }),
      port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    }),
  ),
});

/** A request to run one check; instants are milliseconds since the epoch. */
export type CheckRequest = Static<typeof CheckRequestSchema>;

/** The message type of a check request. */
export const CHECK_REQUEST = defineMessage({
  kind: 'checkRequest',
  version: 1,
  schema: CheckRequestSchema,
  instants: ['scheduledAt', 'expiresAt', 'sentAt'],
});
