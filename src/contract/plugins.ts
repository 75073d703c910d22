/** Plugins over HTTP. */

import Type, { type Static } from 'typebox';
import { BUILTIN_NAMES } from '../model/builtins.ts';
import {
  Interval,
  MaxCheckAttempts,
  NullableInterval,
  Threshold,
  Timeout,
} from './check-numbers.ts';
import { Description, Name, PAGE_QUERY, Query, StoredFields } from './common.ts';
import { EventHandler, EventHandlerPeriod } from './event-handlers.ts';

const SiteThreshold = (description: string) => ({
  ...Threshold,
  default: null,
  description: `${description}; null: as the site has it`,
});

const PluginState = Type.Union([
  Type.Literal('ok'),
  Type.Literal('warning'),
  Type.Literal('critical'),
  Type.Literal('unknown'),
]);

const pluginFields = {
  params: Type.String({
    maxLength: 10_000,
    default: '',
    description: 'Arguments, split by POSIX shell rules without a shell; may hold macros',
  }),
  ssh: Type.Boolean({
    default: false,
    description: 'Run the script on the host itself, through ssh',
  }),
  interval: { ...Interval, default: 30 },
  retryInterval: {
    ...NullableInterval,
    default: null,
    description: 'seconds between checks of a soft problem; null: interval',
  },
  maxCheckAttempts: {
    ...MaxCheckAttempts,
    default: 1,
    description: 'Results in a row that make a problem hard',
  },
  volatile: Type.Boolean({
    default: false,
    description: 'Every problem result counts as a new problem',
  }),
  flapDetection: Type.Boolean({
    default: true,
    description: 'Whether checks that change their state too often are flapping',
  }),
  lowFlapThreshold: SiteThreshold('Percent of changes at or below which flapping stops'),
  highFlapThreshold: SiteThreshold('Percent of changes at or above which flapping starts'),
  flapStates: Type.Array(PluginState, {
    maxItems: 4,
    default: [],
    description: 'States that are recorded to find flapping; none: all',
  }),
  stalking: Type.Array(Type.Union([PluginState, Type.Literal('notification')]), {
    maxItems: 5,
    default: [],
    description:
      'States in which a changed output is told as an event; notification: the state is, with each ' +
      'notification of it that is due',
  }),
  eventHandler: EventHandler,
  eventHandlerPeriod: EventHandlerPeriod,
  checkPeriod: Type.Union([Name, Type.Null()], {
    default: null,
    description: 'Time period in which the schedule runs its checks; null: always',
  }),
  activeChecks: Type.Boolean({
    default: true,
    description: 'Whether the schedule runs its checks; by hand they can be run all the same',
  }),
  passiveChecks: Type.Boolean({
    default: true,
    description: 'Whether results from outside are taken',
  }),
  freshness: Type.Union([Type.Number({ minimum: 0, maximum: 31_536_000 }), Type.Null()], {
    default: null,
    description:
      'seconds after which a result is too old and a check is run, even if activeChecks is off; ' +
      '0: the interval, the latency and semantics.additionalFreshnessLatency; null: never',
  }),
  timeout: { ...Timeout, default: 10 },
  hostCheck: Type.Boolean({
    default: false,
    description: 'Its results tell whether hosts of its suites are up, unless these name another',
  }),
  suites: Type.Array(Name, { maxItems: 1_000, default: [] }),
  description: Description,
};

const Script = Type.String({
  pattern: '^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$',
  description: "A file name in the workers' plugin folders, never a path",
});

const Builtin = Type.String({
  pattern: '^[a-z][a-z0-9]{0,31}$',
  description: `A built-in probe: ${BUILTIN_NAMES.join(', ')}`,
  examples: ['ping'],
});

/** What a client sends to create or replace a plugin: exactly one of script and builtin. */
export const PluginInputSchema = Type.Object(
  {
    ...Type.Partial(Type.Object(pluginFields)).properties,
    name: Name,
    script: Type.Optional(Script),
    builtin: Type.Optional(Builtin),
  },
  { additionalProperties: false },
);

/** A plugin as sent by a client. */
export type PluginInput = Static<typeof PluginInputSchema>;

/** A plugin as answered. */
export const PluginSchema = Type.Object({
  ...StoredFields,
  name: Name,
  script: Type.Optional(Script),
  builtin: Type.Optional(Builtin),
  ...pluginFields,
});

/** A plugin as answered. */
export type PluginJson = Static<typeof PluginSchema>;

/** Parameters of the list of plugins. */
export const PluginQuerySchema = Query({
  ...PAGE_QUERY,
  q: Type.Optional(Type.String({ maxLength: 200 })),
  script: Type.Optional(Type.String({ maxLength: 128 })),
  builtin: Type.Optional(Type.String({ maxLength: 32 })),
  suite: Type.Optional(Name),
});
