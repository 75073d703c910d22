/** What of a host and a plugin a request for their check says: the same whoever asks for it. */

import type { AgendaHost, AgendaPlugin } from '../database/queries/agenda.ts';
import { hash32 } from '../lib/hash.ts';
import type { CheckRequest } from '../messages/check-request.ts';

/** All but which check it is and when; `shards`: how many queues of results there are. */
export function describeRun(
  host: Omit<AgendaHost, 'maintenance'>,
  plugin: Omit<AgendaPlugin, 'id' | 'checkPeriodId' | 'activeChecks'>,
  shards: number,
): Omit<CheckRequest, 'id' | 'checkId' | 'scheduledAt' | 'expiresAt'> {
  return {
    shard: shardOf(host, shards),
    keepHistory: host.history,
    intervalMs: plugin.intervalMs,
    policy: { ...plugin.policy, stalking: [...plugin.policy.stalking] },
    timeoutMs: plugin.timeoutMs,
    run: plugin.run,
    params: plugin.params,
    host: { name: host.name, address: host.address, vars: host.vars },
    plugin: { name: plugin.name },
    ...(plugin.ssh ? { ssh: { login: host.login, port: host.sshPort } } : {}),
  };
}

/**
 * The queue of results of a host's checks. By host, not by check: the state of a host's checks
 * depends on the host's own, so one grey should own them together.
 */
export function shardOf({ id }: { readonly id: string }, shards: number): number {
  return hash32(id) % shards;
}
