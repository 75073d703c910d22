/** Checks, their states and history, and the schedule over HTTP. */

import Type, { type Static, type TSchema } from 'typebox';
import { CHECK_STATES } from '../model/check.ts';
import { SILENCE_REASONS, STRETCH_CAUSES, UNMEASURED_REASONS } from '../model/silence-reason.ts';
import { Instant, LabelQuery, Name, PAGE_QUERY, Query, Seconds, TruthQuery } from './common.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const NullableNumber = Type.Union([Type.Number(), Type.Null()]);
const NullableInstant = Type.Union([Instant, Type.Null()]);

/** A check's state by name. */
export const StateSchema = Type.Union([
  Type.Literal('ok'),
  Type.Literal('warning'),
  Type.Literal('critical'),
  Type.Literal('unknown'),
  Type.Literal('pending'),
]);

/** How sure a state is. */
export const StateTypeSchema = Type.Union([Type.Literal('soft'), Type.Literal('hard')], {
  description: 'soft: a problem that is being checked again',
});

const Perfdata = Type.Array(
  Type.Object({
    label: Type.String(),
    value: NullableNumber,
    unit: Type.String(),
    warn: NullableText,
    crit: NullableText,
    min: NullableNumber,
    max: NullableNumber,
  }),
);

/** What the states of checks and hosts have in common; fields of the last run are null without one. */
export const RunFields = {
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  output: Type.String(),
  longOutput: Type.String(),
  perfdata: Perfdata,
  scheduledAt: NullableInstant,
  startedAt: NullableInstant,
  finishedAt: NullableInstant,
  latency: Type.Union([Seconds, Type.Null()]),
  executionTime: Type.Union([Seconds, Type.Null()]),
  worker: NullableText,
  stateType: StateTypeSchema,
  attempt: Type.Integer({ description: 'Results in a row of the problem; 1 while OK' }),
  maxCheckAttempts: Type.Integer({ description: 'Attempts at which a problem is hard' }),
  lastStateChange: NullableInstant,
  lastHardStateChange: NullableInstant,
  flapping: Type.Boolean({ description: 'It changes its state too often' }),
  flapPercent: Type.Number({
    description: 'How much of its latest results were changes, weighted',
  }),
  acknowledged: Type.Boolean(),
  inDowntime: Type.Boolean(),
};

/** A check's current state; fields of the last run are null while it is pending. */
export const CheckSchema = Type.Object({
  host: Name,
  plugin: Name,
  state: StateSchema,
  ...RunFields,
  reachable: Type.Boolean({ description: 'False while its host is down or unreachable' }),
  nextDue: Type.Union([Instant, Type.Null()], {
    description:
      'Null in maintenance, without active checks, or when the schedule has no time for it',
  }),
});

/** A check's current state. */
export type CheckJson = Static<typeof CheckSchema>;

/** Parameters of the list of checks. */
export const CheckQuerySchema = Query({
  ...PAGE_QUERY,
  q: Type.Optional(Type.String({ maxLength: 200 })),
  state: Type.Optional(
    Type.String({
      pattern: '^(ok|warning|critical|unknown|pending)(,(ok|warning|critical|unknown|pending))*$',
    }),
  ),
  stateType: Type.Optional(StateTypeSchema),
  problem: Type.Optional(TruthQuery),
  handled: Type.Optional({
    ...TruthQuery,
    description:
      'true: acknowledged, in downtime, or its host is the problem; false: none of these',
  }),
  host: Type.Optional(Name),
  plugin: Type.Optional(Name),
  suite: Type.Optional(Name),
  subnet: Type.Optional(Name),
  zone: Type.Optional(Type.String({ maxLength: 64 })),
  label: Type.Optional(LabelQuery),
});

/** One kept result of a check or host. */
export function ResultOf<State extends TSchema>(state: State) {
  return Type.Object({
    kind: Type.Literal('result'),
    state,
    exitCode: Type.Integer(),
    output: Type.String(),
    longOutput: Type.String(),
    perfdata: Perfdata,
    scheduledAt: Instant,
    startedAt: Instant,
    finishedAt: Instant,
    latency: Seconds,
    executionTime: Seconds,
    worker: Type.String(),
  });
}

/** A stretch of one state of a check or host. */
export function StateStartOf<State extends TSchema>(state: State) {
  return Type.Object({
    kind: Type.Literal('state'),
    state,
    stateType: StateTypeSchema,
    cause: Type.Union(
      STRETCH_CAUSES.map((cause) => Type.Literal(cause)),
      { description: `Why it began; of notMeasured one of: ${SILENCE_REASONS.join(', ')}` },
    ),
    from: Instant,
    to: Type.Union([Instant, Type.Null()], { description: 'Null while it lasts' }),
    output: Type.String({ description: 'Of its first result' }),
  });
}

/** One kept result. */
export const ResultSchema = Type.Object({
  ...ResultOf(StateSchema).properties,
  requestId: Type.String({ description: 'For `/traces`' }),
});

/** One kept result. */
export type ResultJson = Static<typeof ResultSchema>;

/** The beginning of a stretch of one state. */
export const StateStartSchema = StateStartOf(
  Type.Union([...StateSchema.anyOf, Type.Literal('notMeasured')]),
);

/** A check's history, newest first. */
export const HistorySchema = Type.Object({
  items: Type.Array(Type.Union([ResultSchema, StateStartSchema])),
});

/** A check's history, newest first. */
export type HistoryJson = Static<typeof HistorySchema>;

/** Parameters of a check's history. */
export const HistoryQuerySchema = Query({
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  kind: Type.Optional(
    Type.String({
      pattern: '^(results|states)(,(results|states))*$',
      description: 'results, states or both with a comma between; default: results',
    }),
  ),
  limit: PAGE_QUERY.limit,
});

const Share = Type.Object({
  seconds: Seconds,
  percent: Type.Number({ description: 'Of the whole span' }),
});

type Reason = (typeof UNMEASURED_REASONS)[number];

const REASONS = UNMEASURED_REASONS.map((reason) => [reason, Type.Optional(Seconds)] as const);

/**
 * How long an object was in which of these states; the seconds of `states` and `planned` add up to the
 * span.
 */
export function AvailabilityOf<States extends string>(states: readonly States[]) {
  const shares = states.map((state) => [state, Share] as const);
  const Shares = Type.Object({
    ...(Object.fromEntries(shares) as Record<States, typeof Share>),
    notMeasured: Share,
  });
  return Type.Object({
    from: Instant,
    to: Instant,
    seconds: Seconds,
    states: Type.Object(Shares.properties, { description: 'Outside of downtimes' }),
    planned: Type.Object(
      { ...Share.properties, states: Shares },
      { description: 'In downtimes, and in which states then' },
    ),
    reasons: Type.Object(Object.fromEntries(REASONS) as Record<Reason, (typeof REASONS)[0][1]>, {
      description:
        'Why nothing was measured, in downtimes or not, in seconds: those that there were; ' +
        'they add up to `notMeasured`, that in downtimes included',
    }),
  });
}

/** How long a check was in which state. */
export const AvailabilitySchema = AvailabilityOf(CHECK_STATES);

/** How long a check was in which state. */
export type AvailabilityJson = Static<typeof AvailabilitySchema>;

/** Parameters of the availability. */
export const AvailabilityQuerySchema = Query({
  from: Type.Optional({ ...Instant, description: 'Default: a day before `to`' }),
  to: Type.Optional({ ...Instant, description: 'Default: now' }),
  stateType: Type.Optional(
    Type.Literal('hard', {
      description: 'Soft problems count as the hard state before them; default: all states count',
    }),
  ),
});

/** One job of the schedule. */
export const JobSchema = Type.Object({
  host: Name,
  plugin: Name,
  interval: Seconds,
  lastDue: NullableInstant,
  nextDue: Instant,
});

/** One job of the schedule. */
export type JobJson = Static<typeof JobSchema>;

/** Parameters of the schedule. */
export const ScheduleQuerySchema = Query({
  ...PAGE_QUERY,
  host: Type.Optional(Name),
  plugin: Type.Optional(Name),
});
