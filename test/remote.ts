/** Checks over ssh as violet runs them, with settings that differ per test. */

import { systemClock } from '../src/lib/clock.ts';
import { type Log, silentLog } from '../src/lib/log.ts';
import { createMetrics } from '../src/lib/metrics.ts';
import { type ConnectionsContext, openConnections } from '../src/violet/ssh/connections.ts';
import { openKnownHosts } from '../src/violet/ssh/known-hosts-file.ts';
import type { SshContext } from '../src/violet/ssh/run-remote.ts';

/** What differs from the usual. */
export interface SshTestSettings extends Partial<Omit<ConnectionsContext, 'identities' | 'log'>> {
  readonly keys?: readonly string[];
  readonly agent?: string;
  readonly knownHostsPaths?: readonly string[];
  readonly pluginPaths?: readonly string[];
  readonly failureState?: SshContext['failureState'];
  readonly log?: Log;
}

/** Connections of their own; nothing is connected yet, and without keys nothing ever is. */
export function openTestSsh(settings: SshTestSettings = {}): SshContext {
  const { keys = [], agent = '', knownHostsPaths = [], pluginPaths = ['/nowhere'] } = settings;
  const { failureState = 'unknown', ...others } = settings;
  const connections = openConnections({
    hostKeyPolicy: 'strict',
    connectTimeoutMs: 5_000,
    idleTimeoutMs: 60_000,
    maxIdleConnections: 100,
    maxSessionsPerHost: 8,
    jumpHost: null,
    clock: systemClock,
    random: Math.random,
    log: silentLog(),
    metrics: createMetrics(),
    knownHosts: openKnownHosts(knownHostsPaths),
    ...others,
    identities: { keys, agent },
  });
  return { connections, pluginPaths, failureState };
}
