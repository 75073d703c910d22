/**
 * Section 6: acknowledgements, by which people say that they know of a problem. Part of an object's
 * state; pure.
 */

/** A problem that somebody took over. */
export interface Acknowledgement {
  /** Chosen by whoever took the command; a repeated command is known by it. */
  readonly id: string;
  /** False: any change of state drops it. True: only the recovery does. */
  readonly isSticky: boolean;
  /** Whether its comment stays when it is dropped. */
  readonly isPersistent: boolean;
  readonly author: string;
  readonly comment: string;
  /** Null: never. */
  readonly expiresAt: number | null;
}

/** Why an acknowledgement is gone. */
export type AcknowledgementEnd = 'removed' | 'replaced' | 'stateChanged' | 'recovered' | 'expired';

/** Whether an acknowledgement takes effect: only on a problem, and not when its time is over. */
export function canAcknowledge(
  acknowledgement: Acknowledgement,
  isProblem: boolean,
  at: number,
): boolean {
  const { expiresAt } = acknowledgement;
  return isProblem && (expiresAt === null || expiresAt > at);
}

/** Why a change of state drops an acknowledgement; null when it stays. */
export function endByChange(
  acknowledgement: Acknowledgement,
  isRecovery: boolean,
): AcknowledgementEnd | null {
  if (isRecovery) return 'recovered';
  return acknowledgement.isSticky ? null : 'stateChanged';
}

/** Whether its time is over. */
export function isExpired({ expiresAt }: Acknowledgement, at: number): boolean {
  return expiresAt !== null && expiresAt <= at;
}
