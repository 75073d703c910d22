/**
 * The engine against a second, plain reading of section 2, over every sequence of states in a small
 * world; and against what must hold for any sequence of inputs.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  hostIn,
  last,
  result,
  second,
  semantics,
  service,
  told,
  UP_HOST,
  walk,
} from '../../../test/monitored-objects.ts';
import { CHECK_STATES, type CheckStateName } from '../../model/check.ts';
import type { ServiceInput } from './evaluation.ts';
import { NEW_SERVICE, type ServiceState } from './object-state.ts';

interface Expected {
  readonly stateType: 'soft' | 'hard';
  readonly attempt: number;
  readonly isLogged: boolean;
  readonly isHandled: boolean;
  readonly isRetried: boolean;
  readonly notified: string[];
}

/**
 * Section 2 read as one story: a problem begins, is tried until the most attempts, is then known, and
 * ends. Notifications are never too early here, since the interval is shorter than that of results.
 */
function tellStory(
  states: readonly CheckStateName[],
  maxCheckAttempts: number,
  isVolatile: boolean,
): Expected[] {
  let tries = 0;
  let known: CheckStateName = 'ok';
  return states.map((state) => {
    if (state === 'ok') {
      const wasProblem = tries > 0;
      const wasKnown = known !== 'ok';
      tries = 0;
      known = 'ok';
      return {
        stateType: 'hard',
        attempt: 1,
        isLogged: wasProblem,
        isHandled: wasProblem,
        isRetried: false,
        notified: wasKnown ? ['recovery:sent'] : [],
      };
    }
    tries = Math.min(tries + 1, maxCheckAttempts);
    const isHard = tries === maxCheckAttempts;
    const isNews = !isHard || known !== state;
    if (isHard) known = state;
    return {
      stateType: isHard ? 'hard' : 'soft',
      attempt: tries,
      isLogged: isNews || isVolatile,
      isHandled: isNews || isVolatile,
      isRetried: !isHard,
      notified: isHard ? ['problem:sent'] : [],
    };
  });
}

function sequences(length: number): CheckStateName[][] {
  if (length === 0) return [[]];
  return sequences(length - 1).flatMap((head) => CHECK_STATES.map((state) => [...head, state]));
}

describe('every sequence of five states', () => {
  const worlds = [1, 2, 3, 4].flatMap((attempts) => [true, false].map((one) => [attempts, one]));

  test.each(worlds as [number, boolean][])(
    'with %d attempts, volatile: %s',
    (attempts, isVolatile) => {
      const situation = service({
        maxCheckAttempts: attempts,
        isVolatile,
        semantics: semantics({ enableFlapDetection: false }),
        notification: { ...service().policy.notification, intervalMs: 5_000 },
      });
      for (const states of sequences(5)) {
        const inputs = states.map((state, index) => result(state, 10 + 10 * index));
        const found = walk(situation, inputs).map((evaluation): Expected => {
          const { state, events, eventHandlers, retryAt } = evaluation;
          return {
            stateType: state.stateType,
            attempt: state.attempt,
            isLogged: events.length > 0,
            isHandled: eventHandlers.length > 0,
            isRetried: retryAt !== null,
            notified: told([evaluation]),
          };
        });
        expect(found, states.join(' ')).toEqual(tellStory(states, attempts, isVolatile));
      }
    },
  );
});

const downtimeIds = fc.constantFrom('d1', 'd2', 'd3');
const ackIds = fc.constantFrom('a1', 'a2', 'a3');
const words = { author: 'anna', comment: 'known' };

/** Inputs in the order in which they are taken; results may be due earlier or twice. */
const inputs: fc.Arbitrary<ServiceInput[]> = fc
  .array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('result' as const),
          source: fc.constantFrom('active' as const, 'passive' as const),
          state: fc.constantFrom(...CHECK_STATES),
          dueBy: fc.nat(30),
          output: fc.constantFrom('one', 'two'),
          isFreshnessCheck: fc.constant(false),
        }),
      },
      fc.record({
        kind: fc.constant('acknowledge' as const),
        acknowledgement: fc.record({
          id: ackIds,
          isSticky: fc.boolean(),
          isPersistent: fc.boolean(),
          author: fc.constant('anna'),
          comment: fc.constant('known'),
          expiresAt: fc.option(fc.nat(600).map(second)),
        }),
        notify: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('removeAcknowledgement' as const), id: ackIds }),
      fc.record({
        kind: fc.constant('scheduleDowntime' as const),
        downtime: fc.record({
          id: downtimeIds,
          startAt: fc.nat(300).map(second),
          endAt: fc.nat(600).map(second),
          isFixed: fc.boolean(),
          durationMs: fc.nat(100_000),
          triggeredBy: fc.option(fc.constant('elsewhere')),
          author: fc.constant(words.author),
          comment: fc.constant(words.comment),
        }),
      }),
      fc.record({
        kind: fc.constantFrom(
          'startDowntime' as const,
          'endDowntime' as const,
          'cancelDowntime' as const,
        ),
        id: downtimeIds,
      }),
      fc.record({ kind: fc.constant('clearFlapping' as const), id: fc.constantFrom('c1', 'c2') }),
      fc.record({ kind: fc.constant('time' as const) }),
      fc.record({
        kind: fc.constant('skipped' as const),
        state: fc.constantFrom(...CHECK_STATES),
        dueBy: fc.nat(30),
      }),
    ),
    { maxLength: 40 },
  )
  .map((items) =>
    items.map((item, index): ServiceInput => {
      const at = second(10 * (index + 1));
      if (item.kind !== 'result' && item.kind !== 'skipped') return { ...item, at };
      const { dueBy, ...rest } = item;
      return { ...rest, at, scheduledAt: at - dueBy * 1_000 };
    }),
  );

const situations = fc
  .record({
    maxCheckAttempts: fc.integer({ min: 1, max: 4 }),
    isVolatile: fc.boolean(),
    enableFlapDetection: fc.boolean(),
    hostState: fc.constantFrom(UP_HOST, hostIn('down'), hostIn('unreachable', 'soft')),
  })
  .map(({ maxCheckAttempts, isVolatile, enableFlapDetection, hostState }) =>
    service(
      { maxCheckAttempts, isVolatile, semantics: semantics({ enableFlapDetection }) },
      { host: hostState },
    ),
  );

describe('any sequence of inputs', () => {
  const property = (
    check: (situation: ReturnType<typeof service>, sequence: ServiceInput[]) => void,
  ) => fc.assert(fc.property(situations, inputs, check), { numRuns: 500 });

  test('keeps the state within its bounds', () => {
    property((situation, sequence) => {
      for (const { state } of walk(situation, sequence)) {
        expect(state.attempt).toBeGreaterThanOrEqual(1);
        expect(state.attempt).toBeLessThanOrEqual(situation.policy.maxCheckAttempts);
        if (state.state === 'ok') expect(state).toMatchObject({ stateType: 'hard', attempt: 1 });
        if (state.state === 'ok') expect(state.acknowledgement).toBeNull();
        expect(state.stateType === 'soft').toBe(
          state.state !== 'ok' && state.lastHardState === 'ok',
        );
        expect((state.problemSince === null) === (state.state === 'ok')).toBe(true);
        expect(state.settledIds.length).toBeLessThanOrEqual(16);
        for (const { endsAt } of state.downtimes) expect(endsAt).toBeGreaterThan(second(0));
      }
    });
  });

  test('is replayed to the same states', () => {
    property((situation, sequence) => {
      expect(walk(situation, sequence)).toEqual(walk(situation, sequence));
    });
  });

  test('delivered twice, each at once or all over again, gives the same state and tells no more', () => {
    property((situation, drawn) => {
      const at = second(10 * (drawn.length + 1));
      // An outdated result does not let time pass, which replaying would make up for.
      const sequence: ServiceInput[] = [...drawn, { kind: 'time', at }];
      const once = walk(situation, sequence);
      const state = once.at(-1)?.state ?? NEW_SERVICE;
      const doubled = walk(
        situation,
        sequence.flatMap((input) => [input, input]),
      );
      const count = (type: string) => told(once).filter((text) => text === type).length;
      // Time asks again whether a problem is to be told; a trigger may come before its downtime.
      const again = sequence.filter(({ kind }) => !['time', 'startDowntime'].includes(kind));
      expect(strip(doubled.at(-1)?.state ?? NEW_SERVICE)).toEqual(strip(state));
      for (const type of ['recovery:sent', 'acknowledgement:sent', 'downtimeStart:sent']) {
        expect(told(doubled).filter((text) => text === type)).toHaveLength(count(type));
      }
      const late = walk(
        situation,
        again.map((input) => ({ ...input, at })),
        state,
      );
      for (const { events } of late) expect(events).toEqual([]);
      expect(strip(late.at(-1)?.state ?? state)).toEqual(strip(state));
    });
  });

  test('leaves the state alone when an input has no effect', () => {
    property((situation, sequence) => {
      let before: ServiceState = NEW_SERVICE;
      for (const { state, hasEffect } of walk(situation, sequence)) {
        if (!hasEffect) expect(state).toBe(before);
        before = state;
      }
    });
  });

  test('begins and ends downtimes and acknowledgements in turn', () => {
    property((situation, sequence) => {
      const open = new Set<string>();
      for (const { events } of walk(situation, sequence)) {
        for (const event of events) {
          if (event.kind === 'downtimeStarted' || event.kind === 'acknowledged') {
            expect(open.has(event.id)).toBe(false);
            open.add(event.id);
          }
          if (event.kind === 'downtimeEnded' || event.kind === 'acknowledgementEnded') {
            expect(open.delete(event.id)).toBe(true);
          }
        }
      }
    });
  });

  test('tells of a recovery only after a problem, and of each only while it is there', () => {
    property((situation, sequence) => {
      let isOpen = false;
      for (const { notifications } of walk(situation, sequence)) {
        for (const { type, reason, state } of notifications) {
          if (reason !== 'sent') continue;
          if (type === 'recovery') expect([isOpen, state]).toEqual([true, 'ok']);
          if (type === 'problem') expect(state).not.toBe('ok');
          if (type === 'problem' || type === 'recovery') isOpen = type === 'problem';
        }
      }
    });
  });

  test('F22 results in any order end in the state of the one due last', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 1 }), (order) => {
        const shuffled = order.map((due) =>
          result(CHECK_STATES[due % 4] ?? 'ok', 100, { scheduledAt: second(due) }),
        );
        const newest = Math.max(...order);
        const { state } = last(walk(service(), shuffled));
        expect(state.state).toBe(CHECK_STATES[newest % 4]);
        expect(state.scheduledAt).toBe(second(newest));
      }),
    );
  });
});

/** Without what only says how often somebody was told or what was asked. */
function strip({ settledIds, notified, flapping, flapRecordedAt, ...state }: ServiceState) {
  return state;
}
