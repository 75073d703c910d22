/** The stream of events over HTTP: `text/event-stream`, one JSON object for each event. */

import Type, { type Static } from 'typebox';
import { CHECK_STATES } from '../model/check.ts';
import { HOST_STATES } from '../model/host-state.ts';
import { CheckQuerySchema, CheckSchema, StateSchema, StateTypeSchema } from './checks.ts';
import { Instant, Name, Query } from './common.ts';
import { DiscoverySummarySchema } from './discoveries.ts';
import { HostStateViewSchema } from './host-states.ts';

/** A check has a new result. Its current state is told, which may be newer. */
export const CheckResultEventSchema = Type.Object({
  type: Type.Literal('checkResult'),
  at: Instant,
  check: CheckSchema,
});

/** A host has a new result: that of its host check, or one from outside. Its current state is told. */
export const HostResultEventSchema = Type.Object({
  type: Type.Literal('checkResult'),
  at: Instant,
  hostState: HostStateViewSchema,
});

const OF_OBJECT = {
  at: Instant,
  host: Name,
  plugin: Type.Optional({ ...Name, description: 'Absent: it is about the host itself' }),
};
const AnyState = Type.Union([
  ...StateSchema.anyOf,
  ...HOST_STATES.map((name) => Type.Literal(name)),
]);

/** A check or host changed its state. */
export const StateChangeEventSchema = Type.Object({
  type: Type.Literal('stateChange'),
  ...OF_OBJECT,
  from: AnyState,
  to: AnyState,
  stateType: StateTypeSchema,
  attempt: Type.Integer(),
  maxCheckAttempts: Type.Integer(),
  cause: Type.String({
    description: 'change, retry (of a soft problem), volatile, stalking or notification',
  }),
  output: Type.String(),
});

/** A check or host began or stopped to change its state too often. */
export const FlappingEventSchema = Type.Object({
  type: Type.Literal('flapping'),
  ...OF_OBJECT,
  action: Type.String({ description: 'started, stopped or disabled' }),
  percent: Type.Number(),
});

/** A problem was acknowledged, or is no longer. */
export const AcknowledgementEventSchema = Type.Object({
  type: Type.Literal('acknowledgement'),
  ...OF_OBJECT,
  action: Type.String({
    description: 'set, removed, replaced, stateChanged, recovered or expired',
  }),
  id: Type.String(),
});

/** A downtime of a check or host began or ended. */
export const DowntimeEventSchema = Type.Object({
  type: Type.Literal('downtime'),
  ...OF_OBJECT,
  action: Type.String({ description: 'started, ended, cancelled, expired or refused' }),
  id: Type.String(),
});

/** Results of a check stay out, or are there again. */
export const MeasurementEventSchema = Type.Object({
  type: Type.Literal('measurement'),
  ...OF_OBJECT,
  action: Type.String({ description: 'notMeasured, measured or stale' }),
});

/** It was decided whether people are to be told; nothing is sent yet. */
export const NotificationEventSchema = Type.Object({
  type: Type.Literal('notification'),
  ...OF_OBJECT,
  about: Type.String({ description: 'problem, recovery, acknowledgement, flappingStart, ...' }),
  state: AnyState,
  isDue: Type.Boolean(),
  reason: Type.String({ description: 'The filter that decided, in one word' }),
  explanation: Type.String(),
  number: Type.Integer({ description: 'Which notification of the problem it is' }),
});

/** An event handler was run, or could not be. */
export const HandlerEventSchema = Type.Object({
  type: Type.Literal('eventHandler'),
  ...OF_OBJECT,
  level: Type.String({ description: 'global or object' }),
  command: Type.String(),
  outcome: Type.String({ description: 'exited, signalled, timedOut, notStarted or expired' }),
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  output: Type.String({ description: 'The first line that it printed, or why it did not run' }),
  worker: Type.String(),
});

/** An object of the configuration was created, changed or deleted. */
export const ConfigurationEventSchema = Type.Object({
  type: Type.Literal('configuration'),
  at: Instant,
  action: Type.String({ description: 'create, change or delete' }),
  kind: Type.String(),
  name: Type.String(),
  actor: Type.String(),
});

/** A worker appeared, drains or is lost. */
export const WorkerEventSchema = Type.Object({
  type: Type.Literal('worker'),
  at: Instant,
  worker: Type.String(),
  status: Type.String({ description: 'running, draining or lost' }),
});

/** The site itself has a problem, or no longer. */
export const ProblemEventSchema = Type.Object({
  type: Type.Literal('problem'),
  at: Instant,
  action: Type.String({ description: 'began or ended' }),
  kind: Type.String({ description: 'noWorker: a zone has checks, but no worker' }),
  subject: Type.String({ description: 'The zone' }),
});

const { id, subnet, state, scanned, total, found, addedCount } = DiscoverySummarySchema.properties;

/** A discovery was begun, got on or ended. */
export const DiscoveryEventSchema = Type.Object({
  type: Type.Literal('discovery'),
  at: Instant,
  ...{ id, subnet, state, scanned, total, found, addedCount },
});

/** The last event of a reader that was too slow or whose token is no longer valid. */
export const DroppedEventSchema = Type.Object({
  type: Type.Literal('dropped'),
  at: Instant,
  reason: Type.String(),
});

/** One event; `event:` is its type, `id:` is what `Last-Event-ID` takes. */
export const EventSchema = Type.Union([
  CheckResultEventSchema,
  HostResultEventSchema,
  StateChangeEventSchema,
  FlappingEventSchema,
  AcknowledgementEventSchema,
  DowntimeEventSchema,
  MeasurementEventSchema,
  NotificationEventSchema,
  HandlerEventSchema,
  ConfigurationEventSchema,
  WorkerEventSchema,
  ProblemEventSchema,
  DiscoveryEventSchema,
  DroppedEventSchema,
]);

/** One event. */
export type EventJson = Static<typeof EventSchema>;

/** The kinds of events that can be asked for. */
export const EVENT_TYPES = [
  'checkResult',
  'stateChange',
  'flapping',
  'acknowledgement',
  'downtime',
  'measurement',
  'notification',
  'eventHandler',
  'configuration',
  'worker',
  'problem',
  'discovery',
] as const;

const {
  limit: _limit,
  cursor: _cursor,
  sort: _sort,
  ...checkFilters
} = CheckQuerySchema.properties;

const FILTER_STATES = [...CHECK_STATES, ...HOST_STATES, 'pending'].join('|');

/** Which events: types with commas between, and those of which checks and hosts. */
export const EventQuerySchema = Query({
  ...checkFilters,
  state: Type.Optional(
    Type.String({
      pattern: `^(${FILTER_STATES})(,(${FILTER_STATES}))*$`,
      description: 'Of checks in these states, and of hosts in these: up, down, unreachable',
    }),
  ),
  type: Type.Optional(
    Type.String({
      pattern: `^(${EVENT_TYPES.join('|')})(,(${EVENT_TYPES.join('|')}))*$`,
      description: 'Types with commas between; default: all',
    }),
  ),
});
