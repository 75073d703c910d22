import { describe, expect, test } from 'vitest';
import { START, second, semantics } from '../../../test/monitored-objects.ts';
import { parseTimePeriod } from '../time/parse-time-period.ts';
import { findZone } from '../time/zone.ts';
import { type Dependency, findFailedDependency, type MasterGlimpse } from './dependencies.ts';
import {
  type ExecutionScene,
  findSkip,
  stateOfSkippedHost,
  stateOfSkippedService,
} from './execution.ts';

function period(...lines: string[]) {
  const zone = findZone('UTC');
  const parsed = zone === null ? null : parseTimePeriod({ lines, zone, exclude: [] });
  if (parsed?.kind !== 'period') throw new Error('a wrong time period');
  return parsed.period;
}

const NEVER = period('monday 00:00-00:00');

function on(
  master: Partial<MasterGlimpse>,
  overrides: Partial<Omit<Dependency, 'master'>> = {},
): Dependency {
  return {
    master: {
      id: 'm',
      state: 'ok',
      stateType: 'hard',
      lastHardState: 'ok',
      isPending: false,
      ...master,
    },
    failsOn: ['critical', 'unknown'],
    period: null,
    inheritsParent: false,
    masterDependencies: [],
    ...overrides,
  };
}

const FAILED = on({ id: 'failed', state: 'critical', lastHardState: 'critical' });

function failedOf(dependencies: Dependency[], softStateDependencies = false): string | undefined {
  const settings = semantics({ softStateDependencies });
  return findFailedDependency(dependencies, START, settings)?.master.id;
}

describe('8 dependencies', () => {
  test('fail by a state of the master that is listed', () => {
    expect(failedOf([])).toBeUndefined();
    expect(failedOf([on({}), FAILED])).toBe('failed');
    expect(failedOf([on({ state: 'warning', lastHardState: 'warning' })])).toBeUndefined();
    expect(failedOf([on({ state: 'ok' }, { failsOn: ['ok'] })])).toBe('m');
  });

  test('judge a soft master by its last hard state, unless softStateDependencies', () => {
    const soft = on({ state: 'critical', stateType: 'soft' });
    expect(failedOf([soft])).toBeUndefined();
    expect(failedOf([soft], true)).toBe('m');
  });

  test('fail on a master without a result only when that is listed', () => {
    const pending = { isPending: true };
    expect(failedOf([on(pending, { failsOn: ['ok'] })])).toBeUndefined();
    expect(failedOf([on(pending, { failsOn: ['pending'] })])).toBe('m');
  });

  test('15.12 one out of its period skips only itself', () => {
    expect(failedOf([{ ...FAILED, period: NEVER }])).toBeUndefined();
    expect(failedOf([{ ...FAILED, period: NEVER }, FAILED])).toBe('failed');
  });

  test('inherits those of its master when told to', () => {
    const further = { masterDependencies: [on({}, { masterDependencies: [] }), FAILED] };
    expect(failedOf([on({}, further)])).toBeUndefined();
    expect(failedOf([on({}, { ...further, inheritsParent: true })])).toBe('failed');
  });

  test('in a circle are judged once each', () => {
    const circle: Dependency[] = [];
    circle.push(on({}, { inheritsParent: true, masterDependencies: circle }));
    expect(failedOf(circle)).toBeUndefined();
  });
});

describe('3, 8 whether a check is made', () => {
  const scene: ExecutionScene = {
    at: second(0),
    dependencies: [],
    ancestors: [
      { id: 'a/parent', lastHardState: 'ok' },
      { id: 'a/grandparent', lastHardState: 'warning' },
    ],
    isHostUp: true,
    semantics: semantics(),
  };
  const above = (lastHardState: string) => [...scene.ancestors, { id: 'a/top', lastHardState }];
  const hostRule = {
    isHostUp: false,
    semantics: semantics({ hostDownDisableServiceChecks: true }),
  };

  test.each([
    ['rule 8.0.1: its dependencies hold', null, {}],
    ['rule 8.0.1: one of them has failed', 'dependency', { dependencies: [FAILED] }],
    ['rule 3.0.8: an ancestor is unknown', 'serviceParents', { ancestors: above('unknown') }],
    ['rule 3.0.8: an ancestor is critical', 'serviceParents', { ancestors: above('critical') }],
    ['rule 3.0.6: its host is not up', 'hostNotUp', hostRule],
    ['rule 3.0.6: its host is not up, by default', null, { isHostUp: false }],
  ] as const)('%s', (_title, reason, overrides) => {
    expect(findSkip({ ...scene, ...overrides })?.reason ?? null).toBe(reason);
  });

  test('the reason names who is to blame', () => {
    const skips = [{ dependencies: [FAILED] }, { ancestors: above('unknown') }, hostRule];
    expect(skips.map((skip) => findSkip({ ...scene, ...skip })?.explanation)).toEqual([
      'It depends on failed, which is critical.',
      'a/top above it is unknown.',
      'The host is not up.',
    ]);
  });

  test('one that is left out leaves the state, or gives it one by its reason', () => {
    const settings = semantics({
      serviceSkipCheckDependencyStatus: 'unknown',
      serviceSkipCheckParentStatus: 'warning',
      serviceSkipCheckHostDownStatus: 'critical',
      hostSkipCheckDependencyStatus: 'unreachable',
    });
    const reasons = ['dependency', 'serviceParents', 'hostNotUp'] as const;
    const states = reasons.map((reason) => stateOfSkippedService(reason, settings));
    expect(states).toEqual(['unknown', 'warning', 'critical']);
    expect(stateOfSkippedHost('dependency', settings)).toBe('unreachable');
    expect(stateOfSkippedHost('serviceParents', settings)).toBeNull();
    for (const reason of reasons) expect(stateOfSkippedService(reason, semantics())).toBeNull();
  });
});
