/**
 * Two workers of one name: their figures must not be mixed. A name belongs to the process that was
 * started last, since a worker that was killed and started again is another process, too; the other
 * one is told by its heartbeats that go on.
 */

import type { Clock } from '../lib/clock.ts';
import { Lru } from '../lib/lru.ts';
import type { Heartbeat } from '../messages/heartbeat.ts';

/** What is said of the process that has a name. */
type Instance = Pick<Heartbeat, 'worker' | 'hostname' | 'startedAt' | 'intervalMs'>;

/** Heartbeats that may stay away until a name is free. */
const MISSED = 3;
const MAX_COUNT = 10_000;

/** Which process each name belongs to, as one grey has heard. */
export class WorkerInstances {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #owners = new Lru<string, Instance & { readonly heardAt: number }>(MAX_COUNT);

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Null when the name belongs to who sent this heartbeat; else the process that has it. */
  findOther({ worker, hostname, startedAt, intervalMs }: Instance): Instance | null {
    const heardAt = this.#clock.monotonic();
    const owner = this.#owners.get(worker);
    if (owner !== undefined) {
      const isOther = owner.startedAt !== startedAt || owner.hostname !== hostname;
      const isAlive = heardAt - owner.heardAt < owner.intervalMs * MISSED;
      if (isOther && isAlive && startedAt <= owner.startedAt) return owner;
    }
    this.#owners.set(worker, { worker, hostname, startedAt, intervalMs, heardAt });
    return null;
  }
}
