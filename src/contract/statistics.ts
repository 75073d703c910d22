/** Status, workers and statistics over HTTP. */

import Type, { type Static } from 'typebox';
import { Instant, Query, Seconds } from './common.ts';

const Count = Type.Integer();

/** Totals of the whole site, and how the services do. */
export const StatusSchema = Type.Object({
  version: Type.String(),
  checks: Type.Object({
    all: Count,
    active: Count,
    ok: Count,
    warning: Count,
    critical: Count,
    unknown: Count,
    pending: Count,
  }),
  /** Those by state are of the active ones. */
  hosts: Type.Object({
    all: Count,
    active: Count,
    up: Count,
    down: Count,
    unreachable: Count,
    pending: Count,
  }),
  workers: Type.Object({ connected: Count, all: Count }),
  /** Finished by all connected workers, by their last heartbeats. */
  checksPerSecond: Type.Number(),
  scheduler: Type.Object({
    active: Type.Boolean({ description: 'Whether this red holds the schedule' }),
    jobs: Count,
    requested: Type.Integer({ description: 'Requests sent since this red started' }),
    missed: Type.Integer({ description: 'Checks not sent in time, or expired in the queue' }),
    lateness: Type.Union([Seconds, Type.Null()], {
      description: 'Median of the last requests: sent minus due',
    }),
  }),
  database: Type.Object({ address: Type.String() }),
  broker: Type.Object({ address: Type.String() }),
  statistics: Type.Object({
    driver: Type.String(),
    problem: Type.Union([Type.String(), Type.Null()]),
  }),
});

/** Totals of the whole site. */
export type StatusJson = Static<typeof StatusSchema>;

/** A violet. */
export const WorkerSchema = Type.Object({
  id: Type.String(),
  hostname: Type.String(),
  version: Type.String(),
  zones: Type.Array(Type.String()),
  status: Type.String({ description: 'running, draining, or lost when heartbeats stay away' }),
  connected: Type.Boolean(),
  startedAt: Instant,
  lastHeartbeat: Instant,
  heartbeatInterval: Seconds,
  fields: Type.Record(Type.String(), Type.Number()),
});

/** A violet. */
export type WorkerJson = Static<typeof WorkerSchema>;

/** All violets ever seen. */
export const WorkersSchema = Type.Object({
  items: Type.Array(WorkerSchema),
  total: Count,
  nextCursor: Type.Null(),
});

/** All violets ever seen. */
export type WorkersJson = Static<typeof WorkersSchema>;

/** A statistics series: `values[name][i]` belongs to the instant `start + i * step`. */
export const SeriesSchema = Type.Object({
  start: Instant,
  step: Seconds,
  values: Type.Record(Type.String(), Type.Array(Type.Union([Type.Number(), Type.Null()]))),
});

/** A statistics series. */
export type SeriesJson = Static<typeof SeriesSchema>;

/** Series of a check's metrics: `values[i]` belongs to the instant `start + i * step`. */
export const PerfdataSchema = Type.Object({
  start: Instant,
  step: Seconds,
  metrics: Type.Array(
    Type.Object({
      label: Type.String(),
      unit: Type.String({ description: 'As the plugin writes it' }),
      values: Type.Array(Type.Union([Type.Number(), Type.Null()])),
    }),
  ),
});

/** Series of a check's metrics. */
export type PerfdataJson = Static<typeof PerfdataSchema>;

/** The latest value of each field; null = unknown. */
export const LastValuesSchema = Type.Object({
  at: Type.Union([Instant, Type.Null()]),
  values: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()])),
});

/** The latest value of each field. */
export type LastValuesJson = Static<typeof LastValuesSchema>;

/** Parameters of a series. */
export const SeriesQuerySchema = Query({
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  step: Type.Optional(Type.String({ pattern: '^[0-9]{1,7}$', description: 'seconds' })),
  metrics: Type.Optional(
    Type.String({ maxLength: 1_000, description: 'names with commas between' }),
  ),
});

/** Parameters of the series of a check's metrics. */
export const PerfdataQuerySchema = Query({
  from: SeriesQuerySchema.properties.from,
  to: SeriesQuerySchema.properties.to,
  step: SeriesQuerySchema.properties.step,
  metric: Type.Optional(Type.String({ maxLength: 255, description: 'A label; default: all' })),
  cf: Type.Optional(
    Type.Union([Type.Literal('AVERAGE'), Type.Literal('MIN'), Type.Literal('MAX')], {
      description: 'How values are condensed; default: AVERAGE',
    }),
  ),
});
