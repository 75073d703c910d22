/**
 * Section 3: checks that were due and held -> the state that is configured for that, as a result of
 * theirs in the queue of their host. Nothing is sent where states are left as they are.
 */

import type { Broker } from '../broker/broker.ts';
import { shardOf, type Topology } from '../broker/topology.ts';
import type { AgendaHost, AgendaPlugin } from '../database/queries/agenda.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { CHECK_RESULT, type CheckResult } from '../messages/check-result.ts';
import type { Envelope } from '../messages/envelope.ts';
import { CHECK_STATES } from '../model/check.ts';
import { HOST_STATES } from '../model/host-state.ts';
import { stateOfSkippedHost, stateOfSkippedService } from '../nagios/state/execution.ts';
import type { Semantics } from '../nagios/state/semantics.ts';
import type { Hold } from './execution-holds.ts';

/** Results that may wait for their confirm; what is beyond is told when the check is due again. */
const MAX_UNCONFIRMED = 10_000;
/** Stands for a worker in results of checks that were not run. */
const RED_WORKER = 'red';

/** A check that was due and is held. */
export interface HeldCheck {
  readonly hold: Hold;
  readonly dueAt: number;
  readonly host: Pick<AgendaHost, 'id' | 'name' | 'history'>;
  readonly plugin: Pick<AgendaPlugin, 'name'>;
}

/** What this works with. */
export interface SkippedChecksOptions {
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly shards: number;
  readonly semantics: Semantics;
  readonly clock: Clock;
  readonly log: Log;
}

/** Gives what is to be told of each held check. */
export function createSkippedChecks(options: SkippedChecksOptions): (held: HeldCheck) => void {
  const { broker, topology, envelope, shards, semantics, clock, log } = options;
  let unconfirmed = 0;
  let isAway = false;
  const send = async (host: HeldCheck['host'], result: CheckResult) => {
    unconfirmed++;
    try {
      const message = envelope.seal(CHECK_RESULT, result.id, result);
      await broker.publish(topology.results(shardOf(host, shards)), message);
      isAway = false;
    } catch (error) {
      if (!isAway) log.warn({ error }, 'states of checks that are not run cannot be sent');
      isAway = true;
    } finally {
      unconfirmed--;
    }
  };
  return (held) => {
    const result = describeSkipped(held, semantics, clock.now());
    if (result !== null && unconfirmed < MAX_UNCONFIRMED) void send(held.host, result);
  };
}

/** The result that stands for a check which was held at `now`; null where its state is left alone. */
function describeSkipped(
  { hold, dueAt, host, plugin }: HeldCheck,
  semantics: Semantics,
  now: number,
): CheckResult | null {
  const { objectId, isOfHost, explanation } = hold;
  const exitCode = exitCodeOf(hold, semantics);
  const state = CHECK_STATES[exitCode];
  if (state === undefined) return null;
  return {
    id: `${objectId}-${dueAt}-${RED_WORKER}`,
    checkId: objectId,
    scheduledAt: dueAt,
    startedAt: now,
    finishedAt: now,
    worker: RED_WORKER,
    host: host.name,
    plugin: isOfHost ? '' : plugin.name,
    keepHistory: host.history,
    isSkipped: true,
    state,
    exitCode,
    output: `(not run) ${explanation}`,
    longOutput: '',
    perfdata: [],
  };
}

/** That of the state; -1 where there is none. */
function exitCodeOf({ isOfHost, reason }: Hold, semantics: Semantics): number {
  if (isOfHost) {
    const state = stateOfSkippedHost(reason, semantics);
    return state === null ? -1 : HOST_STATES.indexOf(state);
  }
  const state = stateOfSkippedService(reason, semantics);
  return state === null ? -1 : CHECK_STATES.indexOf(state);
}
