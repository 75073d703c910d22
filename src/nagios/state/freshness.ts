/**
 * Section 9: freshness, whether an object's newest result is too old to be believed. Asked about once
 * a minute for each object that wants it; a stale one is given the input `stale`, and its check is
 * forced even when active checks are off.
 */

import { isInside, type TimePeriod } from '../time/time-period.ts';
import type { ObjectState } from './object-state.ts';
import type { Semantics } from './semantics.ts';

/** How an object wants freshness. */
export interface FreshnessPolicy {
  readonly isEnabled: boolean;
  /** Null: computed from the interval, latency and slack. */
  readonly thresholdMs: number | null;
  /** 0: without regular checks, never stale unless by its own threshold. */
  readonly checkIntervalMs: number;
  readonly retryIntervalMs: number;
  readonly hasActiveChecks: boolean;
  readonly hasPassiveChecks: boolean;
  /** Null: always. */
  readonly checkPeriod: TimePeriod | null;
  readonly semantics: Semantics;
}

/** What is known beside the object's state. */
export interface FreshnessFacts {
  readonly at: number;
  /** Start minus due time of its newest result. */
  readonly latencyMs: number;
  readonly isExecuting: boolean;
  readonly programStartedAt: number;
  /** When the program was stopped before; null when it never was. */
  readonly programStoppedAt: number | null;
}

/** The part of a passive object's threshold beyond which a stop of the program counts as long. */
const LONG_STOP = 0.618;

/** When its result is too old; null when freshness does not matter just now. */
export function staleFrom(
  policy: FreshnessPolicy,
  state: ObjectState<string>,
  facts: FreshnessFacts,
): number | null {
  const { checkPeriod, thresholdMs } = policy;
  if (!policy.isEnabled || facts.isExecuting || state.staleSince !== null) return null;
  if (!policy.hasActiveChecks && !policy.hasPassiveChecks) return null;
  if (checkPeriod !== null && !isInside(checkPeriod, facts.at)) return null;
  if (thresholdMs === null && policy.checkIntervalMs === 0) return null;
  return expiryOf(policy, state, facts);
}

/** Whether its result is too old now. */
export function isStale(
  policy: FreshnessPolicy,
  state: ObjectState<string>,
  facts: FreshnessFacts,
): boolean {
  const from = staleFrom(policy, state, facts);
  return from !== null && from < facts.at;
}

function expiryOf(
  policy: FreshnessPolicy,
  state: ObjectState<string>,
  { latencyMs, programStartedAt, programStoppedAt }: FreshnessFacts,
): number {
  const { semantics, thresholdMs, hasActiveChecks } = policy;
  const lastsMs = thresholdMs ?? computedMs(policy, state, latencyMs);
  const { checkedAt } = state;
  if (checkedAt === null) return programStartedAt + lastsMs;
  const isFromBefore = checkedAt < programStartedAt;
  const stoppedMs = programStoppedAt === null ? 0 : programStartedAt - programStoppedAt;
  const isLongStop = stoppedMs > lastsMs * LONG_STOP;
  if (isFromBefore && state.checkedBy === 'passive' && isLongStop) {
    return programStartedAt + lastsMs;
  }
  if (isFromBefore && hasActiveChecks && thresholdMs === null) {
    return programStartedAt + lastsMs + semantics.maxCheckSpreadMs;
  }
  return checkedAt + lastsMs;
}

/** A soft state is one of a problem: a recovery is hard at once. */
function computedMs(
  { semantics, checkIntervalMs, retryIntervalMs }: FreshnessPolicy,
  { stateType }: ObjectState<string>,
  latencyMs: number,
): number {
  const intervalMs = stateType === 'soft' ? retryIntervalMs : checkIntervalMs;
  return intervalMs + latencyMs + semantics.additionalFreshnessLatencyMs;
}
