import { describe, expect, test } from 'vitest';
import {
  contact,
  notificationPolicy,
  result,
  second,
  service,
  walk,
} from '../../../test/monitored-objects.ts';
import type { CheckStateName } from '../../model/check.ts';
import { findZone } from '../time/zone.ts';
import type { Escalation, NotificationPolicy } from './notification.ts';

function escalation(
  name: string,
  overrides: Partial<Escalation<CheckStateName>> = {},
): Escalation<CheckStateName> {
  return {
    firstNotification: 2,
    lastNotification: 0,
    afterMs: 0,
    states: ['warning', 'critical', 'unknown', 'recovery'],
    period: null,
    contacts: [contact(name)],
    intervalMs: null,
    ...overrides,
  };
}

/** Who is told by results `letter@second`, one line for each notification that is sent. */
function toldBy(
  escalations: readonly Escalation<CheckStateName>[],
  steps: readonly string[],
  overrides: Partial<NotificationPolicy<CheckStateName>> = {},
): string[] {
  const notification = notificationPolicy<CheckStateName>({ escalations, ...overrides });
  const inputs = steps.map((step) => {
    const [letter, seconds] = step.split('@');
    return result(letter === 'C' ? 'critical' : 'ok', Number(seconds));
  });
  return walk(service({ maxCheckAttempts: 1, notification }), inputs)
    .flatMap(({ notifications }) => notifications)
    .filter(({ reason }) => reason === 'sent')
    .map(({ type, recipients }) => `${type} ${recipients.join(' ')}`);
}

describe('5.4 escalations', () => {
  test('replace the contacts of the object from their first notification on', () => {
    expect(toldBy([escalation('boss')], ['C@0', 'C@60', 'C@120', 'O@130'])).toEqual([
      'problem anna',
      'problem boss',
      'problem boss',
      'recovery boss',
    ]);
  });

  test('end with their last notification; the recovery goes to those told last', () => {
    const one = escalation('boss', { firstNotification: 1, lastNotification: 1 });
    expect(toldBy([one], ['C@0', 'C@60', 'O@70'])).toEqual([
      'problem boss',
      'problem anna',
      'recovery anna',
    ]);
    expect(toldBy([one], ['C@0', 'O@70'])).toEqual(['problem boss', 'recovery boss']);
  });

  test('15.9 that overlap are merged, and the shortest interval counts', () => {
    const both = [
      escalation('boss', { firstNotification: 1, intervalMs: 90_000 }),
      escalation('chief', { firstNotification: 1, intervalMs: 30_000 }),
    ];
    expect(toldBy(both, ['C@0', 'C@29', 'C@30'])).toEqual([
      'problem boss chief',
      'problem boss chief',
    ]);
  });

  test('without an interval have that of the object; 0 is the shortest', () => {
    const plain = escalation('boss', { firstNotification: 1 });
    expect(toldBy([plain], ['C@0', 'C@59', 'C@60'])).toHaveLength(2);
    const last = escalation('chief', { firstNotification: 1, intervalMs: 0 });
    expect(toldBy([plain, last], ['C@0', 'C@60', 'C@600'])).toHaveLength(1);
  });

  test('match by state and period', () => {
    const zone = findZone('UTC') ?? expect.fail('no UTC');
    const never = { zone, weekdays: [], exceptions: [], exclude: [] };
    const warnings = escalation('boss', { firstNotification: 1, states: ['warning'] });
    const out = escalation('chief', { firstNotification: 1, period: never });
    expect(toldBy([warnings, out], ['C@0'])).toEqual(['problem anna']);
  });

  test('by time begin when the problem has lasted', () => {
    const late = escalation('boss', { firstNotification: 1, afterMs: 60_000 });
    expect(toldBy([late], ['C@0', 'C@60', 'O@70'])).toEqual([
      'problem anna',
      'problem boss',
      'recovery boss',
    ]);
    expect(toldBy([late], ['C@0', 'O@70'])).toEqual(['problem anna', 'recovery anna']);
  });

  test('a broadcast goes to all, escalated or not', () => {
    const notification = notificationPolicy<CheckStateName>({ escalations: [escalation('boss')] });
    const custom = {
      kind: 'notify',
      id: 'n1',
      at: second(5),
      author: 'anna',
      comment: 'tea',
      isForced: false,
      isBroadcast: true,
      isCounted: false,
    } as const;
    const evaluations = walk(service({ notification }), [custom, custom]);
    expect(evaluations.map(({ notifications }) => notifications)).toMatchObject([
      [{ type: 'custom', recipients: ['anna', 'boss'], author: 'anna', comment: 'tea' }],
      [],
    ]);
  });

  test('a decision says that it was escalated', () => {
    const notification = notificationPolicy<CheckStateName>({
      escalations: [escalation('boss', { firstNotification: 1 })],
    });
    const [evaluation] = walk(service({ maxCheckAttempts: 1, notification }), [
      result('critical', 1),
    ]);
    expect(evaluation?.notifications).toMatchObject([{ isEscalated: true, number: 1 }]);
  });
});
