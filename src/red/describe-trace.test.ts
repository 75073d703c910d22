import { describe, expect, test } from 'vitest';
import type { RunTrace } from '../database/queries/traces.ts';
import { describeTrace, type TraceFacts } from './describe-trace.ts';
import type { TrailNote } from './request-trail.ts';

const check = { checkId: 7, host: 'h', plugin: 'p', zone: 'dmz' };
const run: RunTrace = {
  ...{ scheduledAt: 1_000, sentAt: 1_002, receivedAt: 1_010, startedAt: 1_030, finishedAt: 1_530 },
  ...{ collectedAt: 1_540, worker: 'violet-1', state: 'ok' },
};
const notes = (...steps: [TrailNote['step'], number][]): TrailNote[] =>
  steps.map(([step, at]) => ({ step, at }));
const trace = (facts: Partial<TraceFacts>) =>
  describeTrace({ check, scheduledAt: 1_000, run: undefined, notes: [], ...facts });
const waysOf = (facts: Partial<TraceFacts>) =>
  trace(facts)?.steps.map(({ step, tookMs }) => `${step} ${tookMs ?? '-'}`);

describe('the way of a request', () => {
  test('of a stored result has every step and the time since the one before', () => {
    const facts = { run, notes: notes(['sent', 1_002], ['confirmed', 1_012], ['stored', 1_560]) };
    expect(waysOf(facts)).toEqual([
      ...['due -', 'sent 2', 'confirmed 10', 'received 8', 'started 20', 'finished 500'],
      ...['collected 10', 'stored 20'],
    ]);
    expect(trace(facts)).toMatchObject({
      ...{ progress: 'stored', worker: 'violet-1', state: 'ok', clockDifferenceMs: null },
    });
  });

  test('of an old result has the steps that its row tells', () => {
    expect(waysOf({ run })).toEqual([
      ...['due -', 'sent 2', 'received 8', 'started 20', 'finished 500', 'collected 10'],
    ]);
    const older = { ...run, sentAt: null, receivedAt: null, collectedAt: null };
    expect(waysOf({ run: older })).toEqual(['due -', 'started 30', 'finished 500']);
  });

  test('shows clocks that differ, by the largest step back', () => {
    const facts = { run: { ...run, receivedAt: 900, startedAt: 920, finishedAt: 1_420 } };
    expect(trace(facts)?.clockDifferenceMs).toBe(102);
  });

  test.each([
    [notes(['sent', 1_001]), 'sending', /not confirmed/],
    [notes(['sent', 1_001], ['confirmed', 1_002]), 'sent', /zone "dmz"/],
    [notes(['sent', 1_001], ['confirmed', 1_002], ['expired', 9_000]), 'expired', /zone "dmz"/],
    [notes(['sent', 1_001], ['missed', 1_500]), 'missed', /broker/],
    [notes(['missed', 90_000]), 'missed', /broker/],
    [notes(['sent', 1_001], ['confirmed', 1_002], ['stored', 1_600]), 'stored', /history/],
  ] as const)('that never came back: %j is %s', (seen, progress, detail) => {
    expect(trace({ notes: seen })).toMatchObject({ progress, worker: null, state: null });
    expect(trace({ notes: seen })?.detail).toMatch(detail);
    expect(trace({ notes: seen })?.steps.at(-1)?.step).toBe(seen.at(-1)?.step);
  });

  test('is unknown where nothing is known', () => {
    expect(trace({})).toBeUndefined();
  });
});
