/** The keys of the section `semantics`: where engines differ or Nagios has a switch. */

import Type from 'typebox';

const Percent = (value: number, description: string) =>
  Type.Number({ minimum: 0, maximum: 100, default: value, description });

const Weight = (value: number, description: string) =>
  Type.Number({ minimum: 0, maximum: 10, default: value, description });

/** The state that a check which is left out is given; Nagios writes numbers, and -1 for `unchanged`. */
const CheckStatus = (description: string) =>
  Type.Union(
    [
      ...[Type.Literal('unchanged'), Type.Literal('ok'), Type.Literal('warning')],
      ...[Type.Literal('critical'), Type.Literal('unknown')],
    ],
    { default: 'unchanged', description },
  );

/** Names are those of Nagios's directives where there is one, and so are the defaults. */
export const SEMANTICS = {
  serviceCheckTimeoutState: Type.Union(
    [
      Type.Literal('ok'),
      Type.Literal('warning'),
      Type.Literal('critical'),
      Type.Literal('unknown'),
    ],
    { default: 'critical', description: 'State of a check that ran out of time' },
  ),
  outOfBoundsState: Type.Union([Type.Literal('critical'), Type.Literal('unknown')], {
    default: 'critical',
    description:
      'State of exit codes outside 0 to 3 and of plugins that cannot be started; Icinga: unknown',
  }),
  timeoutOutput: Type.Union([Type.Literal('replaced'), Type.Literal('kept')], {
    default: 'replaced',
    description: 'What a plugin printed before it ran out of time is replaced; Icinga: kept',
  }),
  enableNotifications: Type.Boolean({
    default: true,
    description: 'Whether people are notified at all',
  }),
  enableEventHandlers: Type.Boolean({
    default: true,
    description: 'Whether event handlers run at all',
  }),
  globalServiceEventHandler: Type.String({
    default: '',
    description: 'Script and arguments run first when the state of any check changes; empty: none',
  }),
  globalHostEventHandler: Type.String({
    default: '',
    description: 'The same for the states of hosts themselves',
  }),
  eventHandlerTimeout: Type.Number({
    minimum: 0.1,
    maximum: 3_600,
    default: 30,
    description: 'Seconds for one event handler',
  }),
  enableFlapDetection: Type.Boolean({
    default: true,
    description: 'Whether objects that change their state too often are flapping',
  }),
  lowServiceFlapThreshold: Percent(20, 'Percent of changes at or below which flapping stops'),
  highServiceFlapThreshold: Percent(30, 'Percent of changes at or above which flapping starts'),
  lowHostFlapThreshold: Percent(20, 'As lowServiceFlapThreshold, of hosts'),
  highHostFlapThreshold: Percent(30, 'As highServiceFlapThreshold, of hosts'),
  flapWeightOldest: Weight(0.75, 'What the oldest of 20 changes of state weighs; Icinga: 0.8'),
  flapWeightNewest: Weight(1.25, 'What the newest weighs, the others evenly between; Icinga: 1.18'),
  useAggressiveHostChecking: Type.Boolean({
    default: false,
    description: 'Whether a host is down when its host check is a warning',
  }),
  softStateDependencies: Type.Boolean({
    default: false,
    description:
      'Whether a dependency is judged by the soft state of its master, not its last hard one',
  }),
  hostDownDisableServiceChecks: Type.Boolean({
    default: false,
    description: 'Whether checks of a host that is not up are left out, but for its host check',
  }),
  serviceSkipCheckDependencyStatus: CheckStatus(
    'State that a check is given when it is left out since what it depends on has failed',
  ),
  serviceSkipCheckParentStatus: CheckStatus(
    'The same when it is left out since a parent of it has failed',
  ),
  serviceSkipCheckHostDownStatus: CheckStatus(
    'The same when it is left out by hostDownDisableServiceChecks',
  ),
  hostSkipCheckDependencyStatus: Type.Union(
    [
      ...[Type.Literal('unchanged'), Type.Literal('up')],
      ...[Type.Literal('down'), Type.Literal('unreachable')],
    ],
    {
      default: 'unchanged',
      description:
        'State that a host is given when its host check is left out since what the host depends on has failed',
    },
  ),
  enablePredictiveServiceDependencyChecks: Type.Boolean({
    default: true,
    description: 'Whether what a check depends on is checked before its last attempt',
  }),
  enablePredictiveHostDependencyChecks: Type.Boolean({
    default: true,
    description: 'The same of hosts',
  }),
  cachedHostCheckHorizon: Type.Number({
    minimum: 0,
    maximum: 86_400,
    default: 15,
    description: 'Seconds for which the result of a host check answers for one on demand',
  }),
  holdForParents: Type.Number({
    minimum: 0,
    maximum: 3_600,
    default: 30,
    description:
      'Seconds for which at most a host waits for a check of its parents, and who is told of a problem for one of its host; 0: not at all, as Nagios',
  }),
  reachableThrough: Type.Union([Type.Literal('any'), Type.Literal('every')], {
    default: 'any',
    description: 'Which parents must be up for a host to be reachable; every: as Icinga',
  }),
  unreachableIsState: Type.Boolean({
    default: true,
    description: 'false: a host without parents that are up is down like any other, as in Icinga',
  }),
  passiveHostChecksAreSoft: Type.Boolean({
    default: false,
    description: 'Whether results of hosts from outside are soft first, as those of checks',
  }),
  translatePassiveHostChecks: Type.Boolean({
    default: false,
    description: 'Whether parents decide if a host that is reported down is unreachable',
  }),
  acceptPassiveServiceChecks: Type.Boolean({
    default: true,
    description: 'Whether results of checks from outside are taken at all',
  }),
  acceptPassiveHostChecks: Type.Boolean({
    default: true,
    description: 'The same of hosts',
  }),
  additionalFreshnessLatency: Type.Number({
    minimum: 0,
    maximum: 86_400,
    default: 15,
    description:
      'Seconds on top of interval and latency before a result is too old, where a plugin has freshness 0',
  }),
  maxCheckSpread: Type.Number({
    minimum: 0,
    maximum: 86_400,
    default: 1_800,
    description:
      'Seconds that first checks after a start may take, before results from before are too old',
  }),
  logHostRetries: Type.Boolean({
    default: true,
    description: 'Whether soft states of hosts are told as events',
  }),
  hardProblemAttempt: Type.Union([Type.Literal('max'), Type.Literal('first')], {
    default: 'max',
    description: 'What attempt a hard problem shows: max as Nagios, first as Icinga',
  }),
};
