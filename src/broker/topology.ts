/** Which queues there are, by the configured names: the one place that knows their rules. */

import { hash32 } from '../lib/hash.ts';
import type { QueueSpec } from './broker.ts';

/** The configured names; each is put behind the prefix. */
export interface QueueNames {
  readonly prefix: string;
  readonly checks: string;
  readonly results: string;
  readonly heartbeats: string;
  readonly events: string;
  readonly expired: string;
  readonly discoveries: string;
  readonly discovered: string;
  readonly dead: string;
}

/** Everything that travels between red, violet and grey. */
export interface Topology {
  /** The schedule's requests of one zone, for programs that its workers start. */
  checks(zone: string): QueueSpec;
  /** Those that start no program there, of which a worker can run many more at a time. */
  checksLight(zone: string): QueueSpec;
  /** People's requests of one zone, so that nobody waits behind what the schedule wants. */
  checksNow(zone: string): QueueSpec;
  /** Event handlers of one zone. They are too old after a while, which workers judge and tell. */
  handlers(zone: string): QueueSpec;
  /** Inputs of one shard's checks, in order, to the one grey that owns it. */
  results(shard: number): QueueSpec;
  readonly heartbeats: QueueSpec;
  /** Requests whose time passed before a worker took them; red counts them as missed. */
  readonly expired: QueueSpec;
  /** Slices of sweeps of one zone. One whose time passed vanishes: red sends it again. */
  discoveries(zone: string): QueueSpec;
  /** What was found in slices. */
  readonly discovered: QueueSpec;
  readonly dead: QueueSpec;
  /** Name of the fan-out that carries hints. */
  readonly events: string;
}

/** Queue rules for the given names. */
export function createTopology(names: QueueNames): Topology {
  const named = (name: string) => `${names.prefix}${name}`;
  const expired: QueueSpec = {
    name: named(names.expired),
    singleActiveConsumer: false,
    maxCount: 100_000,
    whenFull: 'dropOldest',
  };
  return {
    checks: (zone) => ({
      name: named(`${names.checks}.${zone}`),
      singleActiveConsumer: false,
      expiredTo: expired,
      maxCount: 1_000_000,
      whenFull: 'reject',
    }),
    checksLight: (zone) => ({
      name: named(`${names.checks}.${zone}.light`),
      singleActiveConsumer: false,
      expiredTo: expired,
      maxCount: 1_000_000,
      whenFull: 'reject',
    }),
    checksNow: (zone) => ({
      name: named(`${names.checks}.${zone}.now`),
      singleActiveConsumer: false,
      expiredTo: expired,
      maxCount: 10_000,
      whenFull: 'reject',
    }),
    handlers: (zone) => ({
      name: named(`${names.checks}.${zone}.handlers`),
      singleActiveConsumer: false,
      maxCount: 10_000,
      whenFull: 'reject',
    }),
    results: (shard) => ({
      name: named(`${names.results}.${shard}`),
      singleActiveConsumer: true,
      maxCount: 1_000_000,
      whenFull: 'reject',
    }),
    heartbeats: {
      name: named(names.heartbeats),
      singleActiveConsumer: false,
      maxCount: 10_000,
      whenFull: 'dropOldest',
    },
    expired,
    discoveries: (zone) => ({
      name: named(`${names.discoveries}.${zone}`),
      singleActiveConsumer: false,
      maxCount: 10_000,
      whenFull: 'reject',
    }),
    discovered: {
      name: named(names.discovered),
      singleActiveConsumer: false,
      maxCount: 100_000,
      whenFull: 'reject',
    },
    dead: {
      name: named(names.dead),
      singleActiveConsumer: false,
      maxCount: 10_000,
      whenFull: 'dropOldest',
    },
    events: named(names.events),
  };
}

/**
 * The number of the queue that results of a host's checks go to. By host, not by check: the state of a
 * host's checks depends on the host's own, so one grey should own them together.
 */
export function shardOf({ id }: { readonly id: string }, shards: number): number {
  return hash32(id) % shards;
}
