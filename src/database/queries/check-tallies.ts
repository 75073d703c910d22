/**
 * How many checks pass filters that the tallies know of: the host's own fields, states, and whether
 * somebody knows of a problem. Costs a pass over hosts at most, where counting costs one over checks.
 */

import { sql as raw } from 'kysely';
import { CHECK_STATES } from '../../model/check.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import type { BucketCount } from './bucket-counts.ts';
import { type FilterEntry, HOST_CONDITIONS, isOfProblems, type Wanted } from './check-filters.ts';
import { NO_STATE } from './host-counts.ts';
import { contains } from './page.ts';
import { type HostCondition, readTally, sumCheckTallies } from './tally-sums.ts';

/** With more hosts to count again, counting the checks is quicker. */
const MAX_WAITING = 200;

/** Of so many checks a page in the order of hosts is soon full. */
const FREQUENT = 0.02;

const BUCKET_FILTERS: Readonly<Record<string, (bucket: BucketCount, value: string) => boolean>> = {
  maintenance: ({ is_active }, value) => (is_active === 0) === (value === 'true'),
  handled: ({ is_handled }, value) => (is_handled === 1) === (value === 'true'),
  problem: ({ state }, value) => state > 0 === (value === 'true'),
  measured: ({ state }) => state !== NO_STATE,
  state: ({ state }, value) => value.split(',').includes(CHECK_STATES[state] ?? 'pending'),
  stateType: ({ state, state_type }, value) =>
    state !== NO_STATE && state_type === STATE_TYPES.indexOf(value as StateType),
};

/** The checks that pass, counted together by what the tallies tell apart; null = they do not know. */
export async function countInTallies(sql: Sql, wanted: Wanted): Promise<BucketCount[] | null> {
  const { filters, search } = wanted;
  if (!isKnown(wanted)) return null;
  const buckets = await sumCheckTallies(sql, MAX_WAITING, {
    condition: conditionOf(filters, search?.text),
    areProblems: filters.some(isOfProblems),
  });
  return buckets?.filter((bucket) => passes(bucket, filters)) ?? null;
}

/**
 * Whether a page in the order of hosts should be soon full, told before a count that takes long, since
 * it is of some hosts: by how many checks of the site pass the filters of states.
 */
export async function areFrequent(sql: Sql, wanted: Wanted): Promise<boolean> {
  const isOfSome =
    wanted.search !== null || wanted.filters.some(([name]) => name in HOST_CONDITIONS);
  if (!isOfSome || !isKnown(wanted)) return false;
  const buckets = (await readTally(sql)).filter(({ subject }) => subject === 'check');
  const sum = (counts: readonly BucketCount[]) =>
    counts.reduce((total, { count }) => total + count, 0);
  const passing = sum(buckets.filter((bucket) => passes(bucket, wanted.filters)));
  return passing >= FREQUENT * sum(buckets);
}

function isKnown({ filters, search, suite }: Wanted): boolean {
  const isOfHosts = search === null || (search.hostIds === null && search.pluginIds?.length === 0);
  const areKnown = filters.every(([name]) => name in HOST_CONDITIONS || name in BUCKET_FILTERS);
  return areKnown && isOfHosts && suite === null;
}

function passes(bucket: BucketCount, filters: readonly FilterEntry[]): boolean {
  return (
    bucket.subject === 'check' &&
    filters.every(([name, value]) => BUCKET_FILTERS[name]?.(bucket, value) ?? true)
  );
}

/** Undefined when all hosts are meant. */
function conditionOf(
  filters: readonly FilterEntry[],
  text: string | undefined,
): HostCondition | undefined {
  const conditions = filters.flatMap(([name, value]) => HOST_CONDITIONS[name]?.(value) ?? []);
  if (text !== undefined) conditions.push(contains('host.name', text));
  return conditions.length === 0 ? undefined : raw<boolean>`(${raw.join(conditions, raw` and `)})`;
}
