import { describe, expect, test } from 'vitest';
import { parseRequestId, RequestTrail } from './request-trail.ts';

describe('trail of requests', () => {
  test('tells what was noted of one request, in its order', () => {
    const trail = new RequestTrail();
    trail.note('sent', { checkId: 1, scheduledAt: 10 }, 11);
    trail.note('sent', { checkId: 2, scheduledAt: 10 }, 12);
    trail.note('confirmed', { checkId: 1, scheduledAt: 10 }, 13);
    trail.note('sent', { checkId: 1, scheduledAt: 20 }, 21);
    expect(trail.find({ checkId: 1, scheduledAt: 10 })).toEqual([
      { step: 'sent', at: 11 },
      { step: 'confirmed', at: 13 },
    ]);
    expect(trail.newestScheduledAt(1)).toBe(20);
    expect(trail.find({ checkId: 3, scheduledAt: 10 })).toEqual([]);
    expect(trail.newestScheduledAt(3)).toBeNull();
  });

  test('forgets the oldest when it is full', () => {
    const trail = new RequestTrail(3);
    for (let at = 1; at <= 5; at++) trail.note('sent', { checkId: at, scheduledAt: at }, at);
    expect([1, 2, 3, 4, 5].map((checkId) => trail.newestScheduledAt(checkId))).toEqual([
      null,
      null,
      3,
      4,
      5,
    ]);
  });
});

test.each([
  ['12-1764000000000', { checkId: 12, scheduledAt: 1_764_000_000_000 }],
  ['12-1764000000000-1a2b3c4d', { checkId: 12, scheduledAt: 1_764_000_000_000 }],
  ['12-1764000000000-api', { checkId: 12, scheduledAt: 1_764_000_000_000 }],
  ['12', undefined],
  ['-1-5', undefined],
  ['1-2-', undefined],
  ['1-2 ', undefined],
  [`${'9'.repeat(16)}-1`, undefined],
])('the id %j', (id, key) => {
  expect(parseRequestId(id)).toEqual(key);
});
