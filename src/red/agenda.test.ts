import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Agenda } from './agenda.ts';

type Step =
  | { kind: 'set'; checkId: number; dueAt: number }
  | { kind: 'remove'; checkId: number }
  | { kind: 'pop' };

const checkIds = fc.integer({ min: 1, max: 60 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), checkId: checkIds, dueAt: fc.nat(1_000) }),
  fc.record({ kind: fc.constant('remove' as const), checkId: checkIds }),
  fc.record({ kind: fc.constant('pop' as const) }),
);

test('the agenda always gives what is due first, whatever was set, moved or removed', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 300 }), (sequence) => {
      const agenda = new Agenda();
      const model = new Map<number, number>();
      for (const step of sequence) {
        if (step.kind === 'set') {
          agenda.set({ checkId: step.checkId, dueAt: step.dueAt, hostIndex: 1, pluginIndex: 2 });
          model.set(step.checkId, step.dueAt);
        } else {
          const checkId = step.kind === 'remove' ? step.checkId : agenda.first()?.checkId;
          if (checkId === undefined) continue;
          agenda.remove(checkId);
          model.delete(checkId);
        }
        expect(agenda.count).toBe(model.size);
        expect(agenda.first()?.dueAt).toBe(
          model.size === 0 ? undefined : Math.min(...model.values()),
        );
      }
      const entries = [...agenda.entries()].map(({ checkId, dueAt }) => [checkId, dueAt] as const);
      expect(new Map(entries)).toEqual(model);
    }),
  );
});

test('it grows beyond its first capacity and keeps every entry', () => {
  const agenda = new Agenda();
  for (let checkId = 1; checkId <= 5_000; checkId++) {
    agenda.set({ checkId, dueAt: 5_000 - checkId, hostIndex: checkId, pluginIndex: 7 });
  }
  for (let dueAt = 0; dueAt < 5_000; dueAt++) {
    const first = agenda.first();
    expect(first).toEqual({
      checkId: 5_000 - dueAt,
      dueAt,
      hostIndex: 5_000 - dueAt,
      pluginIndex: 7,
    });
    agenda.remove(first?.checkId ?? 0);
  }
  expect(agenda.first()).toBeUndefined();
});
