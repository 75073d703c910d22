/** What of a host and a plugin a request for their check says: the same whoever asks for it. */

import type { QueueSpec } from '../broker/broker.ts';
import { shardOf, type Topology } from '../broker/topology.ts';
import type { AgendaHost, AgendaPlugin } from '../database/queries/agenda.ts';
import type { CheckRequest } from '../messages/check-request.ts';

/**
 * All but which check it is and when; `shards`: how many queues of results there are, `timing`: how
 * often and how long it runs where the host has that for itself.
 */
export function describeRun(
  host: Omit<AgendaHost, 'maintenance' | 'overrides'>,
  plugin: Omit<AgendaPlugin, 'id' | 'checkPeriodId' | 'activeChecks'>,
  shards: number,
  timing: Pick<AgendaPlugin, 'intervalMs' | 'timeoutMs'> = plugin,
): Omit<CheckRequest, 'id' | 'checkId' | 'scheduledAt' | 'expiresAt'> {
  return {
    shard: shardOf(host, shards),
    keepHistory: host.history,
    intervalMs: timing.intervalMs,
    timeoutMs: timing.timeoutMs,
    run: plugin.run,
    params: plugin.params,
    host: { name: host.name, address: host.address, vars: host.vars },
    plugin: { name: plugin.name },
    ...(plugin.ssh ? { ssh: { login: host.login, port: host.sshPort } } : {}),
  };
}

/** Where the schedule puts a request: built-in probes and plugins over ssh start no program on the worker. */
export function queueOf(
  { run, ssh }: Pick<CheckRequest, 'run' | 'ssh'>,
  zone: string,
  topology: Topology,
): QueueSpec {
  const isLight = 'builtin' in run || ssh !== undefined;
  return isLight ? topology.checksLight(zone) : topology.checks(zone);
}
