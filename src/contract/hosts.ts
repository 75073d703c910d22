/** Hosts over HTTP. */

import Type, { type Static } from 'typebox';
import {
  Interval,
  MaxCheckAttempts,
  NullableInterval,
  Threshold,
  Timeout,
} from './check-numbers.ts';
import {
  Instant,
  LabelQuery,
  Name,
  Names,
  PAGE_QUERY,
  Query,
  StoredFields,
  TextMapSchema,
  TruthQuery,
  Zone,
} from './common.ts';
import { EventHandler, EventHandlerPeriod } from './event-handlers.ts';

/** A host's own state by name. */
export const HostStateSchema = Type.Union([
  Type.Literal('up'),
  Type.Literal('down'),
  Type.Literal('unreachable'),
  Type.Literal('pending'),
]);

const OwnState = Type.Union([
  Type.Literal('up'),
  Type.Literal('down'),
  Type.Literal('unreachable'),
]);

const Override = Type.Object(
  {
    interval: Type.Optional(Interval),
    retryInterval: Type.Optional(NullableInterval),
    maxCheckAttempts: Type.Optional(MaxCheckAttempts),
    timeout: Type.Optional(Timeout),
    lowFlapThreshold: Type.Optional(Threshold),
    highFlapThreshold: Type.Optional(Threshold),
  },
  { additionalProperties: false },
);

const hostFields = {
  address: Type.String({
    minLength: 1,
    maxLength: 253,
    description: 'IPv4 or IPv6 address or DNS name; unique',
  }),
  login: Type.String({
    pattern: '^[a-z_][a-z0-9_.-]{0,31}$',
    default: 'violet',
    description: 'Account for checks through ssh',
  }),
  sshPort: Type.Integer({ minimum: 1, maximum: 65_535, default: 22 }),
  maintenance: Type.Boolean({ default: false, description: 'Stops its checks' }),
  history: Type.Boolean({ default: false, description: 'Keeps every single result' }),
  suites: Type.Array(Name, {
    maxItems: 1_000,
    default: [],
    description: 'Default: those of its subnet',
  }),
  subnet: Type.Union([Name, Type.Null()], { default: null }),
  hostCheck: Type.Union([Name, Type.Null()], {
    default: null,
    description:
      'Plugin of its suites that tells whether it is up; null: the one that has hostCheck, if any',
  }),
  parents: Type.Array(Name, {
    maxItems: 100,
    default: [],
    description: 'Hosts through which it is reached: it is unreachable while none of them is up',
  }),
  maxCheckAttempts: {
    ...MaxCheckAttempts,
    default: 1,
    description: 'Results in a row that make its being down hard',
  },
  retryInterval: {
    ...NullableInterval,
    default: null,
    description: 'seconds between host checks while it is down softly; null: the regular interval',
  },
  flapDetection: Type.Boolean({
    default: true,
    description: 'Whether it is flapping when its own state changes too often',
  }),
  lowFlapThreshold: { ...Threshold, default: null },
  highFlapThreshold: { ...Threshold, default: null },
  flapStates: Type.Array(OwnState, {
    maxItems: 3,
    default: [],
    description: 'States that are recorded to find flapping; none: all',
  }),
  stalking: Type.Array(Type.Union([OwnState, Type.Literal('notification')]), {
    maxItems: 4,
    default: [],
    description:
      'States in which a changed output is told; notification: the state is, with each notification ' +
      'of it that is due',
  }),
  eventHandler: EventHandler,
  eventHandlerPeriod: EventHandlerPeriod,
  overrides: Type.Record(Name, Override, {
    maxProperties: 1_000,
    default: {},
    description:
      'Numbers that checks of this host have instead of those of their plugin, by plugin',
  }),
  zone: Zone,
  labels: TextMapSchema,
  vars: TextMapSchema,
};

/** What a client sends to create or replace a host. */
export const HostInputSchema = Type.Object(
  {
    ...Type.Partial(Type.Object(hostFields)).properties,
    name: Type.Optional(Name),
    address: hostFields.address,
  },
  { additionalProperties: false },
);

/** A host as sent by a client. */
export type HostInput = Static<typeof HostInputSchema>;

/** A host as answered. */
export const HostSchema = Type.Object({
  ...StoredFields,
  name: Name,
  ...hostFields,
  suites: Names,
  state: HostStateSchema,
  lastStateChange: Type.Union([Instant, Type.Null()]),
  acknowledged: Type.Boolean(),
  inDowntime: Type.Boolean(),
});

/** A host as answered. */
export type HostJson = Static<typeof HostSchema>;

/** Parameters of the list of hosts. */
export const HostQuerySchema = Query({
  ...PAGE_QUERY,
  q: Type.Optional(Type.String({ maxLength: 200 })),
  zone: Type.Optional(Type.String({ maxLength: 64 })),
  label: Type.Optional(LabelQuery),
  subnet: Type.Optional(Name),
  suite: Type.Optional(Name),
  maintenance: Type.Optional(TruthQuery),
  state: Type.Optional(
    Type.String({
      pattern: '^(up|down|unreachable|pending)(,(up|down|unreachable|pending))*$',
      description: 'States with commas between',
    }),
  ),
});
