import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { patienceMs } from '../model/patience.ts';
import { findSilence, type SilenceScene } from './silence.ts';
import { PeriodCalendar } from './time/period-calendar.ts';
import { makePeriods } from './time/site-periods.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A Saturday, midnight. */
const START = Date.parse('2026-10-24T00:00:00Z');
const asking = { intervalMs: MINUTE_MS, timeoutMs: 10_000, since: 0 };
const LASTS_MS = patienceMs(asking);

/** From eight to six, every day. */
function office(): PeriodCalendar {
  const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
  const weekdays = Object.fromEntries(days.map((day) => [day, '08:00-18:00']));
  const written = { timeZone: 'UTC', weekdays, exceptions: {}, exclude: [] };
  const period = makePeriods(new Map([['office', written]])).get('office');
  if (period === undefined) throw new Error('the period is right');
  return new PeriodCalendar(period);
}

const find = (scene: Partial<SilenceScene>) =>
  findSilence({ asking, newestAt: START, until: START, calendar: null, stops: [], ...scene }).map(
    ({ fromAt, reason }) => [reason, fromAt - START],
  );
const at = (hours: number) => START + hours * HOUR_MS;

describe('silence', () => {
  test('begins two intervals, the time-out and 15 s after the newest result was due', () => {
    expect(LASTS_MS).toBe(145_000);
    expect(find({ until: START + LASTS_MS })).toEqual([]);
    expect(find({ until: START + LASTS_MS + 1 })).toEqual([['noResult', LASTS_MS]]);
  });

  test('is that of a stop of the schedule, until a first run after it is missed too', () => {
    const stops = [{ from: START + 5_000, to: at(1) }];
    const stopped = ['schedulerStopped', LASTS_MS];
    expect(find({ until: at(1) + 1_000, stops })).toEqual([stopped]);
    const found = find({ until: at(2), stops });
    expect(found).toEqual([stopped, ['noResult', HOUR_MS + LASTS_MS]]);
    const again = [...stops, { from: at(1) + 30_000, to: at(1.5) }];
    expect(find({ until: at(1.5) + 1_000, stops: again })).toEqual([stopped]);
  });

  test('is not that of a stop before the newest result, or after it was a fault', () => {
    const before = { from: at(-2), to: at(-1) };
    const after = { from: at(1), to: at(2) };
    const found = find({ until: at(2), stops: [before, after] });
    expect(found).toEqual([['noResult', LASTS_MS]]);
  });

  test('outside the check period is explained by it, until its window misses a run', () => {
    const closing = { newestAt: at(18) - 1_000, calendar: office() };
    const rests = ['outsidePeriod', 18 * HOUR_MS - 1_000 + LASTS_MS];
    expect(find({ ...closing, until: at(31) })).toEqual([rests]);
    const missed = 32 * HOUR_MS + MINUTE_MS + 25_000;
    expect(find({ ...closing, until: at(33) })).toEqual([rests, ['noResult', missed]]);
    const stops = [{ from: at(20), to: at(32.5) }];
    const found = find({ ...closing, until: at(32.5) + 1_000, stops });
    expect(found).toEqual([rests, ['schedulerStopped', missed]]);
    const overNight = [{ from: at(18) - 500, to: at(31) }];
    expect(find({ ...closing, until: at(32) + 1_000, stops: overNight })).toEqual([rests]);
  });

  test('within a window of the check period is a fault', () => {
    const inside = { newestAt: at(12), calendar: office() };
    expect(find({ ...inside, until: at(13) })).toEqual([['noResult', 12 * HOUR_MS + LASTS_MS]]);
  });

  test('counts from an edit, since results may have been asked for otherwise before', () => {
    const edited = { asking: { ...asking, since: at(1) } };
    expect(find({ ...edited, until: at(1) + LASTS_MS })).toEqual([]);
    expect(find({ ...edited, until: at(2) })).toEqual([['noResult', HOUR_MS + LASTS_MS]]);
    const stops = [{ from: at(0.5), to: at(1) - 1_000 }];
    const found = find({ ...edited, until: at(1) + 1_000, stops });
    expect(found).toEqual([['schedulerStopped', HOUR_MS / 2]]);
    const short = [{ from: at(1) - 20_000, to: at(1) - 1_000 }];
    expect(find({ ...edited, until: at(1) + 1_000, stops: short })).toEqual([]);
  });
});

test('2.1 what is told while silence lasts is what is found when it is over', () => {
  const minutes = (max: number) => fc.integer({ min: 0, max }).map((count) => count * MINUTE_MS);
  const scenes = fc.record({
    newestAt: minutes(48 * 60).map((ms) => START + ms),
    intervalMs: fc.constantFrom(10_000, MINUTE_MS, HOUR_MS),
    isOffice: fc.boolean(),
    editedMs: fc.option(minutes(120), { nil: null }),
    gaps: fc.array(fc.tuple(minutes(600), minutes(600)), { maxLength: 4 }),
    asked: fc.array(minutes(72 * 60), { minLength: 1, maxLength: 5 }),
  });
  fc.assert(
    fc.property(scenes, ({ newestAt, intervalMs, isOffice, editedMs, gaps, asked }) => {
      let end = newestAt - HOUR_MS;
      const stops = gaps.map(([upMs, downMs]) => {
        const from = end + upMs + 1;
        end = from + downMs + 15_001;
        return { from, to: end };
      });
      const since = editedMs === null ? 0 : newestAt + editedMs;
      const scene = {
        ...{ newestAt, asking: { intervalMs, timeoutMs: 10_000, since } },
        calendar: isOffice ? office() : null,
      };
      const last = Math.max(newestAt, since, end) + 100 * HOUR_MS;
      const whole = findSilence({ ...scene, until: last, stops });
      for (const [index, { fromAt }] of whole.entries()) {
        expect(fromAt).toBeGreaterThan(index === 0 ? newestAt : (whole[index - 1]?.fromAt ?? 0));
      }
      for (const ms of asked) {
        const until = Math.max(newestAt, since) + ms;
        // Nobody tells while the schedule stands still, and the stops to come are not known.
        if (stops.some(({ from, to }) => from < until && until < to)) continue;
        const known = stops.filter(({ to }) => to <= until);
        const told = findSilence({ ...scene, until, stops: known });
        expect(told).toEqual(whole.filter(({ fromAt }) => fromAt < until));
      }
    }),
  );
});
