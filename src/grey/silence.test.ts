import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkObject, hostFacts, NO_MASTERS } from '../../test/monitored-site.ts';
import { createMemoryDatabase } from '../../test/site.ts';
import type { CheckMemoryRow, CheckStateRow } from '../database/queries/check-states.ts';
import { addScheduleStop } from '../database/queries/schedule-stops.ts';
import type { StateStart } from '../database/queries/state-intervals.ts';
import type { CheckResult } from '../messages/check-result.ts';
import { CHECK_STATES } from '../model/check.ts';
import { patienceMs } from '../model/patience.ts';
import { sumStretches } from '../nagios/availability.ts';
import { type Span, sumReasons } from '../nagios/planned.ts';
import { NAGIOS_SEMANTICS } from '../nagios/state/semantics.ts';
import { evaluateBatch } from './evaluate-batch.ts';
import type { Input } from './input.ts';
import { NEW_CHECK_MEMORY, NEW_HOST_MEMORY, type Remembered, readRemembered } from './memory.ts';
import { Policies } from './policies.ts';
import { readSilenceFacts } from './silence.ts';

const CHECK_ID = 7;
const asking = { intervalMs: 10_000, timeoutMs: 5_000, since: 0 };
const LASTS_MS = patienceMs(asking);
const NONE = new Map();

function evaluate(inputs: readonly Input[], before: Remembered, stops: readonly Span[]) {
  const host = hostFacts('h');
  const plain = checkObject(CHECK_ID, host);
  const check = { ...plain.check, schedule: { ...asking, periodId: null } };
  return evaluateBatch(new Map([[CHECK_ID, before]]), inputs, {
    site: { semantics: NAGIOS_SEMANTICS, startedAt: 0, periods: new Map() },
    keepsHistory: true,
    collectedAt: 5,
    objects: new Map([[CHECK_ID, { ...plain, check }]]),
    parents: NONE,
    sights: NONE,
    masters: NO_MASTERS,
    silence: { stops, calendars: NONE },
  });
}

function result(scheduledAt: number, state: CheckResult['state']): Input {
  const value: CheckResult = {
    ...{ id: `r${scheduledAt}`, checkId: CHECK_ID, scheduledAt, startedAt: scheduledAt },
    ...{ finishedAt: scheduledAt + 10, worker: 'w', host: 'h', plugin: 'p', keepHistory: false },
    ...{ state, exitCode: CHECK_STATES.indexOf(state), output: state, longOutput: '' },
    perfdata: [],
  };
  return { kind: 'result', result: value };
}

function told(at: number, scheduledAt: number, reason: string, since?: number): Input {
  const command = { kind: 'notMeasured', scheduledAt, reason } as const;
  const whole = since === undefined ? command : { ...command, since };
  return { kind: 'command', command: { id: `c${at}`, checkId: CHECK_ID, at, command: whole } };
}

const begun = (starts: readonly StateStart[]) =>
  starts.map(({ state, cause, fromAt }) => [state, cause, fromAt]);
const HOUR_MS = 3_600_000;
const stop = { from: 2_000, to: HOUR_MS };

describe('silence that nobody told of', () => {
  const later = result(HOUR_MS + 5_000, 'ok');

  test('is a stretch before the result that ends it', () => {
    const { stateStarts, events } = evaluate([result(0, 'ok'), later], NEW_CHECK_MEMORY, [stop]);
    expect(begun(stateStarts)).toEqual([
      ['ok', 'firstResult', 10],
      ['notMeasured', 'schedulerStopped', LASTS_MS],
      ['ok', 'measuredAgain', HOUR_MS + 5_010],
    ]);
    expect(events.filter(({ type }) => type === 'measurement')).toEqual([]);
  });

  test('is the same when it was told, whoever told it, and however late', () => {
    const silence = told(HOUR_MS, 0, 'schedulerStopped', LASTS_MS);
    const late = told(HOUR_MS + 6_000, 0, 'schedulerStopped', LASTS_MS);
    const inputs = [result(0, 'ok'), silence, later, late, silence];
    const whole = evaluate(inputs, NEW_CHECK_MEMORY, [stop]);
    const untold = evaluate([result(0, 'ok'), later], NEW_CHECK_MEMORY, [stop]);
    expect(begun(whole.stateStarts)).toEqual(begun(untold.stateStarts));
  });

  test('keeps the reason that was told', () => {
    const inputs = [result(0, 'ok'), told(60_000, 0, 'maintenance'), later];
    const { stateStarts } = evaluate(inputs, NEW_CHECK_MEMORY, [stop]);
    expect(begun(stateStarts)[1]).toEqual(['notMeasured', 'maintenance', 60_000]);
    expect(stateStarts).toHaveLength(3);
  });

  test('never begins before what it follows, whatever clock said so', () => {
    const inputs = [result(50_000, 'ok'), told(60_000, 50_000, 'noResult', 1)];
    const { stateStarts } = evaluate(inputs, NEW_CHECK_MEMORY, []);
    expect(begun(stateStarts)[1]).toEqual(['notMeasured', 'noResult', 50_011]);
  });
});

describe('what explains silence', () => {
  const object = checkObject(CHECK_ID, hostFacts('h'));
  const check = { ...object.check, schedule: { ...asking, periodId: null } };
  const { states } = evaluate([result(0, 'ok')], NEW_CHECK_MEMORY, []);
  const ofCheck = states.get(CHECK_ID) ?? NEW_CHECK_MEMORY;
  const host = { ...NEW_HOST_MEMORY, held: { result: heldResult(), since: 1, until: 2 } };

  test.each([
    ['not for a result in time', [result(10_000, 'ok')], [[CHECK_ID, ofCheck]], 0],
    ['for one that is late', [result(HOUR_MS, 'ok')], [[CHECK_ID, ofCheck]], 1],
    ['while one is held', [result(10_000, 'ok')], [[CHECK_ID, ofCheck] as const, [8, host]], 1],
  ] as const)('is read %s', async (_, inputs, before, expected) => {
    const database = await createMemoryDatabase();
    await addScheduleStop(database, stop);
    const batch = {
      inputs,
      objects: new Map([[CHECK_ID, { ...object, check }]]),
      before: new Map<number, Remembered>(before as Iterable<[number, Remembered]>),
    };
    const facts = await readSilenceFacts(database, new Policies(), batch);
    expect(facts.stops).toHaveLength(expected);
    await database.close();
  });
});

function heldResult(): CheckResult {
  const input = result(0, 'critical');
  if (input.kind !== 'result') throw new Error('it is a result');
  return input.result;
}

const steps = fc.array(
  fc.tuple(
    fc.constantFrom(10_000, 20_000, LASTS_MS, LASTS_MS + 1, 100_000, 500_000),
    fc.constantFrom(...CHECK_STATES),
    fc.boolean(),
  ),
  { minLength: 1, maxLength: 12 },
);
const pauses = fc.array(fc.tuple(fc.nat(300_000), fc.integer({ min: 15_001, max: 300_000 })), {
  maxLength: 3,
});

test('the same results give the same stretches, cut, repeated and taken over at will, and sums are whole', () => {
  fc.assert(
    fc.property(steps, pauses, fc.integer({ min: 1, max: 5 }), (given, gaps, size) => {
      let at = 0;
      const inputs: Input[] = [];
      for (const [stepMs, state, isRepeated] of given) {
        at += stepMs;
        const one = result(at, state);
        inputs.push(one, ...(isRepeated ? [one] : []));
      }
      let end = 0;
      const stops = gaps.map(([upMs, downMs]) => {
        const from = end + upMs;
        end = from + downMs;
        return { from, to: end };
      });
      const whole = evaluate(inputs, NEW_CHECK_MEMORY, stops);
      const rows: { state?: unknown; memory?: unknown } = {};
      const starts: StateStart[] = [];
      for (let first = 0; first < inputs.length; first += size) {
        const before = readRemembered(
          'check',
          rows.state as CheckStateRow | undefined,
          rows.memory as CheckMemoryRow | undefined,
        );
        const part = evaluate(inputs.slice(first, first + size), before, stops);
        rows.state = part.stateRows[0] ?? rows.state;
        rows.memory = part.memoryRows[0] ?? rows.memory;
        starts.push(...part.stateStarts);
      }
      expect(starts).toEqual(whole.stateStarts);
      const instants = starts.map(({ fromAt }) => fromAt);
      expect(instants).toEqual([...new Set(instants)].sort((one, other) => one - other));

      const span = { from: 5_000, to: at + 1_000 };
      const ofStates = starts.map((one) => ({ ...one, state: one.state as 'ok' }));
      const sums = sumStretches(ofStates, CHECK_STATES, span);
      const total = Object.values(sums).reduce((sum, ms) => sum + ms, 0);
      expect(total).toBe(Math.max(0, span.to - span.from));
      const reasons = [...sumReasons(starts, span).values()];
      expect(reasons.reduce((sum, ms) => sum + ms, 0)).toBe(sums.notMeasured);
      expect(sums.notMeasured).toBe(countUnmeasured(given, span));
    }),
    { numRuns: 300 },
  );
});

/** By the rule alone: before the first result, and from when each is overdue until the next is taken. */
function countUnmeasured(given: readonly (readonly [number, ...unknown[]])[], span: Span): number {
  let dueAt = given[0]?.[0] ?? 0;
  let sum = Math.max(0, dueAt + 10 - span.from);
  for (const [stepMs] of given.slice(1)) {
    sum += Math.max(0, stepMs + 10 - LASTS_MS);
    dueAt += stepMs;
  }
  return sum;
}
