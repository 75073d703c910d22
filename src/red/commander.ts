/** Commands to checks and hosts -> the queues of their results, so that grey sees both in order. */

import { randomUUID } from 'node:crypto';
import type { Broker } from '../broker/broker.ts';
import { shardOf, type Topology } from '../broker/topology.ts';
import type { Clock } from '../lib/clock.ts';
import { CHECK_COMMAND, type CheckCommand, COMMAND_ID_PREFIX } from '../messages/check-command.ts';
import type { Envelope } from '../messages/envelope.ts';

/** A command, and the check or host that it is for. */
export interface Order {
  readonly target: { readonly checkId: number; readonly host: { readonly id: string } };
  readonly command: CheckCommand['command'];
}

/** What commands are sent with. */
export interface CommanderContext {
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly shards: number;
  readonly clock: Clock;
}

/** Sends commands; resolves when the broker has them all. Throws `Unavailable` without the broker. */
export async function sendCommands(
  { broker, topology, envelope, shards, clock }: CommanderContext,
  orders: readonly Order[],
): Promise<void> {
  await Promise.all(
    orders.map(({ target, command }) => {
      const { checkId, host } = target;
      const id = `${COMMAND_ID_PREFIX}${randomUUID()}`;
      const facts = { id, checkId, at: clock.now(), command };
      const message = envelope.seal(CHECK_COMMAND, id, facts);
      return broker.publish(topology.results(shardOf(host, shards)), message);
    }),
  );
}
