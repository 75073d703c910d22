/** Which changes of a state are changes of the totals. */

import { isInDowntime, type ObjectState } from '../nagios/state/object-state.ts';

/** Whether a check or host is counted in the totals after a change as it was before. */
export function isCountedAlike<Name extends string>(
  before: ObjectState<Name>,
  after: ObjectState<Name>,
): boolean {
  return (
    before.state === after.state &&
    before.stateType === after.stateType &&
    (before.scheduledAt === null) === (after.scheduledAt === null) &&
    isHandled(before) === isHandled(after)
  );
}

function isHandled(state: ObjectState<string>): boolean {
  return state.acknowledgement !== null || isInDowntime(state);
}
