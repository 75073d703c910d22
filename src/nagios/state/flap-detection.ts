/**
 * Section 4: what an object's recorded states make of it: when it starts and stops flapping, and who
 * hears of it. People who were told of a problem are told of its end once the flapping is over.
 */

import { type Draft, isProblem, notify } from './draft.ts';
import { type FlapRules, type FlapTurn, noFlapping, recordState, turnOf } from './flapping.ts';
import type { Frame } from './policy.ts';

/**
 * Records the state in the draft. `owesRecovery`: whether the end of the flapping is also the moment
 * to tell of a recovery; false when the result at hand does so itself.
 */
export function recordFlapping<Name extends string>(
  draft: Draft<Name>,
  owesRecovery: boolean,
): void {
  const { state, frame, at } = draft;
  const { flapping } = state;
  const isQuiet = flapping.changes === 0 && flapping.last === state.state;
  if (isQuiet && !flapping.isFlapping) return;
  const rules = rulesOf(frame);
  const { states } = frame.policy.flapping;
  if (states === null || states.includes(state.state)) {
    const recorded = recordState(flapping, state.state, rules);
    if (recorded !== flapping) {
      draft.state = { ...draft.state, flapping: recorded, flapRecordedAt: at };
    }
  }
  turn(draft, turnOf(draft.state.flapping, rules), owesRecovery);
}

/** Forgets how often the object changed its state. */
export function clearFlapping<Name extends string>(draft: Draft<Name>): void {
  const { isFlapping } = draft.state.flapping;
  const flapping = { ...noFlapping(draft.frame.good), last: draft.state.state, isFlapping };
  draft.state = { ...draft.state, flapping };
  if (isFlapping) turn(draft, 'stopped', true);
}

/** Site and object must both want it; the object's own thresholds win when above zero. */
function rulesOf<Name extends string>({ policy, host }: Frame<Name>): FlapRules {
  const { semantics, flapping } = policy;
  const isHost = host === null;
  const low = isHost ? semantics.lowHostFlapThreshold : semantics.lowServiceFlapThreshold;
  const high = isHost ? semantics.highHostFlapThreshold : semantics.highServiceFlapThreshold;
  return {
    isEnabled: semantics.enableFlapDetection && flapping.isEnabled,
    low: flapping.low || low,
    high: flapping.high || high,
    weightOldest: semantics.flapWeightOldest,
    weightNewest: semantics.flapWeightNewest,
  };
}

const TURNS = {
  started: { event: 'flappingStarted', notification: 'flappingStart' },
  stopped: { event: 'flappingStopped', notification: 'flappingStop' },
  disabled: { event: 'flappingDisabled', notification: 'flappingDisabled' },
} as const;

function turn<Name extends string>(
  draft: Draft<Name>,
  taken: FlapTurn,
  owesRecovery: boolean,
): void {
  if (taken === null) return;
  const { event, notification } = TURNS[taken];
  const isFlapping = taken === 'started';
  const since = isFlapping ? draft.at : null;
  const flapping = { ...draft.state.flapping, isFlapping, since };
  draft.state = { ...draft.state, flapping };
  draft.events.push({ kind: event, at: draft.at, percent: flapping.percent });
  notify(draft, notification);
  const isOver = taken !== 'started' && !isProblem(draft);
  if (isOver && owesRecovery && draft.state.notified.states.length > 0) notify(draft, 'recovery');
}
