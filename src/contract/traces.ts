/** The way of one request of a check through the services, over HTTP. */

import Type, { type Static } from 'typebox';
import { StateSchema } from './checks.ts';
import { Instant, Name, Seconds } from './common.ts';
import type { Operation } from './operation.ts';

const Nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

const StepSchema = Type.Object({
  step: Type.Union(
    [
      Type.Literal('due'),
      Type.Literal('sent'),
      Type.Literal('confirmed'),
      Type.Literal('missed'),
      Type.Literal('expired'),
      Type.Literal('received'),
      Type.Literal('started'),
      Type.Literal('finished'),
      Type.Literal('collected'),
      Type.Literal('stored'),
    ],
    {
      description:
        'sent: handed to the broker; confirmed: kept by it; received, started, finished: by the ' +
        'worker; collected: taken by grey; stored: red was told that it is committed',
    },
  ),
  service: Type.Union([Type.Literal('red'), Type.Literal('violet'), Type.Literal('grey')], {
    description: 'Whose clock the instant is of',
  }),
  at: Instant,
  offset: Type.Number({ description: 'Seconds since the due time' }),
  took: Nullable(
    Type.Number({
      description:
        'Seconds since the step that led to it; below 0 where the clocks of two services differ',
    }),
  ),
});

/** How far a request came, and when it was where. */
export const TraceSchema = Type.Object({
  id: Type.String({ description: 'Of the request: number of the check and due time' }),
  host: Name,
  plugin: Name,
  worker: Nullable(Type.String()),
  progress: Type.Union(
    [
      Type.Literal('sending'),
      Type.Literal('sent'),
      Type.Literal('missed'),
      Type.Literal('expired'),
      Type.Literal('stored'),
    ],
    { description: 'How far it came; missed and expired are ends' },
  ),
  detail: Type.String({ description: 'What that means, and where it waits' }),
  state: Nullable(StateSchema),
  steps: Type.Array(StepSchema),
  clockDifference: Nullable(
    Type.Intersect([Seconds], {
      description: 'By so much at least the clocks of two services differ; null: it does not show',
    }),
  ),
});

/** How far a request came, and when it was where. */
export type TraceJson = Static<typeof TraceSchema>;

/** The operations of traces. */
export const TRACE_OPERATIONS = {
  getCheckTrace: {
    tag: 'Operation',
    summary: 'Follow the newest request of one check',
    description: 'The one that is on its way, or the last.',
    role: 'viewer',
    status: 200,
    answer: TraceSchema,
  },
  getTrace: {
    tag: 'Operation',
    summary: 'Follow one request through the services',
    description:
      'By the id that a request for a check was answered with, that history shows and that logs ' +
      'have as `requestId`. Known are the newest result of each check, kept results, and what this ' +
      'red saw of the last 50,000 requests.',
    role: 'viewer',
    status: 200,
    answer: TraceSchema,
  },
} as const satisfies Record<string, Operation>;
