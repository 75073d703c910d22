/** Hosts by their own states: as a filter of lists, and as a number for totals. */

import { type RawBuilder, sql as raw } from 'kysely';
import { HOST_STATES } from '../../model/host-state.ts';
import type { AnyQuery } from './page.ts';
import { toStateCode } from './state-codes.ts';

/** Whether something tells the state of the host of a query. */
export const HAS_HOST_CHECK: RawBuilder<boolean> = raw<boolean>`exists (
  select 1 from check_pair as of_host inner join plugin as telling on telling.id = of_host.plugin_id
  where of_host.host_id = host.id
    and (telling.host_check = 1 or telling.id = host.host_check_id))`;

const NO_STATE_CODE = -2;

/** A host's state as a number: that of a result, else what it is assumed to be; -1 while pending. */
const HOST_STATE_CODE: RawBuilder<number> = raw<number>`coalesce(
  (select own_state.state from check_pair as own
    inner join check_state as own_state on own_state.check_id = own.check_id
    where own.host_id = host.id and own.plugin_id is null),
  case when ${HAS_HOST_CHECK} then -1 else ${raw.lit(toStateCode('up'))} end)`;

/** Leaves hosts in these states, with commas between, of a query over hosts; no host is in one of checks. */
export function filterHostStates<Query extends AnyQuery>(query: Query, value: string): Query {
  const codes = value.split(',').map((name) => {
    if (name === 'pending') return -1;
    const state = HOST_STATES.find((one) => one === name);
    return state === undefined ? NO_STATE_CODE : toStateCode(state);
  });
  return query.where(raw<boolean>`${HOST_STATE_CODE} in (${raw.join(codes)})`) as Query;
}
