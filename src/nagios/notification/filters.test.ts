import { describe, expect, test } from 'vitest';
import {
  contact,
  hostIn,
  notificationPolicy,
  second,
  semantics,
  UP_HOST,
} from '../../../test/monitored-objects.ts';
import type { CheckStateName } from '../../model/check.ts';
import { findZone } from '../time/zone.ts';
import { UNNOTIFIED } from './counters.ts';
import { decideNotification, EXPLANATIONS } from './decide.ts';
import type {
  NotificationReason,
  NotificationRequest,
  NotificationScene,
  NotificationType,
} from './notification.ts';

type Scene = NotificationScene<CheckStateName>;

const NOW = second(1_000);
const PROBLEM: Scene = {
  policy: notificationPolicy(),
  semantics: semantics(),
  state: 'critical',
  isProblem: true,
  stateType: 'hard',
  isVolatile: false,
  isAcknowledged: false,
  isFlapping: false,
  isInDowntime: false,
  isDowntimeArmed: false,
  lastHardStateChangeAt: second(990),
  problemSince: second(980),
  notified: UNNOTIFIED,
  host: UP_HOST,
  hasHostProblem: false,
  parents: [],
  dependencies: [],
  programStartedAt: second(0),
};
/** One problem notification, at second 900. */
const TOLD = {
  count: 1,
  lastAt: second(900),
  nextAt: second(960),
  isExhausted: false,
  states: ['critical'] as const,
  lastedMs: 5_000,
};
const RECOVERY: Partial<Scene> = { state: 'ok', isProblem: false, notified: TOLD };
/** For an object without a problem, outside any downtime. */
const QUIET: Partial<Scene> = { state: 'ok', isProblem: false, problemSince: null };

function request(
  type: NotificationType,
  overrides: Partial<NotificationRequest> = {},
): NotificationRequest {
  const plain = { author: null, comment: null };
  const flags = { isForced: false, isBroadcast: false, isCounted: false };
  return { type, at: NOW, ...plain, ...flags, ...overrides };
}

function reasonFor(
  type: NotificationType,
  scene: Partial<Scene> = {},
  overrides: Partial<NotificationRequest> = {},
): NotificationReason {
  return decideNotification({ ...PROBLEM, ...scene }, request(type, overrides)).decision.reason;
}

const UTC = findZone('UTC') ?? expect.fail('no UTC');
const NEVER = { zone: UTC, weekdays: [], exceptions: [], exclude: [] };
const FAILED = {
  master: {
    id: 'm',
    state: 'critical',
    stateType: 'hard',
    lastHardState: 'critical',
    isPending: false,
  },
  failsOn: ['critical'],
  period: null,
  inheritsParent: false,
  masterDependencies: [],
} as const;
const BAD = { isGood: false, checkedAt: null };
const GOOD = { isGood: true, checkedAt: null };

describe('5.1 filters, each alone', () => {
  test('a problem that nothing stops is sent', () => {
    expect(reasonFor('problem')).toBe('sent');
    expect(reasonFor('recovery', RECOVERY)).toBe('sent');
  });

  const policy = (overrides: Partial<Scene['policy']>) => ({
    policy: notificationPolicy<CheckStateName>(overrides),
  });
  const off = { semantics: semantics({ enableNotifications: false }) };
  const inDowntime = { host: { ...UP_HOST, isInDowntime: true } };
  const exhausted = { notified: { ...TOLD, isExhausted: true } };
  const early = { notified: { ...TOLD, nextAt: NOW + 1 } };
  const delayed = policy({ firstDelayMs: 10_001 });

  test.each<[string, NotificationType, Partial<Scene>, NotificationReason]>([
    ['5.1.2 disabled for the site', 'problem', off, 'disabledGlobally'],
    ['5.1.3 all parent services are bad', 'problem', { parents: [BAD, BAD] }, 'serviceParents'],
    ['5.1.3 one parent service is good', 'problem', { parents: [BAD, GOOD] }, 'sent'],
    ['5.1.4 out of the period', 'problem', policy({ period: NEVER }), 'period'],
    ['5.1.5 disabled for the object', 'problem', policy({ isEnabled: false }), 'disabled'],
    ['5.1.6 a custom one', 'custom', QUIET, 'sent'],
    ['5.1.6 a custom one in downtime', 'custom', { isInDowntime: true }, 'customInDowntime'],
    ["5.1.6 a custom one in the host's downtime", 'custom', inDowntime, 'customInDowntime'],
    ['5.1.6 an acknowledgement', 'acknowledgement', {}, 'sent'],
    ['5.1.6 an acknowledgement of nothing', 'acknowledgement', QUIET, 'nothingToAcknowledge'],
    ['5.1.6 flapping', 'flappingStart', {}, 'sent'],
    [
      '5.1.6 flapping without option f',
      'flappingStop',
      policy({ notifyOn: ['critical'] }),
      'flappingNotWanted',
    ],
    ['5.1.6 flapping in downtime', 'flappingDisabled', inDowntime, 'flappingInDowntime'],
    ['5.1.6 downtime', 'downtimeStart', QUIET, 'sent'],
    [
      '5.1.6 downtime without option s',
      'downtimeEnd',
      policy({ notifyOn: ['critical'] }),
      'downtimeNotWanted',
    ],
    [
      '5.1.6 downtime in another one',
      'downtimeCancelled',
      { isInDowntime: true },
      'downtimeInDowntime',
    ],
    ["5.1.6 downtime in the host's", 'downtimeStart', inDowntime, 'sent'],
    ['5.1.7 soft', 'problem', { stateType: 'soft' }, 'soft'],
    ['5.1.8 acknowledged', 'problem', { isAcknowledged: true }, 'acknowledged'],
    ['5.1.9 a failed dependency', 'problem', { dependencies: [FAILED] }, 'dependency'],
    [
      '5.1.10 a state without its letter',
      'problem',
      policy({ notifyOn: ['warning'] }),
      'stateNotWanted',
    ],
    [
      '5.1.10 a recovery without r',
      'recovery',
      { ...RECOVERY, ...policy({ notifyOn: ['critical'] }) },
      'stateNotWanted',
    ],
    [
      '5.1.10 a recovery of what nobody was told of',
      'recovery',
      { ...RECOVERY, notified: UNNOTIFIED },
      'problemNotNotified',
    ],
    ['5.1.11 a first one before its delay is over', 'problem', delayed, 'firstDelay'],
    [
      '5.1.11 a first one when its delay is over',
      'problem',
      policy({ firstDelayMs: 10_000 }),
      'sent',
    ],
    ['5.1.11 a second one', 'problem', { ...delayed, notified: TOLD }, 'sent'],
    ['5.1.11 a recovery', 'recovery', { ...RECOVERY, ...delayed }, 'sent'],
    [
      '5.1.11 without a hard change, from the start',
      'problem',
      { ...policy({ firstDelayMs: 1_000_001 }), lastHardStateChangeAt: null },
      'firstDelay',
    ],
    ['5.1.12 flapping', 'problem', { isFlapping: true }, 'flapping'],
    ['5.1.12 a recovery while flapping', 'recovery', { ...RECOVERY, isFlapping: true }, 'flapping'],
    ['5.1.13 in downtime', 'problem', { isInDowntime: true }, 'downtime'],
    ["5.1.13 in the host's downtime", 'problem', inDowntime, 'downtime'],
    ['5.1.13 a flexible downtime is due', 'problem', { isDowntimeArmed: true }, 'downtimeArmed'],
    ['5.1.14 no more are allowed', 'problem', exhausted, 'exhausted'],
    [
      '5.1.14 no more, of a volatile service',
      'problem',
      { ...exhausted, isVolatile: true },
      'sent',
    ],
    ['5.1.15 the host is down', 'problem', { host: hostIn('down') }, 'hostNotUp'],
    ['5.1.15 the host is down, soft', 'problem', { host: hostIn('down', 'soft') }, 'sent'],
    [
      '5.1.15 a problem put down to a host that is down, soft',
      'problem',
      { host: hostIn('down', 'soft'), hasHostProblem: true },
      'hostNotUp',
    ],
    [
      '5.1.15 all parents of the host are not up',
      'problem',
      { host: { ...UP_HOST, parents: [BAD] } },
      'hostUnreachable',
    ],
    [
      '5.1.15 one parent of the host is up',
      'problem',
      { host: { ...UP_HOST, parents: [BAD, GOOD] } },
      'sent',
    ],
    [
      '5.1.15 a recovery on a host that is down',
      'recovery',
      { ...RECOVERY, host: hostIn('down') },
      'sent',
    ],
    ['5.1.16 too early', 'problem', early, 'interval'],
    ['5.1.16 just in time', 'problem', { notified: { ...TOLD, nextAt: NOW } }, 'sent'],
    ['5.1.16 too early, of a volatile service', 'problem', { ...early, isVolatile: true }, 'sent'],
  ])('%s', (_title, type, scene, expected) => {
    expect(reasonFor(type, scene)).toBe(expected);
  });

  test('5.1.1 a forced one passes all', () => {
    const scene = { ...off, ...policy({ isEnabled: false, period: NEVER }), isInDowntime: true };
    expect(reasonFor('custom', scene, { isForced: true })).toBe('forced');
  });

  test('are asked in order: the first one counts', () => {
    const all: [Partial<Scene>, NotificationReason][] = [
      [early, 'interval'],
      [{ host: hostIn('down') }, 'hostNotUp'],
      [{ notified: { ...TOLD, isExhausted: true, nextAt: NOW + 1 } }, 'exhausted'],
      [{ isDowntimeArmed: true }, 'downtimeArmed'],
      [{ isInDowntime: true }, 'downtime'],
      [{ isFlapping: true }, 'flapping'],
      [policy({ notifyOn: [] }), 'stateNotWanted'],
      [{ dependencies: [FAILED] }, 'dependency'],
      [{ isAcknowledged: true }, 'acknowledged'],
      [{ stateType: 'soft' }, 'soft'],
      [policy({ notifyOn: [], isEnabled: false }), 'disabled'],
      [policy({ notifyOn: [], isEnabled: false, period: NEVER }), 'period'],
      [{ parents: [BAD] }, 'serviceParents'],
      [off, 'disabledGlobally'],
    ];
    let scene: Partial<Scene> = {};
    for (const [further, expected] of all) {
      scene = { ...scene, ...further };
      expect(reasonFor('problem', scene)).toBe(expected);
    }
  });

  test('3 a first one waits for a check of the host since the problem began', () => {
    const held = { semantics: semantics({ holdForParentsMs: 30_000 }) };
    const hostCheckedAt = (seconds: number) => ({
      ...held,
      host: { ...UP_HOST, checkedAt: second(seconds) },
    });
    expect(reasonFor('problem', hostCheckedAt(979))).toBe('parentsNotChecked');
    expect(reasonFor('problem', hostCheckedAt(980))).toBe('sent');
    expect(reasonFor('problem', { ...hostCheckedAt(979), notified: TOLD })).toBe('sent');
    expect(reasonFor('problem', hostCheckedAt(979), { at: second(1_020) })).toBe('sent');
    expect(reasonFor('problem', { ...held, host: { ...UP_HOST, checkedAt: null } })).toBe('sent');
  });
});

describe('5.3 counters', () => {
  const decide = (scene: Partial<Scene>, type: NotificationType = 'problem', more = {}) =>
    decideNotification({ ...PROBLEM, ...scene }, request(type, more));

  test('a problem that is sent is counted, and the next is due after the interval', () => {
    const { decision, notified } = decide({ notified: TOLD });
    expect(decision.number).toBe(2);
    expect(notified).toEqual({
      count: 2,
      lastAt: NOW,
      nextAt: NOW + 60_000,
      isExhausted: false,
      states: ['critical'],
      lastedMs: 20_000,
    });
  });

  test('an interval of 0 allows one, but of volatile services', () => {
    const once = { policy: notificationPolicy<CheckStateName>({ intervalMs: 0 }) };
    expect(decide(once).notified.isExhausted).toBe(true);
    expect(decide({ ...once, isVolatile: true }).notified.isExhausted).toBe(false);
  });

  test('nobody to tell counts for nothing', () => {
    const { decision, notified } = decide({ policy: notificationPolicy({ contacts: [] }) });
    expect(decision).toMatchObject({ reason: 'nobody', recipients: [] });
    expect(notified).toBe(UNNOTIFIED);
  });

  test('a problem that is stopped counts for nothing', () => {
    expect(decide({ isAcknowledged: true, notified: TOLD }).notified).toBe(TOLD);
  });

  test.each(['sent', 'stateNotWanted'])('a recovery begins anew (%s)', (reason) => {
    const notifyOn: Scene['policy']['notifyOn'] = reason === 'sent' ? ['recovery'] : [];
    const { decision, notified } = decide(
      { ...RECOVERY, policy: notificationPolicy({ notifyOn }) },
      'recovery',
    );
    expect(decision.reason).toBe(reason);
    expect(notified).toEqual(UNNOTIFIED);
  });

  test('rule 5.3.4: a recovery is told though the last word of the problem was kept back', () => {
    const { notified } = decide({ notified: TOLD, isAcknowledged: true });
    expect(decide({ ...RECOVERY, notified }, 'recovery').decision.reason).toBe('sent');
  });

  test('a recovery kept back by flapping is still owed', () => {
    expect(decide({ ...RECOVERY, isFlapping: true }, 'recovery').notified).toBe(TOLD);
  });

  test('5.1.4 out of the period, the next is due when it begins, or in a year', () => {
    const allDay = [{ from: 0, to: 86_400 }];
    const tomorrow = { zone: UTC, weekdays: [[], [], [], [], [], allDay, []] };
    const period = { ...tomorrow, exceptions: [], exclude: [] };
    const { decision, notified } = decide({ policy: notificationPolicy({ period }) });
    expect(notified.nextAt).toBe(second(86_400));
    expect(decision.retryAt).toBe(second(86_400));
    const never = decide({ policy: notificationPolicy({ period: NEVER }) });
    expect(never.notified.nextAt).toBe(NOW + 365 * 86_400_000);
  });

  test('with an interval of 0, one kept back by downtime is due at once', () => {
    const once = { policy: notificationPolicy<CheckStateName>({ intervalMs: 0 }) };
    expect(decide({ ...once, isInDowntime: true }).notified.nextAt).toBe(NOW);
  });

  test('a custom one counts when wanted', () => {
    expect(decide({ notified: TOLD }, 'custom').notified).toBe(TOLD);
    expect(decide({ notified: TOLD }, 'custom', { isCounted: true }).notified.count).toBe(2);
  });

  test('a decision says when asking again may help', () => {
    expect(decide({ notified: { ...TOLD, nextAt: NOW + 5 } }).decision.retryAt).toBe(NOW + 5);
    const delayed = notificationPolicy<CheckStateName>({ firstDelayMs: 60_000 });
    expect(decide({ policy: delayed }).decision.retryAt).toBe(second(1_050));
    expect(decide({ isAcknowledged: true }).decision.retryAt).toBeNull();
  });

  test('every reason has a sentence', () => {
    for (const sentence of Object.values(EXPLANATIONS)) expect(sentence).toMatch(/^[A-Z].*\.$/);
    const { decision } = decide({ isFlapping: true });
    expect(decision.explanation).toBe('The object is flapping.');
  });
});

describe('5.2 filters of contacts, each alone', () => {
  type Person = Parameters<typeof contact<CheckStateName>>[1];
  const passOver = (
    person: Person,
    scene: Partial<Scene> = {},
    type: NotificationType = 'problem',
  ) => {
    const contacts = [contact<CheckStateName>('anna', person)];
    const all = { ...PROBLEM, ...scene, policy: notificationPolicy({ contacts, importance: 5 }) };
    return decideNotification(all, request(type)).decision.passedOver[0]?.reason;
  };

  test.each<[string, Person, NotificationType, Partial<Scene>, string | undefined]>([
    ['important enough', { minimumImportance: 5 }, 'problem', {}, undefined],
    ['not important enough', { minimumImportance: 6 }, 'problem', {}, 'importance'],
    ['disabled', { isEnabled: false }, 'problem', {}, 'contactDisabled'],
    ['out of his period', { period: NEVER }, 'problem', {}, 'contactPeriod'],
    ['custom, whatever he wants', { notifyOn: [] }, 'custom', {}, undefined],
    ['flapping without f', { notifyOn: ['critical'] }, 'flappingStart', {}, 'contactOptions'],
    ['downtime without s', { notifyOn: ['critical'] }, 'downtimeEnd', {}, 'contactOptions'],
    ['another state', { notifyOn: ['warning'] }, 'problem', {}, 'contactOptions'],
    ['acknowledgement of another state', { notifyOn: [] }, 'acknowledgement', {}, 'contactOptions'],
    ['recovery without r', { notifyOn: ['critical'] }, 'recovery', RECOVERY, 'contactOptions'],
    ['recovery', { notifyOn: ['recovery', 'critical'] }, 'recovery', RECOVERY, undefined],
    [
      'recovery from a state he is not told of',
      { notifyOn: ['recovery', 'warning'] },
      'recovery',
      RECOVERY,
      'contactNotNotified',
    ],
    [
      'recovery of a host, whatever state anybody was told of',
      { notifyOn: ['recovery', 'warning'] },
      'recovery',
      { ...RECOVERY, host: null },
      undefined,
    ],
  ])('%s', (_title, person, type, scene, expected) => {
    expect(passOver(person, scene, type)).toBe(expected);
  });

  test('a forced one passes all', () => {
    const contacts = [contact<CheckStateName>('anna', { isEnabled: false })];
    const scene = { ...PROBLEM, policy: notificationPolicy({ contacts }) };
    const { decision } = decideNotification(scene, request('custom', { isForced: true }));
    expect(decision.recipients).toEqual(['anna']);
  });

  test('each is told once, however often he is named', () => {
    const contacts = [contact<CheckStateName>('anna'), contact<CheckStateName>('anna')];
    const scene = { ...PROBLEM, policy: notificationPolicy({ contacts }) };
    expect(decideNotification(scene, request('problem')).decision.recipients).toEqual(['anna']);
  });
});
