/**
 * Section 6: how an object's problem comes to be acknowledged, and how that ends.
 */

import {
  type AcknowledgementEnd,
  canAcknowledge,
  endByChange,
  isExpired,
} from './acknowledgement.ts';
import { type Draft, isProblem, isSettled, notify, settle } from './draft.ts';
import type { Command } from './evaluation.ts';

/** Takes an acknowledgement, in place of one that is there. */
export function acknowledge<Name extends string>(
  draft: Draft<Name>,
  command: Extract<Command, { readonly kind: 'acknowledge' }>,
): void {
  const { acknowledgement } = command;
  const { id, author, comment } = acknowledgement;
  const { state, at } = draft;
  if (state.acknowledgement?.id === id || isSettled(state, id)) return;
  if (!canAcknowledge(acknowledgement, isProblem(draft), at)) {
    settle(draft, id);
    return;
  }
  endAcknowledgement(draft, 'replaced');
  draft.state = { ...draft.state, acknowledgement };
  draft.events.push({ kind: 'acknowledged', at, id });
  if (command.notify) notify(draft, 'acknowledgement', { author, comment });
}

/** Takes back the acknowledgement with this id. */
export function removeAcknowledgement<Name extends string>(draft: Draft<Name>, id: string): void {
  if (draft.state.acknowledgement?.id === id) endAcknowledgement(draft, 'removed');
  // It may have been overtaken by its removal.
  else settle(draft, id);
}

/** Drops the acknowledgement that a change of state drops. */
export function dropByChange<Name extends string>(draft: Draft<Name>): void {
  const { acknowledgement } = draft.state;
  if (acknowledgement === null) return;
  const why = endByChange(acknowledgement, !isProblem(draft));
  if (why !== null) endAcknowledgement(draft, why);
}

/** Drops the acknowledgement whose time is over. */
export function dropExpired<Name extends string>(draft: Draft<Name>): void {
  const { acknowledgement } = draft.state;
  if (acknowledgement !== null && isExpired(acknowledgement, draft.at)) {
    endAcknowledgement(draft, 'expired');
  }
}

function endAcknowledgement<Name extends string>(
  draft: Draft<Name>,
  why: AcknowledgementEnd,
): void {
  const { acknowledgement } = draft.state;
  if (acknowledgement === null) return;
  const { id, isPersistent } = acknowledgement;
  draft.state = { ...draft.state, acknowledgement: null };
  const endsComment = !isPersistent;
  draft.events.push({ kind: 'acknowledgementEnded', at: draft.at, id, why, endsComment });
  settle(draft, id);
}
