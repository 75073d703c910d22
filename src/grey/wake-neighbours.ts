/**
 * What a committed batch means for others: checks that waited for a host are told that it was checked,
 * and the neighbours of one that went or came back are to be checked. All of it are hints: who is not
 * told goes on when its own time is over.
 */

import { randomUUID } from 'node:crypto';
import type { Broker } from '../broker/broker.ts';
import { shardOf, type Topology } from '../broker/topology.ts';
import type { Sql } from '../database/database.ts';
import {
  type HostSight,
  listChildIds,
  listWaiting,
  readHostSights,
  type WaitingObject,
} from '../database/queries/host-neighbours.ts';
import type { HostFacts } from '../database/queries/object-facts.ts';
import type { Clock } from '../lib/clock.ts';
import { CHECK_COMMAND, COMMAND_ID_PREFIX } from '../messages/check-command.ts';
import type { Envelope } from '../messages/envelope.ts';
import { selectNeighboursToCheck } from '../nagios/state/reachability.ts';
import type { Semantics } from '../nagios/state/semantics.ts';
import type { BatchEvaluation, NeighbourTurn } from './evaluate-batch.ts';
import type { Policies } from './policies.ts';

/** Objects told at once; the others find out by their own time. */
const MAX_TOLD = 10_000;

/** What is needed to tell others. */
export interface NeighbourContext {
  readonly database: Sql;
  readonly policies: Policies;
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly shards: number;
  readonly semantics: Semantics;
  readonly clock: Clock;
}

/** Tells objects that waited to look again. Throws `Unavailable`. */
export async function wakeWaiting(
  context: NeighbourContext,
  { checkedHosts, waitingHosts }: BatchEvaluation,
  sights: ReadonlyMap<string, HostSight>,
): Promise<void> {
  const { database } = context;
  const waiting =
    checkedHosts.size === 0 ? [] : await listWaiting(database, [...checkedHosts], MAX_TOLD);
  const overtaken = await findOvertaken(database, [...waitingHosts.values()], sights);
  await tellTime(context, [...waiting, ...overtaken]);
}

/**
 * Hosts that began to wait while a parent was being stored: whoever stored that could not see them
 * wait yet, and they did not see what it stored. Both look again after their commits.
 */
async function findOvertaken(
  database: Sql,
  hosts: readonly HostFacts[],
  before: ReadonlyMap<string, HostSight>,
): Promise<WaitingObject[]> {
  if (hosts.length === 0) return [];
  const now = await readHostSights(database, [...new Set(hosts.flatMap((host) => host.parentIds))]);
  const hasNews = (id: string) => now.get(id)?.checkedAt !== before.get(id)?.checkedAt;
  return hosts
    .filter(({ parentIds }) => parentIds.some(hasNews))
    .map(({ objectId, id }) => ({ id: objectId, hostId: id }));
}

async function tellTime(
  { broker, topology, envelope, shards, clock }: NeighbourContext,
  objects: readonly WaitingObject[],
): Promise<void> {
  await Promise.all(
    objects.map(({ id: checkId, hostId }) => {
      const id = `${COMMAND_ID_PREFIX}${randomUUID()}`;
      const command = { id, checkId, at: clock.now(), command: { kind: 'time' } } as const;
      const message = envelope.seal(CHECK_COMMAND, id, command);
      return broker.publish(topology.results(shardOf({ id: hostId }, shards)), message);
    }),
  );
}

/** The host checks of neighbours that are wanted, and when. */
export async function findWantedNeighbours(
  { database, policies, semantics }: NeighbourContext,
  turns: readonly NeighbourTurn[],
): Promise<Map<number, number>> {
  const wanted = new Map<number, number>();
  if (turns.length === 0) return wanted;
  const childIds = await listChildIds(
    database,
    turns.map(({ host }) => host.id),
  );
  const ids = turns.flatMap(({ host }) => [...host.parentIds, ...(childIds.get(host.id) ?? [])]);
  if (ids.length === 0) return wanted;
  const neighbours = new Set(ids);
  const sights = await readHostSights(database, [...neighbours]);
  const facts = await policies.loadHosts(database, neighbours);
  const glimpse = (id: string) => {
    const sight = sights.get(id);
    return sight === undefined ? [] : [{ ...sight, id }];
  };
  for (const { host, isLeaving, at } of turns) {
    const parents = host.parentIds.flatMap(glimpse);
    const children = (childIds.get(host.id) ?? []).flatMap(glimpse);
    const chosen = selectNeighboursToCheck({ parents, children }, { isLeaving, at }, semantics);
    for (const id of chosen) {
      const hostCheck = facts.get(id)?.hostCheck ?? null;
      if (hostCheck !== null) wanted.set(hostCheck.checkId, at);
    }
  }
  return wanted;
}
