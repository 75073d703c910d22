/** Totals over all checks and hosts, for `/status` and the common statistics. */

import type { StateName } from '../../model/check.ts';
import type { HostViewState } from '../../model/host-state.ts';
import { STATE_TYPES } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import type { BucketCount } from './bucket-counts.ts';
import { NO_STATE } from './host-counts.ts';
import { readCheckCode, readHostCode } from './state-codes.ts';
import { readTallies } from './tally-sums.ts';

/** How many there are of what. "Active" leaves out hosts in maintenance and their checks. */
export interface Totals {
  /** Active checks by state. */
  readonly states: Readonly<Record<StateName, number>>;
  readonly checksAll: number;
  readonly checksActive: number;
  /** Active checks that are not OK and not settled. */
  readonly softProblems: number;
  /** Active checks that are not OK, whose host is up, not acknowledged and not in downtime. */
  readonly unhandledProblems: number;
  /** Hosts, active ones, and these by state; one without a host check counts as up. */
  readonly hosts: Readonly<Record<HostViewState | 'all' | 'active', number>>;
}

/** The totals at this moment. Cost: what changed since they were counted last. */
export async function readTotals(sql: Sql): Promise<Totals> {
  return sumTotals(await readTallies(sql));
}

/** Totals of counts by bucket. */
export function sumTotals(counts: readonly BucketCount[]): Totals {
  const count = (wanted: (bucket: BucketCount) => boolean) =>
    counts.reduce((sum, bucket) => (wanted(bucket) ? sum + bucket.count : sum), 0);
  const checks = (wanted: (bucket: BucketCount) => boolean) =>
    count((bucket) => bucket.subject === 'check' && bucket.is_active === 1 && wanted(bucket));
  const hosts = (wanted: (bucket: BucketCount) => boolean) =>
    count((bucket) => bucket.subject === 'host' && bucket.is_active === 1 && wanted(bucket));
  const checksIn = (name: StateName) =>
    checks(({ state }) => (state === NO_STATE ? 'pending' : readCheckCode(state)) === name);
  const hostsIn = (name: HostViewState) =>
    hosts(({ state }) => (state === NO_STATE ? 'pending' : readHostCode(state)) === name);
  return {
    states: {
      ok: checksIn('ok'),
      warning: checksIn('warning'),
      critical: checksIn('critical'),
      unknown: checksIn('unknown'),
      pending: checksIn('pending'),
    },
    checksAll: count(({ subject }) => subject === 'check'),
    checksActive: checks(() => true),
    softProblems: checks(
      ({ state, state_type }) => state > 0 && STATE_TYPES[state_type] === 'soft',
    ),
    unhandledProblems: checks(({ state, is_handled }) => state > 0 && is_handled === 0),
    hosts: {
      all: count(({ subject }) => subject === 'host'),
      active: hosts(() => true),
      up: hostsIn('up'),
      down: hostsIn('down'),
      unreachable: hostsIn('unreachable'),
      pending: hostsIn('pending'),
    },
  };
}
