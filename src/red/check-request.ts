/** Requests to run a check, and where they go: the same whoever asks. */

import type { QueueSpec } from '../broker/broker.ts';
import { shardOf, type Topology } from '../broker/topology.ts';
import type { AgendaHost, AgendaPlugin } from '../database/queries/agenda.ts';
import type { CheckRequest } from '../messages/check-request.ts';

/** Which check, and when. */
export type Occasion = Pick<CheckRequest, 'id' | 'checkId' | 'scheduledAt' | 'expiresAt'> & {
  readonly sentAt: number;
};

/** What is run, where and how. */
export interface Subject {
  readonly host: Omit<AgendaHost, 'maintenance' | 'overrides'>;
  readonly plugin: Omit<AgendaPlugin, 'id' | 'checkPeriodId' | 'activeChecks'>;
  /** How often and how long it runs where the host has that for itself. Default: as the plugin says. */
  readonly timing?: Pick<AgendaPlugin, 'intervalMs' | 'timeoutMs'>;
}

/** A request. `shards`: how many queues of results there are. */
export function createRequest(
  { id, checkId, scheduledAt, expiresAt, sentAt }: Occasion,
  { host, plugin, timing = plugin }: Subject,
  shards: number,
): CheckRequest & Occasion {
  return {
    id,
    checkId,
    scheduledAt,
    expiresAt,
    sentAt,
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
