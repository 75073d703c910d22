/** The section `semantics` of the configuration -> what the rules of Nagios take. */

import type { Config } from '../config/schema.ts';
import type { Semantics } from '../nagios/state/semantics.ts';

/** What is configured, with milliseconds for seconds, and null for a state that is left alone. */
export function readSemantics({
  holdForParents,
  cachedHostCheckHorizon,
  additionalFreshnessLatency,
  maxCheckSpread,
  serviceSkipCheckDependencyStatus,
  serviceSkipCheckParentStatus,
  serviceSkipCheckHostDownStatus,
  hostSkipCheckDependencyStatus,
  ...configured
}: Config['semantics']): Semantics {
  return {
    ...configured,
    holdForParentsMs: holdForParents * 1_000,
    cachedHostCheckHorizonMs: cachedHostCheckHorizon * 1_000,
    additionalFreshnessLatencyMs: additionalFreshnessLatency * 1_000,
    maxCheckSpreadMs: maxCheckSpread * 1_000,
    serviceSkipCheckDependencyStatus: readStatus(serviceSkipCheckDependencyStatus),
    serviceSkipCheckParentStatus: readStatus(serviceSkipCheckParentStatus),
    serviceSkipCheckHostDownStatus: readStatus(serviceSkipCheckHostDownStatus),
    hostSkipCheckDependencyStatus: readStatus(hostSkipCheckDependencyStatus),
  };
}

function readStatus<Name extends string>(status: Name | 'unchanged'): Name | null {
  return status === 'unchanged' ? null : status;
}
