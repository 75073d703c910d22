/** Section 11: what macros say of a change of state, for the event handlers of section 10.2. */

import type { TextMap } from '../model/objects.ts';
import type { Evaluation } from './state/evaluation.ts';
import type { HostState, ServiceState } from './state/object-state.ts';

/** A change of state of a service or host. */
export interface HandledChange {
  readonly kind: 'service' | 'host';
  readonly at: number;
  readonly output: string;
  readonly maxCheckAttempts: number;
  readonly before: ServiceState | HostState;
  readonly evaluation: Evaluation<ServiceState> | Evaluation<HostState>;
  /** The state of a service's host. */
  readonly hostState: string;
}

const STATE_IDS: Readonly<Record<string, number>> = {
  ...{ ok: 0, warning: 1, critical: 2, unknown: 3 },
  ...{ up: 0, down: 1, unreachable: 2 },
};

/** The values by name. State, type and attempt of a recovery are those that are logged: of its problem. */
export function createHandlerMacros(change: HandledChange): TextMap {
  const { kind, at, output, maxCheckAttempts, before, evaluation, hostState } = change;
  const { state } = evaluation;
  const alert = evaluation.events.find((event) => event.kind === 'alert');
  const { stateType, attempt } = alert ?? state;
  const own = kind === 'host' ? 'HOST' : 'SERVICE';
  const ofHost = kind === 'host' ? state.state : hostState;
  const seconds = (instant: number | null) => String(Math.floor((instant ?? 0) / 1_000));
  return {
    ...nameState('HOST', ofHost),
    ...nameState(own, state.state),
    ...nameState(`LAST${own}`, before.state),
    [`${own}STATETYPE`]: stateType.toUpperCase(),
    [`${own}ATTEMPT`]: String(attempt),
    [`MAX${own}ATTEMPTS`]: String(maxCheckAttempts),
    [`${own}OUTPUT`]: output,
    [`${own}EVENTID`]: String(state.eventNumber),
    [`LAST${own}EVENTID`]: String(before.eventNumber),
    [`${own}PROBLEMID`]: String(state.problemNumber),
    [`LAST${own}PROBLEMID`]: String(state.lastProblemNumber),
    [`LAST${own}STATECHANGE`]: seconds(state.lastStateChangeAt),
    [`LAST${own}CHECK`]: seconds(state.checkedAt),
    [`${own}PERCENTCHANGE`]: state.flapping.percent.toFixed(2),
    [`${own}DOWNTIME`]: String(state.downtimes.length),
    TIMET: seconds(at),
  };
}

function nameState(prefix: string, state: string): TextMap {
  return {
    [`${prefix}STATE`]: state.toUpperCase(),
    [`${prefix}STATEID`]: String(STATE_IDS[state] ?? 3),
  };
}
