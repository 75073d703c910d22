/** Hosts' own states over HTTP: the same as of checks, with other names of states. */

import Type, { type Static } from 'typebox';
import { HOST_STATES } from '../model/host-state.ts';
import {
  AvailabilityOf,
  AvailabilityQuerySchema,
  HistoryQuerySchema,
  ResultOf,
  RunFields,
  StateStartOf,
} from './checks.ts';
import { Instant, Name } from './common.ts';
import { AcknowledgementInputSchema } from './downtimes.ts';
import { HostStateSchema } from './hosts.ts';
import { type Operation, WaitQuerySchema } from './operation.ts';
import { RequestedSchema, resultFields } from './results.ts';

/** A host's own state. */
export const HostStateViewSchema = Type.Object({
  host: Name,
  state: HostStateSchema,
  hostCheck: Type.Union([Name, Type.Null()], {
    description: 'The plugin that tells whether it is up; null: none, so it is assumed to be',
  }),
  ...RunFields,
  reachable: Type.Boolean({ description: 'False while none of its parents is up' }),
  waitsUntil: Type.Union([Instant, Type.Null()], {
    description: 'When its newest result, or who is told of it, waits no longer for its parents',
  }),
  nextDue: Type.Union([Instant, Type.Null()], {
    description: 'Of its host check; null without one, and in maintenance',
  }),
});

/** A host's own state. */
export type HostStateJson = Static<typeof HostStateViewSchema>;

const HostHistorySchema = Type.Object({
  items: Type.Array(
    Type.Union([
      ResultOf(HostStateSchema),
      StateStartOf(Type.Union([...HostStateSchema.anyOf, Type.Literal('notMeasured')])),
    ]),
  ),
});

/** A host's history, newest first. */
export type HostHistoryJson = Static<typeof HostHistorySchema>;

const HostAvailabilitySchema = AvailabilityOf(HOST_STATES);

/** How long a host was in which state. */
export type HostAvailabilityJson = Static<typeof HostAvailabilitySchema>;

const PassiveHostResultSchema = Type.Object(
  {
    ...resultFields,
    exitCode: Type.Integer({
      minimum: 0,
      maximum: 2,
      description: '0 up, 1 down, 2 unreachable',
    }),
  },
  { additionalProperties: false },
);

/** The operations of hosts' own states. */
export const HOST_STATE_OPERATIONS = {
  getHostState: {
    tag: 'Checks',
    summary: 'Get the current state of one host',
    role: 'viewer',
    status: 200,
    answer: HostStateViewSchema,
  },
  getHostHistory: {
    tag: 'Checks',
    summary: 'List the history of one host',
    description: 'As of a check. That of a host that was deleted can be read as well.',
    role: 'viewer',
    query: HistoryQuerySchema,
    status: 200,
    answer: HostHistorySchema,
  },
  getHostAvailability: {
    tag: 'Checks',
    summary: 'Get how long one host was in which state',
    role: 'viewer',
    query: AvailabilityQuerySchema,
    status: 200,
    answer: HostAvailabilitySchema,
  },
  runHostCheck: {
    tag: 'Checks',
    summary: 'Run the host check of one host now',
    description:
      'A result that says the host is not up waits until its parents were checked, and `wait` with it.',
    role: 'operator',
    query: WaitQuerySchema,
    status: 202,
    answer: RequestedSchema,
    otherAnswers: { 200: HostStateViewSchema },
    problems: {
      409: 'The host has no host check, or is in maintenance',
      504: 'With `wait`: no result came in time, and why that may be',
    },
  },
  submitHostResult: {
    tag: 'Checks',
    summary: 'Submit the state of one host',
    description: 'It is hard at once; one that is older than the known state changes nothing.',
    role: 'operator',
    query: WaitQuerySchema,
    body: PassiveHostResultSchema,
    bodyExample: { exitCode: 1, output: 'Nothing answers in rack 3' },
    status: 202,
    answer: RequestedSchema,
    otherAnswers: { 200: HostStateViewSchema },
    problems: {
      409: 'This site takes no results of hosts from outside',
      504: 'With `wait`: the result was not stored in time',
    },
  },
  acknowledgeHost: {
    tag: 'Maintenance',
    summary: 'Acknowledge the problem of a host',
    role: 'operator',
    body: AcknowledgementInputSchema,
    bodyExample: { comment: 'The power supply is ordered', sticky: true },
    status: 200,
    answer: HostStateViewSchema,
    problems: { 409: 'There is no problem to acknowledge', 504: 'No grey stored it in time' },
  },
  removeHostAcknowledgement: {
    tag: 'Maintenance',
    summary: 'Take back the acknowledgement of a host',
    role: 'operator',
    status: 204,
    problems: { 504: 'No grey stored it in time' },
  },
} as const satisfies Record<string, Operation>;
