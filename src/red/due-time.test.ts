import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  followingDueAt,
  lastDueAt,
  nextDueAt,
  queueLimitAt,
  type Rhythm,
  resumeDueAt,
  rhythmOf,
} from './due-time.ts';

const rhythms = fc.record({
  intervalMs: fc.integer({ min: 1_000, max: 31_536_000_000 }),
  hash: fc.integer({ min: 0, max: 0xffffffff }),
});
const instants = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe('due time', () => {
  test('every red computes the same instants, however often it restarts', () => {
    const rhythm = rhythmOf('host', 'plugin', 60_000);
    expect(rhythm).toEqual({ intervalMs: 60_000, hash: 3_067_648_449 });
    expect(nextDueAt(rhythm, 1_000_000)).toBe(nextDueAt(rhythm, 1_000_001));
  });

  test('regular due times are one interval apart and lie around now', () => {
    fc.assert(
      fc.property(rhythms, instants, (rhythm, now) => {
        const last = lastDueAt(rhythm, now);
        const next = nextDueAt(rhythm, now);
        expect(last).toBeLessThanOrEqual(now);
        expect(next).toBeGreaterThan(now);
        expect(next - last).toBe(rhythm.intervalMs);
      }),
    );
  });

  test('the due time after a regular one is the next regular one', () => {
    fc.assert(
      fc.property(rhythms, instants, (rhythm, now) => {
        const due = nextDueAt(rhythm, now);
        expect(followingDueAt(rhythm, due, due)).toBe(due + rhythm.intervalMs);
      }),
    );
  });

  test('what follows any run is regular, in the future, and half to one and a half intervals away', () => {
    fc.assert(
      fc.property(rhythms, instants, instants, (rhythm, due, now) => {
        const next = followingDueAt(rhythm, due, now);
        expect(next).toBeGreaterThan(now);
        expect(lastDueAt(rhythm, next)).toBe(next);
        expect(next - due).toBeGreaterThanOrEqual(rhythm.intervalMs / 2);
        if (now <= due) expect(next - due).toBeLessThanOrEqual(rhythm.intervalMs * 1.5);
      }),
    );
  });

  test('what is taken from a queue has a tenth of its time left, at most two seconds', () => {
    expect(queueLimitAt(0, 1_000)).toBe(900);
    expect(queueLimitAt(5_000, 10_000)).toBe(9_500);
    expect(queueLimitAt(0, 3_600_000)).toBe(3_598_000);
  });

  test('load is spread evenly over the interval', () => {
    const buckets = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index++) {
      const rhythm = rhythmOf(`host-${index}`, 'plugin', 60_000);
      const bucket = Math.floor((nextDueAt(rhythm, 0) - 1) / 6_000);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(Math.max(...buckets) / 1_000).toBeLessThan(1.15);
  });

  test('a check that never ran is due within ten seconds, and within its interval', () => {
    fc.assert(
      fc.property(rhythms, instants, (rhythm, now) => {
        const delay = resumeDueAt(rhythm, null, now) - now;
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThan(Math.min(10_000, rhythm.intervalMs));
      }),
    );
  });

  test('a check that was served goes on at its regular time', () => {
    fc.assert(
      fc.property(rhythms, instants, (rhythm, now) => {
        const served = lastDueAt(rhythm, now);
        expect(resumeDueAt(rhythm, served, now)).toBe(nextDueAt(rhythm, now));
      }),
    );
  });

  test('a check missed d ago is due within d from now, never later than its regular time', () => {
    fc.assert(
      fc.property(rhythms, instants, (rhythm, now) => {
        const missed = lastDueAt(rhythm, now);
        const due = resumeDueAt(rhythm, missed - 1, now);
        expect(due - now).toBeLessThanOrEqual(now - missed);
        expect(due).toBeLessThanOrEqual(nextDueAt(rhythm, now));
        expect(due).toBeGreaterThanOrEqual(now);
      }),
    );
  });

  test('after an outage missed checks come at the rate at which they were missed', () => {
    const outageMs = 300_000;
    const now = 1_700_000_000_000;
    const rhythmsOfSite: Rhythm[] = Array.from({ length: 20_000 }, (_, index) =>
      rhythmOf(`host-${index}`, 'plugin', 3_600_000),
    );
    const perMinute = new Array<number>(5).fill(0);
    for (const rhythm of rhythmsOfSite) {
      const missed = lastDueAt(rhythm, now);
      if (missed < now - outageMs) continue;
      const minute = Math.floor((resumeDueAt(rhythm, missed - 3_600_000, now) - now) / 60_000);
      perMinute[minute] = (perMinute[minute] ?? 0) + 1;
    }
    expect(Math.max(...perMinute)).toBeLessThan((20_000 / 60) * 1.3);
  });
});
