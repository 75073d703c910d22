/** Counts by bucket, and what two of them differ by. */

import { type Bucket, bucketKey } from './host-counts.ts';

/** So many are in a bucket. */
export interface BucketCount extends Bucket {
  readonly count: number;
}

/** What `after` has more than `before`, or less; nothing where both have the same. */
export function difference(
  before: readonly BucketCount[],
  after: readonly BucketCount[],
): BucketCount[] {
  const counts = new Map<string, BucketCount>();
  const add = (bucket: BucketCount, count: number) => {
    const key = bucketKey(bucket);
    const { subject, is_active, state, state_type, is_handled } = bucket;
    const sum = (counts.get(key)?.count ?? 0) + count;
    counts.set(key, { subject, is_active, state, state_type, is_handled, count: sum });
  };
  for (const bucket of before) add(bucket, -bucket.count);
  for (const bucket of after) add(bucket, bucket.count);
  return [...counts.values()].filter(({ count }) => count !== 0);
}

/** A row of `tally` or `host_tally`, or of a sum of these. */
export function toBucketCount(row: {
  readonly subject: string;
  readonly is_active: 0 | 1;
  readonly state: number;
  readonly state_type: number;
  readonly is_handled: 0 | 1;
  readonly count: unknown;
}): BucketCount {
  return {
    subject: row.subject === 'host' ? 'host' : 'check',
    is_active: row.is_active,
    state: row.state,
    state_type: row.state_type,
    is_handled: row.is_handled,
    count: Number(row.count),
  };
}
