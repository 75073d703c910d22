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
import { nextChangeAt } from './inputs.ts';
import { type ParentHostGlimpse, waitForParents } from './reachability.ts';

const HOLDING = semantics({ holdForParentsMs: 30_000 });
const AT = second(100);
const NOT_UP = { source: 'active', state: 'critical', at: AT } as const;

const parent = (isGood: boolean, checkedSeconds: number | null, more = {}): ParentHostGlimpse => ({
  isGood,
  checkedAt: checkedSeconds === null ? null : second(checkedSeconds),
  answersWithinMs: 10_000,
  waitsUntil: null,
  ...more,
});
const wait = (parents: ParentHostGlimpse[], state: 'up' | 'down' | 'unreachable' = 'up') =>
  waitForParents(NOT_UP, parents, { state, semantics: HOLDING });
const OWN = AT + 13_000;

describe('3 parents are checked before a host is judged', () => {
  test.each([
    ['without parents', [], null],
    ['a parent was up before', [parent(true, 99)], OWN],
    ['a parent is up since', [parent(true, 100)], null],
    ['a parent has no result yet', [{ ...parent(true, 0), checkedAt: 0 }], OWN],
    ['nothing checks the parent', [parent(true, null)], null],
    ['the parent was down within the horizon', [parent(false, 90)], null],
    ['the parent was down before the horizon', [parent(false, 80)], OWN],
    ['one parent is up for certain', [parent(true, 101), parent(true, 10)], null],
    ['one parent is down, the other may be', [parent(false, 99), parent(true, 10)], OWN],
    ['the parent itself waits', [parent(true, 101, { waitsUntil: second(120) })], second(123)],
    ['the parent answers slowly', [parent(true, 9, { answersWithinMs: 90_000 })], AT + 30_000],
  ])('%s', (_title, parents, expected) => {
    expect(wait(parents)).toBe(expected);
  });

  test('no wait when the state would stay as it is, or without the setting', () => {
    expect(wait([parent(true, 9)], 'down')).toBeNull();
    expect(wait([parent(false, 9)], 'unreachable')).toBeNull();
    const nagios = semantics({ holdForParentsMs: 0 });
    expect(
      waitForParents(NOT_UP, [parent(true, 9)], { state: 'up', semantics: nagios }),
    ).toBeNull();
  });

  test('no wait for a result that is up, or that is taken as it was reported', () => {
    const context = { state: 'down', semantics: HOLDING } as const;
    const parents = [parent(true, 9)];
    expect(waitForParents({ ...NOT_UP, state: 'ok' }, parents, context)).toBeNull();
    const reported = { source: 'passive', state: 'down', at: AT } as const;
    expect(waitForParents(reported, parents, { ...context, state: 'up' })).toBeNull();
    const translated = semantics({ ...HOLDING, translatePassiveHostChecks: true });
    expect(waitForParents(reported, parents, { state: 'up', semantics: translated })).toBe(OWN);
  });

  test('with reachableThrough "every" one that is down decides', () => {
    const every = semantics({ ...HOLDING, reachableThrough: 'every' });
    const parents = [parent(false, 99), parent(true, 10)];
    expect(waitForParents(NOT_UP, parents, { state: 'up', semantics: every })).toBeNull();
  });
});

describe('5.1 a problem waits for the check of its host', () => {
  const policy = { maxCheckAttempts: 1, semantics: HOLDING };
  const stale = service(policy, { host: { ...UP_HOST, checkedAt: second(1) } });
  const begun = last(walk(stale, [result('critical', 10)]));

  test('and asks for it once', () => {
    expect(told([begun])).toEqual(['problem:parentsNotChecked']);
    expect(begun.wantedChecks).toEqual(['host']);
    expect(begun.state.waitsUntil).toBe(second(40));
    expect(nextChangeAt(begun.state)).toBe(second(40));
    const again = last(walk(stale, [result('critical', 15)], begun.state));
    expect([told([again]), again.wantedChecks]).toEqual([['problem:parentsNotChecked'], []]);
  });

  test('and does not ask while a result of it is there already', () => {
    const held = service(policy, { host: { ...UP_HOST, checkedAt: second(1), isHeld: true } });
    expect(last(walk(held, [result('critical', 10)])).wantedChecks).toEqual([]);
  });

  test.each([
    ['up', { ...UP_HOST, checkedAt: second(11) }, 'problem:sent'],
    ['down', { ...hostIn('down'), checkedAt: second(11) }, 'problem:hostNotUp'],
    ['softly down', { ...hostIn('down', 'soft'), checkedAt: second(11) }, 'problem:hostNotUp'],
  ])('is decided when that finds it %s', (_title, host, expected) => {
    const decided = last(
      walk(service(policy, { host }), [{ kind: 'time', at: second(11) }], begun.state),
    );
    expect(told([decided])).toEqual([expected]);
    expect(decided.state.waitsUntil).toBeNull();
  });

  test('and is told when its time is over; a recovery ends the wait', () => {
    const over = last(walk(stale, [{ kind: 'time', at: second(40) }], begun.state));
    expect(told([over])).toEqual(['problem:sent']);
    const recovered = last(walk(stale, [result('ok', 20)], begun.state));
    expect(recovered.state.waitsUntil).toBeNull();
    expect(told([recovered])).toEqual(['recovery:problemNotNotified']);
  });
});
