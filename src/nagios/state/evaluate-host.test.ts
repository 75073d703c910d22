import { describe, expect, test } from 'vitest';
import {
  eventKinds,
  host,
  hostReport,
  hostResult,
  last,
  second,
  semantics,
  told,
  walkHost,
} from '../../../test/monitored-objects.ts';
import type { CheckStateName } from '../../model/check.ts';
import type { HostInput } from './evaluation.ts';
import type { HostState } from './object-state.ts';
import { isReachable, readHostState, selectNeighboursToCheck } from './reachability.ts';

const UP = { isGood: true, checkedAt: null };
const DOWN = { isGood: false, checkedAt: null };

function checks(...states: CheckStateName[]): HostInput[] {
  return states.map((state, index) => hostResult(state, 10 + index * 10));
}

function standing({ state, stateType, attempt }: HostState): string {
  return `${state} ${stateType} ${attempt}`;
}

describe('1.1 and 3 the state of a host', () => {
  test.each([
    ['ok', false, 'up'],
    ['ok', true, 'up'],
    ['warning', false, 'up'],
    ['warning', true, 'down'],
    ['critical', false, 'down'],
    ['unknown', false, 'down'],
  ] as const)('%s with useAggressiveHostChecking %s is %s', (state, aggressive, expected) => {
    const settings = semantics({ useAggressiveHostChecking: aggressive });
    expect(readHostState({ source: 'active', state }, [], settings)).toBe(expected);
  });

  test.each([
    ['no parents', [], 'down'],
    ['one parent up', [UP], 'down'],
    ['one parent not up', [DOWN], 'unreachable'],
    ['two parents, one up', [DOWN, UP], 'down'],
    ['two parents, none up', [DOWN, DOWN], 'unreachable'],
  ])('15.6 that does not answer, %s', (_title, parents, expected) => {
    const report = { source: 'active', state: 'critical' } as const;
    expect(readHostState(report, parents, semantics())).toBe(expected);
    const flagOnly = semantics({ unreachableIsState: false });
    expect(readHostState(report, parents, flagOnly)).toBe('down');
    expect(isReachable(parents, semantics())).toBe(expected === 'down');
  });

  test('reachableThrough "every" needs all parents, as Icinga', () => {
    const settings = semantics({ reachableThrough: 'every' });
    expect(isReachable([DOWN, UP], settings)).toBe(false);
    expect(isReachable([UP, UP], settings)).toBe(true);
    expect(isReachable([], settings)).toBe(true);
  });

  test.each([
    ['up', false, 'up'],
    ['down', false, 'down'],
    ['down', true, 'unreachable'],
    ['unreachable', true, 'unreachable'],
  ] as const)(
    'reported %s with translatePassiveHostChecks %s is %s',
    (state, translate, expected) => {
      const settings = semantics({ translatePassiveHostChecks: translate });
      expect(readHostState({ source: 'passive', state }, [DOWN], settings)).toBe(expected);
      if (state === 'unreachable') {
        expect(readHostState({ source: 'passive', state }, [UP], settings)).toBe('unreachable');
      }
    },
  );
});

describe('2 the walk of a host', () => {
  test('is that of a service; only recovery resets the attempt', () => {
    const evaluations = walkHost(
      host({}, { parents: [DOWN] }),
      checks('critical', 'critical', 'unknown', 'ok', 'critical', 'ok'),
    );
    expect(evaluations.map(({ state }) => standing(state))).toEqual([
      'unreachable soft 1',
      'unreachable soft 2',
      'unreachable hard 3',
      'up hard 1',
      'unreachable soft 1',
      'up hard 1',
    ]);
    expect(told(evaluations)).toEqual(['problem:sent', 'recovery:sent']);
  });

  test('a change between down and unreachable does not reset the attempt', () => {
    const soft = last(walkHost(host(), checks('critical', 'critical'))).state;
    const unreachable = host({}, { parents: [DOWN] });
    const hard = last(walkHost(unreachable, [hostResult('critical', 50)], soft)).state;
    expect(standing(hard)).toBe('unreachable hard 3');
    expect(standing(last(walkHost(host(), [hostResult('critical', 60)], hard)).state)).toBe(
      'down hard 3',
    );
  });

  test('a report is hard at once, at attempt 1', () => {
    const evaluations = walkHost(host(), [hostReport('down', 10), hostReport('down', 20)]);
    expect(evaluations.map(({ state }) => standing(state))).toEqual(['down hard 1', 'down hard 1']);
    expect(told(evaluations)).toEqual(['problem:sent', 'problem:interval']);
  });

  test('with passiveHostChecksAreSoft a report is soft first', () => {
    const situation = host({ semantics: semantics({ passiveHostChecksAreSoft: true }) });
    const [evaluation] = walkHost(situation, [hostReport('down', 10)]);
    expect(evaluation && standing(evaluation.state)).toBe('down soft 1');
  });

  test.each([
    [true, ['alert', 'alert', 'alert', 'alert']],
    [false, ['alert', 'alert']],
  ])('logHostRetries %s', (logHostRetries, expected) => {
    const situation = host({
      maxCheckAttempts: 2,
      semantics: semantics({ logHostRetries }),
    });
    const evaluations = walkHost(situation, checks('critical', 'ok', 'critical', 'critical', 'ok'));
    expect(eventKinds(evaluations).length).toBe(logHostRetries ? 5 : 2);
    expect(eventKinds(evaluations).slice(0, expected.length)).toEqual(expected);
  });
});

test('rule 3.0.7: a host whose host check is left out is given a state, and nobody is told', () => {
  const skipped = { kind: 'skipped', state: 'unreachable' } as const;
  const at = { at: second(20), scheduledAt: second(20) };
  const evaluations = walkHost(host(), [...checks('ok'), { ...skipped, ...at }]);
  expect(standing(last(evaluations).state)).toBe('unreachable hard 3');
  expect(last(evaluations)).toMatchObject({ notifications: [], wantedChecks: [] });
  expect(eventKinds(evaluations)).toEqual(['alert']);
  expect(walkHost(host(), [hostResult('ok', 20)], last(evaluations).state)).toMatchObject([
    { hasEffect: false },
  ]);
});

describe('3 neighbours are checked at once', () => {
  test('when a host leaves and when it comes back, not while it stays', () => {
    const evaluations = walkHost(host(), checks('ok', 'critical', 'critical', 'ok', 'ok'));
    expect(evaluations.map(({ wantedChecks }) => wantedChecks)).toEqual([
      [],
      ['neighboursOfLeaving'],
      ['masters'],
      ['neighboursOfReturning'],
      [],
    ]);
  });

  const neighbour = (id: string, state: HostState['state'], checkedAt: number | null = null) => ({
    id,
    state,
    checkedAt,
  });
  const parents = [neighbour('p up', 'up'), neighbour('p down', 'down')];
  const children = [
    neighbour('c up', 'up'),
    neighbour('c down', 'down'),
    neighbour('c unreachable', 'unreachable'),
  ];

  test.each([
    [true, ['p up', 'c up', 'c down']],
    [false, ['p down', 'c down', 'c unreachable']],
  ])('leaving %s: %j', (isLeaving, expected) => {
    const occasion = { isLeaving, at: second(100) };
    expect(selectNeighboursToCheck({ parents, children }, occasion, semantics())).toEqual(expected);
  });

  test('but for those checked within the horizon', () => {
    const fresh = [neighbour('fresh', 'up', second(86)), neighbour('old', 'up', second(85))];
    const occasion = { isLeaving: true, at: second(100) };
    const found = selectNeighboursToCheck({ parents: fresh, children: [] }, occasion, semantics());
    expect(found).toEqual(['old']);
  });

  test('a first notification waits until the parents were checked since', () => {
    const held = semantics({ holdForParentsMs: 30_000 });
    const parent = (checkedAt: number) => [{ isGood: true, checkedAt: second(checkedAt) }];
    const waiting = host({ semantics: held, maxCheckAttempts: 1 }, { parents: parent(5) });
    const [first] = walkHost(waiting, checks('critical'));
    expect(first?.notifications).toMatchObject([
      { reason: 'parentsNotChecked', retryAt: second(40) },
    ]);
    const checked = { ...waiting, parents: parent(12) };
    const again = [{ kind: 'time', at: second(13) } as const];
    expect(told(walkHost(checked, again, first?.state))).toEqual(['problem:sent']);
    const late = [{ kind: 'time', at: second(40) } as const];
    expect(told(walkHost(waiting, late, first?.state))).toEqual(['problem:sent']);
  });
});

test('a result of a host no newer than the newest changes nothing', () => {
  const [, repeated] = walkHost(host(), [hostResult('critical', 10), hostResult('ok', 10)]);
  expect(repeated?.hasEffect).toBe(false);
});
