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
    soft: Type.Integer({ description: 'Active, not OK and still tried again' }),
    unhandled: Type.Integer({
      description:
        'Active, not OK, neither acknowledged nor in downtime nor of a host that is not up',
    }),
  }),
  hosts: Type.Object({
    all: Count,
    active: Count,
    up: Count,
    down: Count,
    unreachable: Count,
    pending: Type.Integer({ description: 'Active, and their host check has no result yet' }),
  }),
  workers: Type.Object({ connected: Count, all: Count }),
  problems: Type.Array(
    Type.Object({
      kind: Type.String({ description: 'noWorker: a zone has checks, but no worker' }),
      subject: Type.String({ description: 'The zone' }),
      since: Instant,
      text: Type.String(),
    }),
    { description: 'What is wrong with the site itself' },
  ),
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
    latenessP99: Type.Union([Seconds, Type.Null()], { description: 'Their 99th percentile' }),
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

/** All violets that were seen and are not forgotten. */
export const WorkersSchema = Type.Object({
  items: Type.Array(WorkerSchema),
  total: Count,
  nextCursor: Type.Null(),
});

/** All violets that were seen and are not forgotten. */
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
      warn: Type.Union([Type.String(), Type.Null()], {
        description: 'Range of the newest result, as the plugin writes it',
      }),
      crit: Type.Union([Type.String(), Type.Null()]),
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

/** How far back, at a glance. */
const Period = Type.Union(
  [
    ...[Type.Literal('1h'), Type.Literal('1d'), Type.Literal('1w'), Type.Literal('1mo')],
    Type.Literal('1y'),
  ],
  { description: 'The last hour, day, week, month or year; in place of `from`' },
);

/** Which span, and how a graph of it looks. */
const SPAN_QUERY = {
  period: Type.Optional(Period),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  step: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,7}$',
      description: 'seconds; the nearest that is kept so far back. Default: by the span',
    }),
  ),
  width: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,4}$', description: 'Of a graph, 300 to 2000; default: 800' }),
  ),
  height: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,4}$',
      description: 'Of a graph, 150 to 2000; default: what its panels need',
    }),
  ),
  theme: Type.Optional(
    Type.Union([Type.Literal('auto'), Type.Literal('light'), Type.Literal('dark')], {
      description: 'Of a graph; auto: as the viewer of an SVG prefers, of a PNG light',
    }),
  ),
};

/** Parameters of a series. */
export const SeriesQuerySchema = Query({
  ...SPAN_QUERY,
  metrics: Type.Optional(
    Type.String({ maxLength: 1_000, description: 'names with commas between' }),
  ),
});

/** Parameters of the series of a check's metrics. */
export const PerfdataQuerySchema = Query({
  ...SPAN_QUERY,
  metric: Type.Optional(Type.String({ maxLength: 255, description: 'A label; default: all' })),
  cf: Type.Optional(
    Type.Union([Type.Literal('AVERAGE'), Type.Literal('MIN'), Type.Literal('MAX')], {
      description: 'How values are condensed; default: AVERAGE',
    }),
  ),
});
