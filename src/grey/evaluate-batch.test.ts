import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkObject, hostFacts, NO_MASTERS } from '../../test/monitored-site.ts';
import type { CheckMemoryRow, CheckStateRow } from '../database/queries/check-states.ts';
import type { CheckCommand } from '../messages/check-command.ts';
import type { CheckResult } from '../messages/check-result.ts';
import { CHECK_STATES } from '../model/check.ts';
import type { CheckPolicy } from '../model/check-policy.ts';
import { NAGIOS_SEMANTICS } from '../nagios/state/semantics.ts';
import { evaluateBatch } from './evaluate-batch.ts';
import type { Input } from './input.ts';
import { NEW_CHECK_MEMORY, type Remembered, readRemembered } from './memory.ts';
import { NO_SILENCE } from './silence.ts';

const semantics = { ...NAGIOS_SEMANTICS, enableFlapDetection: true };
const site = { semantics, startedAt: 0, periods: new Map() };
const CHECK_ID = 7;
const names = { host: 'h', plugin: 'p' };
const NONE = new Map();

/** A check of a host that nothing checks. */
const contextOf = (policy: Partial<CheckPolicy> = {}) => {
  const object = checkObject(CHECK_ID, hostFacts('h'), policy);
  const objects = new Map([[CHECK_ID, object]]);
  return {
    site,
    keepsHistory: true,
    collectedAt: 5,
    objects,
    parents: NONE,
    sights: NONE,
    masters: NO_MASTERS,
    silence: NO_SILENCE,
  };
};

function result(
  scheduledAt: number,
  state: CheckResult['state'],
  fields: Partial<CheckResult> = {},
) {
  const value: CheckResult = {
    ...{ id: `r${scheduledAt}`, checkId: CHECK_ID, scheduledAt, startedAt: scheduledAt },
    ...{ finishedAt: scheduledAt + 10, worker: 'w', ...names, keepHistory: false, state },
    ...{ exitCode: CHECK_STATES.indexOf(state), output: state, longOutput: '', perfdata: [] },
    ...{ intervalMs: 60_000, ...fields },
  };
  return { kind: 'result', result: value } satisfies Input;
}

function command(at: number, what: CheckCommand['command']): Input {
  return { kind: 'command', command: { id: `c${at}`, checkId: CHECK_ID, at, command: what } };
}

const evaluate = (
  inputs: readonly Input[],
  before: Remembered = NEW_CHECK_MEMORY,
  policy: Partial<CheckPolicy> = {},
) => evaluateBatch(new Map([[CHECK_ID, before]]), inputs, contextOf(policy));

/** What a grey that takes the shard over would know. */
function reload(rows: { state?: unknown; memory?: unknown }): Remembered {
  return readRemembered('check', rows.state as CheckStateRow, rows.memory as CheckMemoryRow);
}

describe('a batch', () => {
  test('walks a problem from soft to hard, and asks for its early checks', () => {
    const three = { maxCheckAttempts: 3, retryIntervalMs: 5_000 };
    const walk = (count: number) =>
      evaluate(
        [result(0, 'ok'), ...[1, 2, 3].map((n) => result(n, 'critical'))].slice(0, count),
        NEW_CHECK_MEMORY,
        three,
      );
    expect(walk(2).stateRows).toMatchObject([{ state: 2, state_type: 0, attempt: 1 }]);
    expect([...walk(2).wanted]).toEqual([[CHECK_ID, 1 + 10 + 5_000]]);
    expect(walk(3).stateRows).toMatchObject([{ state_type: 0, attempt: 2, max_check_attempts: 3 }]);
    const hard = walk(4);
    expect(hard.stateRows).toMatchObject([{ state_type: 1, attempt: 3, last_state_change_at: 11 }]);
    expect(hard.stateRows).toMatchObject([{ last_hard_state_change_at: 13 }]);
    expect([...hard.wanted]).toEqual([]);
    expect(hard.stateStarts.map(({ cause, stateType }) => `${cause} ${stateType}`)).toEqual([
      'firstResult hard',
      'stateChange soft',
      'hardened hard',
    ]);
    const notified = hard.events.filter(({ type }) => type === 'notification');
    expect(notified.map(({ payload }) => payload)).toMatchObject([
      { about: 'problem', isDue: true, reason: 'sent', number: 1 },
    ]);
  });

  test('rule 5.3.3: people are told of a problem again after half an hour', () => {
    const minutes = [0, 10, 29, 30, 59, 60];
    const { events } = evaluate(minutes.map((minute) => result(minute * 60_000, 'critical')));
    const told = events.filter(({ payload }) => payload['isDue'] === true);
    expect(told.map(({ at, payload }) => [at, payload['number']])).toEqual([
      [10, 1],
      [30 * 60_000 + 10, 2],
      [60 * 60_000 + 10, 3],
    ]);
  });

  test('rule 2.0.23: a state whose notifications are stalked is told with each that is due', () => {
    const inputs = [0, 10, 30].map((minute) => result(minute * 60_000, 'critical'));
    const causesBy = (stalking: CheckPolicy['stalking']) =>
      evaluate(inputs, NEW_CHECK_MEMORY, { stalking })
        .events.filter(({ type }) => type === 'stateChange')
        .map(({ payload }) => payload['cause']);
    expect(causesBy(['notification'])).toEqual(['change', 'notification']);
    expect(causesBy(['critical'])).toEqual(['change']);
  });

  test('rule 4.0.4: only states that are wanted are recorded to find flapping', () => {
    const letters = ['ok', 'critical', 'ok', 'critical', 'ok', 'critical', 'ok'] as const;
    const inputs = letters.map((state, index) => result(index * 60_000, state));
    const flapsBy = (flapStates: CheckPolicy['flapStates']) =>
      evaluate(inputs, NEW_CHECK_MEMORY, { flapStates }).events.some(
        ({ type }) => type === 'flapping',
      );
    expect([flapsBy([]), flapsBy(['ok', 'critical']), flapsBy(['ok', 'warning'])]).toEqual([
      ...[true, true, false],
    ]);
  });

  test('keeps a memory only of what is not as in the beginning', () => {
    expect(evaluate([result(0, 'ok'), result(1, 'ok')]).memoryRows).toEqual([]);
    expect(evaluate([result(0, 'ok'), result(1, 'warning')]).memoryRows).toMatchObject([
      { check_id: CHECK_ID, revision: 1, is_acknowledged: 0 },
    ]);
  });

  test('an early check stays wanted when somebody acknowledges the problem in the same batch', () => {
    const acknowledgement = {
      ...{ id: 'a', isSticky: false, isPersistent: false, author: 'anna', comment: 'mine' },
      expiresAt: null,
    };
    const acknowledge = command(50, { kind: 'acknowledge', notify: true, acknowledgement });
    const three = { maxCheckAttempts: 3, retryIntervalMs: 5_000 };
    const problem = [result(0, 'ok'), result(1, 'critical')];
    const { wanted, memoryRows } = evaluate([...problem, acknowledge], NEW_CHECK_MEMORY, three);
    expect(memoryRows).toMatchObject([{ is_acknowledged: 1 }]);
    expect([...wanted]).toEqual([[CHECK_ID, 1 + 10 + 5_000]]);
  });

  test('a state that ended sooner than the one before it began follows that one all the same', () => {
    const slow = result(1_000, 'critical', { finishedAt: 31_000 });
    const quick = result(2_000, 'ok', { finishedAt: 2_000 });
    const { stateStarts } = evaluate([result(0, 'ok'), slow, quick]);
    expect(stateStarts.map(({ state, fromAt }) => [state, fromAt])).toEqual([
      ['ok', 10],
      ['critical', 31_000],
      ['ok', 31_001],
    ]);
  });

  test('an acknowledgement is set, seen, and ends with the recovery', () => {
    const acknowledgement = {
      ...{ id: 'a', isSticky: false, isPersistent: false, author: 'anna', comment: 'mine' },
      expiresAt: null,
    };
    const acknowledge = command(50, { kind: 'acknowledge', notify: true, acknowledgement });
    const set = evaluate([result(0, 'critical'), acknowledge, acknowledge]);
    expect(set.memoryRows).toMatchObject([{ is_acknowledged: 1 }]);
    const ended = evaluate([result(0, 'critical'), acknowledge, result(100, 'ok')]);
    expect(ended.memoryRows).toMatchObject([{ is_acknowledged: 0 }]);
    const actions = ended.events.filter(({ type }) => type === 'acknowledgement');
    expect(actions.map(({ payload }) => payload['action'])).toEqual(['set', 'recovered']);
  });

  test('a downtime of a check that has no result yet begins and ends by time', () => {
    const downtime = {
      ...{ id: 'd', startAt: 100, endAt: 200, isFixed: true, durationMs: 0, triggeredBy: null },
      ...{ author: 'anna', comment: 'moving' },
    };
    const waiting = evaluate([command(10, { kind: 'scheduleDowntime', downtime })]);
    expect(waiting.stateRows).toEqual([]);
    expect(waiting.memoryRows).toMatchObject([{ is_in_downtime: 0, next_change_at: 100 }]);
    const before = reload({ memory: waiting.memoryRows[0] });
    const begun = evaluate([command(150, { kind: 'time' })], before);
    expect(begun.memoryRows).toMatchObject([{ is_in_downtime: 1, next_change_at: 200 }]);
    const over = evaluate(
      [command(250, { kind: 'time' })],
      reload({ memory: begun.memoryRows[0] }),
    );
    expect(over.memoryRows).toMatchObject([{ is_in_downtime: 0, next_change_at: null }]);
    expect(over.events).toMatchObject([
      { type: 'downtime', payload: { action: 'ended' } },
      { type: 'notification', payload: { about: 'downtimeEnd' } },
    ]);
  });

  test('results that stay out begin a stretch that is not measured', () => {
    const lapse = { kind: 'notMeasured', scheduledAt: 0, reason: 'no worker' } as const;
    const inputs = [result(0, 'ok'), command(100, lapse), command(101, lapse), result(200, 'ok')];
    const { stateStarts } = evaluate(inputs);
    expect(stateStarts.map(({ state, fromAt }) => [state, fromAt])).toEqual([
      ['ok', 10],
      ['notMeasured', 100],
      ['ok', 210],
    ]);
  });

  const inputs = fc
    .array(fc.tuple(fc.constantFrom(...CHECK_STATES), fc.nat(9)), { maxLength: 60 })
    .map((steps) =>
      steps.map(([state, kind], index): Input => {
        const at = (index + 1) * 1_000;
        if (kind === 0) return command(at, { kind: 'time' });
        if (kind === 1) {
          const ids = { id: `a${index}`, author: 'anna', comment: 'c' };
          const acknowledgement = {
            ...ids,
            isSticky: false,
            isPersistent: true,
            expiresAt: at + 5_500,
          };
          return command(at, { kind: 'acknowledge', notify: false, acknowledgement });
        }
        return result(at, state);
      }),
    );
  const policies = fc.record({
    maxCheckAttempts: fc.integer({ min: 1, max: 4 }),
    isVolatile: fc.boolean(),
  });

  test('comes to the same however inputs are cut into batches, by whichever grey', () => {
    fc.assert(
      fc.property(inputs, policies, fc.integer({ min: 1, max: 7 }), (all, policy, size) => {
        const whole = evaluate(all, NEW_CHECK_MEMORY, policy);
        const rows: { state?: unknown; memory?: unknown } = {};
        const events: unknown[] = [];
        for (let start = 0; start < all.length; start += size) {
          const part = evaluate(all.slice(start, start + size), reload(rows), policy);
          rows.state = part.stateRows[0] ?? rows.state;
          rows.memory = part.memoryRows[0] ?? rows.memory;
          events.push(...part.events);
        }
        expect(events).toEqual(whole.events);
        expect(reload(rows).state).toEqual(whole.states.get(CHECK_ID)?.state);
      }),
      { numRuns: 300 },
    );
  });

  test('10.2 delivered again as a whole asks for no event handler twice', () => {
    const policy = { eventHandler: 'mend' };
    const inputs = [result(0, 'ok'), result(1, 'critical'), result(2, 'ok')];
    const first = evaluate(inputs, NEW_CHECK_MEMORY, policy);
    expect(first.handlerRuns).toMatchObject([
      { checkId: CHECK_ID, level: 'object', command: 'mend', macros: { SERVICESTATE: 'CRITICAL' } },
      { checkId: CHECK_ID, level: 'object', command: 'mend', macros: { SERVICESTATE: 'OK' } },
    ]);
    const again = evaluate(inputs, first.states.get(CHECK_ID), policy);
    expect(again.handlerRuns).toEqual([]);
  });

  test('delivered again as a whole changes nothing but history', () => {
    fc.assert(
      fc.property(inputs, policies, (all, policy) => {
        const once = evaluate(all, NEW_CHECK_MEMORY, policy);
        const after = once.states.get(CHECK_ID) ?? NEW_CHECK_MEMORY;
        const results = all.filter(({ kind }) => kind === 'result');
        const again = evaluate(results, after, policy);
        expect(again.events).toEqual([]);
        expect(again.stateRows).toEqual([]);
        expect(again.repeatedCount).toBe(results.length);
      }),
    );
  });
});
