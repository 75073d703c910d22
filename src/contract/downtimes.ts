/** Downtimes and acknowledgements over HTTP. */

import Type, { type Static } from 'typebox';
import { CheckSchema } from './checks.ts';
import { Instant, Labels, Name, PAGE_QUERY, Query, Seconds } from './common.ts';
import { type Operation, Page } from './operation.ts';

const Comment = Type.String({ maxLength: 10_000, default: '' });
const NullableInstant = Type.Union([Instant, Type.Null()]);

/** What a client sends to acknowledge a problem. */
export const AcknowledgementInputSchema = Type.Object(
  {
    sticky: Type.Optional(
      Type.Boolean({ default: false, description: 'Stays until the problem is over' }),
    ),
    notify: Type.Optional(Type.Boolean({ default: true, description: 'People are told' })),
    persistent: Type.Optional(
      Type.Boolean({ default: false, description: 'The comment stays when it ends' }),
    ),
    comment: Type.Optional(Comment),
    expiresAt: Type.Optional(Type.Union([Instant, Type.Null()], { default: null })),
  },
  { additionalProperties: false },
);

/** How a problem is acknowledged. */
export type AcknowledgementInput = Static<typeof AcknowledgementInputSchema>;

const NullableName = Type.Union([Name, Type.Null()], { default: null });

const selectorFields = {
  host: { ...NullableName, description: 'Only checks of this host' },
  plugin: { ...NullableName, description: 'Only checks of this plugin' },
  suite: { ...NullableName, description: 'Only checks of this suite' },
  subnet: { ...NullableName, description: 'Only checks of hosts of this subnet' },
  labels: Labels(true),
  allChecks: Type.Boolean({
    default: true,
    description: 'Of hosts: of their checks too; false: of the hosts themselves alone',
  }),
};

const planFields = {
  start: Instant,
  end: Instant,
  fixed: Type.Boolean({
    default: true,
    description: 'false: from a problem between start and end on, for the duration',
  }),
  duration: Type.Number({ minimum: 0, maximum: 31_536_000, default: 0, description: 'seconds' }),
  recurrence: Type.String({
    maxLength: 1_000,
    default: '',
    description: 'Empty: once. Else a rule of RFC 5545, as FREQ=WEEKLY;BYDAY=SU',
  }),
  timeZone: Type.String({
    maxLength: 100,
    default: 'UTC',
    description: 'By whose clocks it recurs, as Europe/Berlin',
  }),
  comment: Comment,
  triggeredBy: Type.Union([Type.String({ maxLength: 36 }), Type.Null()], {
    default: null,
    description: 'Id of the downtime with which it starts, ends and is cancelled',
  }),
};

const INPUT_CHILDREN = [
  Type.Literal('none'),
  Type.Literal('all'),
  Type.Literal('triggered'),
] as const;
const children = {
  default: 'none',
  description:
    'Hosts below by their parents: all, as the host is; triggered: by another downtime, which hangs on ' +
    'this one, is of those `below` alone, and is made with it',
};

const { start: _start, end, ...optionalPlan } = planFields;

/** What a client sends to plan a downtime: of all checks that fit what it names. */
const DowntimeInputSchema = Type.Object(
  {
    ...Type.Partial(Type.Object(selectorFields)).properties,
    ...Type.Partial(Type.Object(optionalPlan)).properties,
    start: Type.Optional({ ...Instant, description: 'Default: now' }),
    end: Type.Optional({ ...end, description: 'Needed unless it is triggered' }),
    children: Type.Optional(Type.Union([...INPUT_CHILDREN], children)),
  },
  { additionalProperties: false },
);

/** A downtime as sent by a client. */
export type DowntimeInput = Static<typeof DowntimeInputSchema>;

/** What of a downtime can be changed. */
const DowntimeChangeSchema = Type.Object(
  {
    start: Type.Optional({ ...Instant, description: 'Only before it has begun' }),
    end: Type.Optional({ ...Instant, description: 'Of a recurring one: of its first occurrence' }),
    comment: Type.Optional(Type.String({ maxLength: 10_000 })),
  },
  { additionalProperties: false },
);

/** A change of a downtime. */
export type DowntimeChange = Static<typeof DowntimeChangeSchema>;

/** A downtime as answered. */
export const DowntimeSchema = Type.Object({
  id: Type.String(),
  ...selectorFields,
  ...planFields,
  children: Type.Union([...INPUT_CHILDREN, Type.Literal('below')], children),
  state: Type.String({ description: 'waiting, active, over or cancelled' }),
  nextStart: { ...NullableInstant, description: 'Of the occurrence of now, or else of the next' },
  author: Type.String(),
  createdAt: Instant,
  checks: Type.Integer({ description: 'Checks that are or were in it' }),
  length: { ...Seconds, description: 'seconds of one occurrence' },
});

/** A downtime as answered. */
export type DowntimeJson = Static<typeof DowntimeSchema>;

/** Parameters of the list of downtimes. */
export const DowntimeQuerySchema = Query({
  ...PAGE_QUERY,
  host: Type.Optional(Name),
  plugin: Type.Optional(Name),
  suite: Type.Optional(Name),
  state: Type.Optional(
    Type.Union(
      [
        Type.Literal('open'),
        Type.Literal('active'),
        Type.Literal('over'),
        Type.Literal('cancelled'),
      ],
      { description: 'open: neither over nor cancelled; active: has begun on some check or host' },
    ),
  ),
});

/** Operations of both. */
export const MAINTENANCE_OPERATIONS = {
  acknowledgeCheck: {
    tag: 'Maintenance',
    summary: 'Acknowledge the problem of a check',
    description:
      'Says that somebody knows of it, so that nobody is told again. It ends with the problem; unless ' +
      'it is sticky, with any change of state.',
    role: 'operator',
    body: AcknowledgementInputSchema,
    status: 200,
    answer: CheckSchema,
    problems: { 409: 'There is no problem to acknowledge', 504: 'No grey stored it in time' },
    bodyExample: { comment: 'The disk is ordered', sticky: true },
  },
  removeAcknowledgement: {
    tag: 'Maintenance',
    summary: 'Take back an acknowledgement',
    role: 'operator',
    status: 204,
    problems: { 504: 'No grey stored it in time' },
  },
  listDowntimes: {
    tag: 'Maintenance',
    summary: 'List planned downtimes',
    role: 'viewer',
    query: DowntimeQuerySchema,
    status: 200,
    answer: Page(DowntimeSchema),
  },
  createDowntime: {
    tag: 'Maintenance',
    summary: 'Plan a downtime',
    description:
      'Of every check that fits all that is named: of a host, plugin, suite, subnet or labels; of all ' +
      'checks if nothing is. Checks that turn up later are in it as well. Problems in a downtime are ' +
      'expected: nobody is told.',
    role: 'operator',
    body: DowntimeInputSchema,
    status: 201,
    answer: DowntimeSchema,
    bodyExample: { host: 'web1', end: '2026-11-23T12:00:00Z', comment: 'New kernel' },
  },
  getDowntime: {
    tag: 'Maintenance',
    summary: 'Get a downtime',
    role: 'viewer',
    status: 200,
    answer: DowntimeSchema,
  },
  changeDowntime: {
    tag: 'Maintenance',
    summary: 'Change a downtime',
    description:
      'Also one that is running: a later end extends it, an earlier one shortens it. Its checks learn ' +
      'of it within a second or so.',
    role: 'operator',
    body: DowntimeChangeSchema,
    bodyTypes: ['application/json', 'application/merge-patch+json'],
    status: 200,
    answer: DowntimeSchema,
    problems: { 409: 'It is over or cancelled, or its start has come' },
    bodyExample: { end: '2026-11-23T14:00:00Z' },
  },
  deleteDowntime: {
    tag: 'Maintenance',
    summary: 'Cancel a downtime',
    role: 'operator',
    status: 204,
    problems: { 409: 'It is over or cancelled already' },
  },
} satisfies Record<string, Operation>;
