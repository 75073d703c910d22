import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkObject, hostFacts, hostObject, NO_MASTERS } from '../../test/monitored-site.ts';
import type { CheckMemoryRow, CheckStateRow } from '../database/queries/check-states.ts';
import type { HostSight } from '../database/queries/host-neighbours.ts';
import type { CheckCommand } from '../messages/check-command.ts';
import type { CheckResult } from '../messages/check-result.ts';
import { CHECK_STATES } from '../model/check.ts';
import { patienceMs } from '../model/patience.ts';
import type { HostState } from '../nagios/state/object-state.ts';
import { NAGIOS_SEMANTICS } from '../nagios/state/semantics.ts';
import { evaluateBatch } from './evaluate-batch.ts';
import type { Input } from './input.ts';
import { NEW_HOST_MEMORY, type Remembered, readRemembered } from './memory.ts';
import type { MonitoredObject } from './policies.ts';
import { NO_SILENCE } from './silence.ts';

const CHECK = 7;
const HOST = 8;
const PARENT_CHECK = 9;
const timing = { intervalMs: 60_000, timeoutMs: 5_000 };
const parent = hostFacts('router', {
  objectId: 10,
  hostCheck: { checkId: PARENT_CHECK, ...timing, schedule: null },
});
const leaf = hostFacts('leaf', {
  objectId: HOST,
  hostCheck: { checkId: CHECK, ...timing, schedule: { ...timing, since: 0, periodId: null } },
  parentIds: [parent.id],
});
const objects = new Map<number, MonitoredObject>([
  [CHECK, checkObject(CHECK, leaf)],
  [HOST, hostObject(leaf)],
]);

function result(at: number, state: CheckResult['state'], fields: Partial<CheckResult> = {}): Input {
  return {
    kind: 'result',
    result: {
      ...{ id: `r${at}`, checkId: CHECK, scheduledAt: at, startedAt: at, finishedAt: at },
      ...{ worker: 'w', host: 'leaf', plugin: 'p', keepHistory: true, state },
      ...{ exitCode: CHECK_STATES.indexOf(state), output: `at ${at}`, longOutput: '' },
      perfdata: [],
      ...fields,
    },
  };
}

function toHost(at: number, command: CheckCommand['command']): Input {
  return { kind: 'command', command: { id: `c${at}`, checkId: HOST, at, command } };
}

/** Long after all that other tests do. */
const stop = { from: 10_000_000, to: 20_000_000 };

const time = (at: number) => toHost(at, { kind: 'time' });

type Known = Map<number, Remembered>;

/** With the parent as it is seen from outside. */
function evaluate(
  inputs: readonly Input[],
  sight: Partial<HostSight> = {},
  before: Known = new Map(),
) {
  const seen = {
    hostId: parent.id,
    state: 'up',
    checkedAt: 1,
    waitsUntil: null,
    ...sight,
  } as const;
  return evaluateBatch(before, inputs, {
    site: {
      semantics: { ...NAGIOS_SEMANTICS, enableFlapDetection: true },
      startedAt: 0,
      periods: new Map(),
    },
    keepsHistory: true,
    collectedAt: 5,
    objects,
    parents: new Map([[parent.id, parent]]),
    sights: new Map([[parent.id, seen]]),
    masters: NO_MASTERS,
    silence: { ...NO_SILENCE, stops: [stop] },
  });
}

const hostOf = (states: ReadonlyMap<number, Remembered>) => {
  const host = states.get(HOST);
  if (host?.kind !== 'host') throw new Error('the host is known');
  return host;
};
const heldAt = (at: number) => evaluate([result(at - 1_000, 'ok'), result(at, 'critical')]);
const statesOf = (batch: ReturnType<typeof evaluate>) =>
  batch.stateStarts.filter(({ checkId }) => checkId === HOST).map(({ state }) => state);

describe('3 a result that says the host is not up', () => {
  test('is held, with the check of its parents wanted', () => {
    const held = heldAt(10_000);
    expect(hostOf(held.states)).toMatchObject({ state: { state: 'up' }, held: { until: 18_000 } });
    expect([...held.wanted]).toEqual([[PARENT_CHECK, 10_000]]);
    expect(held.waitingHosts.has(leaf.id)).toBe(true);
    const row = held.memoryRows.find(({ check_id }) => check_id === HOST);
    expect(row).toMatchObject({ waits_until: 18_000, next_change_at: 18_000 });
    expect(statesOf(held)).toEqual(['up']);
  });

  test.each([
    ['down', { state: 'up', checkedAt: 11_000 }],
    ['unreachable', { state: 'down', checkedAt: 11_000 }],
  ] as const)('is %s once the parent is known', (expected, sight) => {
    const judged = evaluate([time(12_000)], sight, new Map(heldAt(10_000).states));
    expect(hostOf(judged.states)).toMatchObject({ held: null, state: { state: expected } });
    expect(statesOf(judged)).toEqual([expected]);
    expect(judged.checkedHosts.has(leaf.id)).toBe(true);
    expect(judged.stateRows).toMatchObject([{ check_id: HOST, output: 'at 10000' }]);
    const [start] = judged.stateStarts;
    expect(start?.fromAt).toBe(10_000);
  });

  test('rule 3.0.2: a parent that is down only softly is not up', () => {
    const state: HostState = {
      ...NEW_HOST_MEMORY.state,
      state: 'down',
      stateType: 'soft',
      scheduledAt: 11_000,
      checkedAt: 11_000,
    };
    const known = new Map<number, Remembered>(heldAt(10_000).states);
    known.set(parent.objectId, { ...NEW_HOST_MEMORY, state });
    expect(statesOf(evaluate([time(12_000)], {}, known))).toEqual(['unreachable']);
  });

  test('has the silence before it in history, though it is judged later', () => {
    const before = new Map(evaluate([result(9_999_000, 'ok')]).states);
    const held = evaluate([result(20_100_000, 'critical')], {}, before);
    expect(hostOf(held.states).held).not.toBeNull();
    const judged = evaluate([time(20_108_000)], {}, new Map(held.states));
    const overdueAt = 9_999_000 + patienceMs(timing);
    const ofHost = judged.stateStarts.map(({ checkId, state, cause, fromAt }) => [
      ...[checkId, state, cause, fromAt],
    ]);
    expect(ofHost).toEqual([
      [HOST, 'notMeasured', 'schedulerStopped', overdueAt],
      [HOST, 'down', 'measuredAgain', 20_100_000],
    ]);
  });

  test('is not judged before its time while the parent has not answered', () => {
    const before = new Map(heldAt(10_000).states);
    expect(hostOf(evaluate([time(17_999)], {}, before).states).held).not.toBeNull();
    expect(hostOf(evaluate([time(18_000)], {}, before).states)).toMatchObject({
      held: null,
      state: { state: 'down' },
    });
  });

  test('waits on for a parent that waits itself', () => {
    const before = new Map(heldAt(10_000).states);
    const later = evaluate([time(18_000)], { waitsUntil: 25_000 }, before);
    expect(hostOf(later.states).held?.until).toBe(28_000);
  });

  test('gives way to a newer one, which waits no longer for that', () => {
    const before = new Map(heldAt(10_000).states);
    const newer = evaluate([result(14_000, 'unknown')], {}, before);
    expect(hostOf(newer.states).held).toMatchObject({ until: 18_000, since: 10_000 });
    expect([...newer.wanted]).toEqual([]);
    expect(hostOf(evaluate([time(18_000)], {}, new Map(newer.states)).states).held).toBeNull();
  });

  test('rule 9.0.9: a forced check is dropped when the host had a result of its own meanwhile', () => {
    const forced = (at: number) => result(at, 'critical', { isFreshnessCheck: true });
    const ofHost = result(3_000, 'ok', { checkId: HOST, plugin: '' });
    const stale = toHost(2_000, { kind: 'stale', scheduledAt: 1_000 });
    const known = { state: 'down', checkedAt: 9_000 } as const;
    const judge = (...inputs: Input[]) =>
      hostOf(evaluate([result(1_000, 'ok'), ...inputs], known).states).state.state;
    expect(judge(stale, forced(4_000))).toBe('unreachable');
    expect(judge(stale, ofHost, forced(4_000))).toBe('up');
    expect(judge(forced(4_000))).toBe('up');
  });

  test('rule 1.1.3: is one that ran out of time, whatever state that is to its check', () => {
    const known = { state: 'down', checkedAt: 9_000 } as const;
    const late = result(2_000, 'warning', { isTimedOut: true });
    const { states } = evaluate([result(1_000, 'ok'), late], known);
    expect(hostOf(states).state.state).toBe('unreachable');
    expect(states.get(CHECK)?.state.state).toBe('warning');
  });

  test('is judged before a recovery', () => {
    const before = new Map(heldAt(10_000).states);
    expect(statesOf(evaluate([result(12_000, 'ok')], {}, before))).toEqual(['down', 'up']);
  });
});

const steps = fc.array(
  fc.tuple(
    fc.constantFrom('ok', 'critical', 'time', 'acknowledge'),
    fc.integer({ min: 1, max: 9_000 }),
  ),
  { maxLength: 40 },
);

function toInputs(drawn: readonly (readonly [string, number])[]): Input[] {
  let at = 1_000;
  return drawn.map(([kind, passed]) => {
    at += passed;
    if (kind === 'time') return time(at);
    if (kind !== 'acknowledge') return result(at, kind as CheckResult['state']);
    const acknowledgement = {
      ...{ id: `a${at}`, isSticky: false, isPersistent: false, author: 'anna', comment: '' },
      expiresAt: at + 5_000,
    };
    return toHost(at, { kind: 'acknowledge', notify: true, acknowledgement });
  });
}

/** What a grey that takes the shard over would know. */
function reload(rows: Map<number, CheckStateRow>, memories: Map<number, CheckMemoryRow>): Known {
  const ids = new Set([...rows.keys(), ...memories.keys()]);
  return new Map(
    [...ids].map((id) => {
      const kind = id === HOST ? 'host' : 'check';
      return [id, readRemembered(kind, rows.get(id), memories.get(id))];
    }),
  );
}

test('hosts come to the same however inputs are cut into batches, by whichever grey', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (drawn, size) => {
      const all = toInputs(drawn);
      const whole = evaluate(all);
      const rows = new Map<number, CheckStateRow>();
      const memories = new Map<number, CheckMemoryRow>();
      const events: unknown[] = [];
      for (let start = 0; start < all.length; start += size) {
        const part = evaluate(all.slice(start, start + size), {}, reload(rows, memories));
        for (const row of part.stateRows) rows.set(row.check_id, row as CheckStateRow);
        for (const row of part.memoryRows) memories.set(row.check_id, row as CheckMemoryRow);
        events.push(...part.events);
      }
      expect(events).toEqual(whole.events);
      const again = reload(rows, memories);
      for (const [id, { state }] of whole.states) expect(again.get(id)?.state).toEqual(state);
    }),
    { numRuns: 200 },
  );
});

test('results of hosts that are delivered again change nothing', () => {
  fc.assert(
    fc.property(steps, (drawn) => {
      const all = toInputs(drawn);
      const once = evaluate(all);
      const results = all.filter(({ kind }) => kind === 'result');
      const again = evaluate(results, {}, new Map(once.states));
      expect([again.events, again.stateRows, again.memoryRows]).toEqual([[], [], []]);
      expect(again.repeatedCount).toBe(results.length);
    }),
  );
});
