/** What policies of plugins, hosts and overrides have in common over HTTP. */

import type { HostPolicy } from '../../model/check-policy.ts';
import { InvalidInput } from '../../model/errors.ts';

/** The numbers and switches of a policy that both hosts and plugins send. */
interface PolicyInput {
  readonly maxCheckAttempts?: number;
  readonly retryInterval?: number | null;
  readonly flapDetection?: boolean;
  readonly lowFlapThreshold?: number | null;
  readonly highFlapThreshold?: number | null;
  readonly eventHandler?: string;
}

type Policy = Omit<HostPolicy, 'stalking' | 'flapStates'>;

/** The policy that was sent. Throws `InvalidInput` when its thresholds contradict each other. */
export function readStatePolicy(input: PolicyInput, defaults: Policy): Policy {
  const { lowFlapThreshold = null, highFlapThreshold = null, retryInterval = null } = input;
  refuseCrossed({ lowFlapThreshold, highFlapThreshold }, '');
  return {
    maxCheckAttempts: input.maxCheckAttempts ?? defaults.maxCheckAttempts,
    retryIntervalMs: toMs(retryInterval),
    flapDetection: input.flapDetection ?? defaults.flapDetection,
    lowFlapThreshold,
    highFlapThreshold,
    eventHandler: input.eventHandler ?? defaults.eventHandler,
  };
}

/** Throws `InvalidInput` when flapping would stop above where it starts. */
export function refuseCrossed(
  { lowFlapThreshold: low = null, highFlapThreshold: high = null }: PolicyInput,
  place: string,
): void {
  if (low === null || high === null || low <= high) return;
  const message = 'must not be above highFlapThreshold';
  throw new InvalidInput([{ path: `${place}/lowFlapThreshold`, message }]);
}

/** Milliseconds of seconds. */
export function toMs(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 1_000);
}

/** Seconds of milliseconds. */
export function toSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
