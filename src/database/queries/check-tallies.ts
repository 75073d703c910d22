/**
 * How many checks pass filters that the tallies know of: the host's own fields, states, and whether
 * somebody knows of a problem. Costs a pass over hosts at most, where counting costs one over checks.
 */

import { CHECK_STATES } from '../../model/check.ts';
import { STATE_TYPES, type StateType } from '../../model/state-type.ts';
import type { Sql } from '../database.ts';
import { type FilterEntry, filterChecks, type Wanted } from './check-filters.ts';
import { NO_STATE } from './host-counts.ts';
import { contains } from './page.ts';
import { type BucketCount, type ChooseHosts, readTally, sumTallies } from './tallies.ts';

/** With more hosts to count again, counting the checks is quicker. */
const MAX_WAITING = 200;

/** Of so many checks a page in the order of hosts is soon full. */
const FREQUENT = 0.02;

/** Filters of fields that are the host's alone. One host's few checks are counted as they are. */
const HOST_FILTERS = new Set(['zone', 'subnetId', 'label']);

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
  const ofHosts = filters.filter(([name]) => HOST_FILTERS.has(name));
  const buckets = await sumTallies(sql, MAX_WAITING, chooseHosts(ofHosts, search?.text));
  return buckets?.filter((bucket) => passes(bucket, filters)) ?? null;
}

/**
 * Whether a page in the order of hosts should be soon full, told before a count that takes long, since
 * it is of some hosts: by how many checks of the site pass the filters of states.
 */
export async function areFrequent(sql: Sql, wanted: Wanted): Promise<boolean> {
  const isOfSome =
    wanted.search !== null || wanted.filters.some(([name]) => HOST_FILTERS.has(name));
  if (!isOfSome || !isKnown(wanted)) return false;
  const buckets = (await readTally(sql)).filter(({ subject }) => subject === 'check');
  const sum = (counts: readonly BucketCount[]) =>
    counts.reduce((total, { count }) => total + count, 0);
  const passing = sum(buckets.filter((bucket) => passes(bucket, wanted.filters)));
  return passing >= FREQUENT * sum(buckets);
}

function isKnown({ filters, search, suite }: Wanted): boolean {
  const isOfHosts = search === null || (search.hostIds === null && search.pluginIds?.length === 0);
  const areKnown = filters.every(([name]) => HOST_FILTERS.has(name) || name in BUCKET_FILTERS);
  return areKnown && isOfHosts && suite === null;
}

function passes(bucket: BucketCount, filters: readonly FilterEntry[]): boolean {
  return (
    bucket.subject === 'check' &&
    filters.every(([name, value]) => BUCKET_FILTERS[name]?.(bucket, value) ?? true)
  );
}

/** Undefined when all hosts are meant. */
function chooseHosts(
  filters: readonly FilterEntry[],
  text: string | undefined,
): ChooseHosts | undefined {
  if (filters.length === 0 && text === undefined) return undefined;
  return (query) => {
    const filtered = filterChecks(query, { filters, search: null, suite: null }, 'count');
    return text === undefined ? filtered : filtered.where(contains('host.name', text));
  };
}
