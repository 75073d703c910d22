/** grey -> violet: run an event handler. violet -> grey: what became of it. */

import Type, { type Static } from 'typebox';
import { defineMessage } from './envelope.ts';
import { WORKER_ID } from './heartbeat.ts';

const Text = Type.String({ maxLength: 65_536 });
const Name = Type.String({ maxLength: 255 });

const identity = {
  /** Of the run; the same when it is sent again. */
  id: Type.String({ minLength: 1, maxLength: 100 }),
  /** The check, or the host itself. */
  checkId: Type.Integer({ minimum: 1 }),
  level: Type.Union([Type.Literal('global'), Type.Literal('object')]),
  command: Type.String({ maxLength: 10_000 }),
};

const HandlerRequestSchema = Type.Object({
  ...identity,
  /** When the state changed. */
  at: Type.Integer(),
  /** One that has not begun by then is not run any more. */
  expiresAt: Type.Integer(),
  timeoutMs: Type.Integer({ minimum: 1 }),
  /** The queue that tells what became of it. */
  shard: Type.Integer({ minimum: 0, maximum: 4095 }),
  host: Type.Object({ name: Text, address: Text, vars: Type.Record(Type.String(), Text) }),
  /** Its name is empty for the host itself. */
  plugin: Type.Object({ name: Text }),
  /** Values by the names of macros. */
  macros: Type.Record(Type.String(), Text),
});

/** A handler to be run; instants are milliseconds since the epoch. */
export type HandlerRequest = Static<typeof HandlerRequestSchema>;

/** The message type of a handler to be run. */
export const HANDLER_REQUEST = defineMessage({
  kind: 'handlerRequest',
  version: 1,
  schema: HandlerRequestSchema,
  instants: ['at', 'expiresAt'],
});

const HandlerReportSchema = Type.Object({
  ...identity,
  at: Type.Integer(),
  host: Name,
  plugin: Name,
  worker: Type.String({ pattern: WORKER_ID }),
  outcome: Type.String({ maxLength: 50 }),
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  /** The first line of what it printed, or why it did not run. */
  output: Type.String({ maxLength: 10_000 }),
});

/** What became of a handler; instants are milliseconds since the epoch. */
export type HandlerReport = Static<typeof HandlerReportSchema>;

/** How ids of reports begin, and no others: what tells them from results in one queue. */
export const REPORT_ID_PREFIX = 'report:';

/** The message type of what became of a handler. */
export const HANDLER_REPORT = defineMessage({
  kind: 'handlerReport',
  version: 1,
  schema: HandlerReportSchema,
  instants: ['at'],
});
