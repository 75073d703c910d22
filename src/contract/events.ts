/** The stream of events over HTTP: `text/event-stream`, one JSON object for each event. */

import Type, { type Static } from 'typebox';
import { CheckQuerySchema, CheckSchema, StateSchema } from './checks.ts';
import { Instant, Name, Query } from './common.ts';
import { DiscoverySummarySchema } from './discoveries.ts';

/** A check has a new result. Its current state is told, which may be newer. */
export const CheckResultEventSchema = Type.Object({
  type: Type.Literal('checkResult'),
  at: Instant,
  check: CheckSchema,
});

/** A check changed its state. */
export const StateChangeEventSchema = Type.Object({
  type: Type.Literal('stateChange'),
  at: Instant,
  host: Name,
  plugin: Name,
  from: StateSchema,
  to: StateSchema,
  output: Type.String(),
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
  StateChangeEventSchema,
  ConfigurationEventSchema,
  WorkerEventSchema,
  DiscoveryEventSchema,
  DroppedEventSchema,
]);

/** One event. */
export type EventJson = Static<typeof EventSchema>;

/** The kinds of events that can be asked for. */
export const EVENT_TYPES = [
  'checkResult',
  'stateChange',
  'configuration',
  'worker',
  'discovery',
] as const;

const {
  limit: _limit,
  cursor: _cursor,
  sort: _sort,
  ...checkFilters
} = CheckQuerySchema.properties;

/** Which events: types with commas between, and those of which checks. */
export const EventQuerySchema = Query({
  ...checkFilters,
  type: Type.Optional(
    Type.String({
      pattern: `^(${EVENT_TYPES.join('|')})(,(${EVENT_TYPES.join('|')}))*$`,
      description: 'Types with commas between; default: all',
    }),
  ),
});
