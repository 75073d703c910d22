import { describe, expect, test } from 'vitest';
import { second, semantics, stateAfter } from '../../../test/monitored-objects.ts';
import type { TimePeriod } from '../time/time-period.ts';
import { findZone } from '../time/zone.ts';
import { type FreshnessFacts, type FreshnessPolicy, isStale, staleFrom } from './freshness.ts';
import { NEW_SERVICE, type ServiceState } from './object-state.ts';

const POLICY: FreshnessPolicy = {
  isEnabled: true,
  thresholdMs: null,
  checkIntervalMs: 60_000,
  retryIntervalMs: 10_000,
  hasActiveChecks: true,
  hasPassiveChecks: true,
  checkPeriod: null,
  semantics: semantics({ maxCheckSpreadMs: 100_000 }),
};
const FACTS: FreshnessFacts = {
  at: second(1_000),
  latencyMs: 2_000,
  isExecuting: false,
  programStartedAt: second(0),
  programStoppedAt: null,
};
/** Its result is of second 10. */
const OK = stateAfter('O');

function staleAt(
  policy: Partial<FreshnessPolicy>,
  facts: Partial<FreshnessFacts> = {},
  state: ServiceState = OK,
): number | null {
  const from = staleFrom({ ...POLICY, ...policy }, state, { ...FACTS, ...facts });
  return from === null ? null : (from - second(0)) / 1_000;
}

describe('9 freshness', () => {
  test('counts from the last check: interval, latency and slack', () => {
    expect(staleAt({})).toBe(10 + 60 + 2 + 15);
    expect(staleAt({}, {}, stateAfter('C'))).toBe(10 + 10 + 2 + 15);
    expect(staleAt({}, {}, stateAfter('C C C'))).toBe(30 + 60 + 2 + 15);
  });

  test('or by its own threshold', () => {
    expect(staleAt({ thresholdMs: 5_000 })).toBe(15);
  });

  test('its last moment is fresh', () => {
    const at = (seconds: number) => ({ ...FACTS, at: second(seconds) });
    expect(isStale(POLICY, OK, at(87))).toBe(false);
    expect(isStale(POLICY, OK, at(88))).toBe(true);
  });

  const zone = findZone('UTC');
  const never: TimePeriod | null =
    zone === null ? null : { zone, weekdays: [], exceptions: [], exclude: [] };

  test.each([
    ['not wanted', { isEnabled: false }, {}],
    ['being checked', {}, { isExecuting: true }],
    ['out of the check period', { checkPeriod: never }, {}],
    ['neither active nor passive', { hasActiveChecks: false, hasPassiveChecks: false }, {}],
    ['without interval and threshold', { checkIntervalMs: 0 }, {}],
  ])('does not matter when %s', (_title, policy, facts) => {
    expect(staleAt(policy, facts)).toBeNull();
  });

  test('does not matter when a check is forced already', () => {
    expect(staleAt({}, {}, { ...OK, staleSince: second(50) })).toBeNull();
  });

  test('counts from the start when never checked', () => {
    expect(staleAt({ thresholdMs: 5_000 }, { programStartedAt: second(7) }, NEW_SERVICE)).toBe(12);
  });

  test('computed and active, from a start after the last check and the spread of first checks', () => {
    const restarted = { programStartedAt: second(500) };
    expect(staleAt({}, restarted)).toBe(500 + 77 + 100);
    expect(staleAt({ thresholdMs: 5_000 }, restarted)).toBe(15);
    expect(staleAt({ hasActiveChecks: false }, restarted)).toBe(87);
  });

  test('15.13 a passive one counts from the start after a stop longer than 61.8 % of it', () => {
    const passive: ServiceState = { ...OK, checkedBy: 'passive' };
    const stopped = (seconds: number) => ({
      programStartedAt: second(500),
      programStoppedAt: second(500 - seconds),
    });
    const policy = { thresholdMs: 100_000, hasActiveChecks: false };
    expect(staleAt(policy, stopped(61), passive)).toBe(110);
    expect(staleAt(policy, stopped(62), passive)).toBe(600);
    expect(staleAt(policy, stopped(62), OK)).toBe(110);
  });
});
