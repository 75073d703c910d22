/** What a host has for one of its checks instead of what the plugin says. */

import type { CheckPolicy } from './check-policy.ts';

/** Numbers of a plugin that a host may have for itself; what is absent is as the plugin says. */
export interface CheckOverride
  extends Partial<
    Pick<
      CheckPolicy,
      'maxCheckAttempts' | 'retryIntervalMs' | 'lowFlapThreshold' | 'highFlapThreshold'
    >
  > {
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
}

/** How often a check runs, and how long it may take. */
interface Timing {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** How often the check of one host runs, and how long it may take. */
export function timingOf(plugin: Timing, override: CheckOverride | undefined): Timing {
  const { intervalMs, timeoutMs } = plugin;
  return {
    intervalMs: override?.intervalMs ?? intervalMs,
    timeoutMs: override?.timeoutMs ?? timeoutMs,
  };
}

/** A plugin as it is for the check of one host. */
export function withOverride<Plugin extends Timing & { readonly policy: CheckPolicy }>(
  plugin: Plugin,
  override: CheckOverride,
): Plugin {
  const { intervalMs: _interval, timeoutMs: _timeout, ...policy } = override;
  return { ...plugin, ...timingOf(plugin, override), policy: { ...plugin.policy, ...policy } };
}
