/** violet -> grey: what one run of a check found. */

import Type, { type Static } from 'typebox';
import { defineMessage } from './envelope.ts';
import { WORKER_ID } from './heartbeat.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const NullableNumber = Type.Union([Type.Number(), Type.Null()]);

const CheckResultSchema = Type.Object({
  /** The request's id. */
  id: Type.String({ minLength: 1, maxLength: 100 }),
  /** A check, or a host itself, which results from outside and of checks not run are of. */
  checkId: Type.Integer({ minimum: 1 }),
  scheduledAt: Type.Integer(),
  /** When its request was sent by red and received by violet; absent for results from outside. */
  sentAt: Type.Optional(Type.Integer()),
  receivedAt: Type.Optional(Type.Integer()),
  startedAt: Type.Integer(),
  finishedAt: Type.Integer(),
  /** The id of the violet that ran it; `api` for a result from outside, `red` for one not run. */
  worker: Type.String({ pattern: WORKER_ID }),
  /** Whether it came from outside instead of from a run of ours. */
  isPassive: Type.Optional(Type.Boolean()),
  /** Whether it ran out of time: then the host that it tells of does not answer, whatever its state. */
  isTimedOut: Type.Optional(Type.Boolean()),
  /**
   * Whether the check was due and not run; the state is what is configured for that. Of a host itself
   * `exitCode` tells it: 0 up, 1 down, 2 unreachable.
   */
  isSkipped: Type.Optional(Type.Boolean()),
  /** Names at the time of the run. */
  host: Type.String({ maxLength: 255 }),
  /** Empty: the host itself. */
  plugin: Type.String({ maxLength: 255 }),
  keepHistory: Type.Boolean(),
  /** How often the check runs; for its statistics. */
  intervalMs: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Whether it was forced because results had become too old. */
  isFreshnessCheck: Type.Optional(Type.Boolean()),
  state: Type.Union([
    Type.Literal('ok'),
    Type.Literal('warning'),
    Type.Literal('critical'),
    Type.Literal('unknown'),
  ]),
  exitCode: Type.Integer(),
  output: Type.String({ maxLength: 65_536 }),
  longOutput: Type.String({ maxLength: 262_144 }),
  perfdata: Type.Array(
    Type.Object({
      label: Type.String(),
      value: NullableNumber,
      unit: Type.String(),
      warn: NullableText,
      crit: NullableText,
      min: NullableNumber,
      max: NullableNumber,
    }),
    { maxItems: 10_000 },
  ),
});

/** The result of one run; instants are milliseconds since the epoch. */
export type CheckResult = Static<typeof CheckResultSchema>;

/** The message type of a check result. */
export const CHECK_RESULT = defineMessage({
  kind: 'checkResult',
  version: 1,
  schema: CheckResultSchema,
  instants: ['scheduledAt', 'sentAt', 'receivedAt', 'startedAt', 'finishedAt'],
});
