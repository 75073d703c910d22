/**
 * Sections 4 to 9: inputs that are no results: what people do, and what time does. The same for
 * services and hosts.
 */

import { assertNever } from '../../lib/assert.ts';
import { acknowledge, dropExpired, removeAcknowledgement } from './acknowledgements.ts';
import { nextTurnAt } from './downtime.ts';
import { applyDowntimeCommand, passDowntimes } from './downtimes.ts';
import { type Draft, isProblem, isSettled, notify, settle } from './draft.ts';
import type { Command, Lapse } from './evaluation.ts';
import { clearFlapping } from './flap-detection.ts';
import type { ObjectState } from './object-state.ts';

/** What was due by time alone; every input does this first. */
export function passTime<Name extends string>(draft: Draft<Name>): void {
  dropExpired(draft);
  passDowntimes(draft);
}

/** When time alone changes the state next; null when it never does. Then a `time` input is wanted. */
export function nextChangeAt({
  acknowledgement,
  downtimes,
  waitsUntil,
}: ObjectState<string>): number | null {
  const times = downtimes.map(nextTurnAt);
  if (waitsUntil !== null) times.push(waitsUntil);
  const expiresAt = acknowledgement?.expiresAt ?? null;
  if (expiresAt !== null) times.push(expiresAt);
  return times.length === 0 ? null : Math.min(...times);
}

/** Writes what comes of an input into the draft. */
export function applyInput<Name extends string>(draft: Draft<Name>, input: Command | Lapse): void {
  switch (input.kind) {
    case 'acknowledge':
      acknowledge(draft, input);
      break;
    case 'removeAcknowledgement':
      removeAcknowledgement(draft, input.id);
      break;
    case 'scheduleDowntime':
    case 'startDowntime':
    case 'endDowntime':
    case 'cancelDowntime':
      applyDowntimeCommand(draft, input);
      break;
    case 'clearFlapping':
      clearOnce(draft, input.id);
      break;
    case 'notify':
      notifyOnce(draft, input);
      break;
    case 'stale':
    case 'notMeasured':
      applyLapse(draft, input);
      break;
    case 'time':
      if (isProblem(draft) && draft.state.stateType === 'hard') notify(draft, 'problem');
      break;
    default:
      assertNever(input);
  }
}

function clearOnce<Name extends string>(draft: Draft<Name>, id: string): void {
  if (isSettled(draft.state, id)) return;
  clearFlapping(draft);
  settle(draft, id);
}

function notifyOnce<Name extends string>(
  draft: Draft<Name>,
  { id, author, comment, isForced, isBroadcast, isCounted }: Extract<Command, { kind: 'notify' }>,
): void {
  if (isSettled(draft.state, id)) return;
  notify(draft, 'custom', { author, comment, isForced, isBroadcast, isCounted });
  settle(draft, id);
}

/** A lapse that a newer result has overtaken, or that is known already, changes nothing. */
function applyLapse<Name extends string>(
  draft: Draft<Name>,
  lapse: Extract<Lapse, { readonly scheduledAt: number | null }>,
): void {
  const { state, at } = draft;
  const { kind, scheduledAt, isExpected = false } = lapse;
  if (state.scheduledAt !== scheduledAt) return;
  if (kind === 'stale') {
    if (state.staleSince !== null) return;
    draft.state = { ...state, staleSince: at };
    draft.wantedChecks = ['itself'];
  } else {
    if (!state.isMeasured && (isExpected || !state.isSilenceExpected)) return;
    draft.state = { ...state, isMeasured: false, isSilenceExpected: isExpected };
  }
  if (!isExpected) draft.events.push({ kind, at });
}
