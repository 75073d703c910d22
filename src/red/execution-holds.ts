/**
 * Section 8: which checks are not run, since what they depend on has failed. Masters' states are read
 * from the database, at once when grey tells that they have a result, and all again with every look at
 * the configuration, once a minute at least, since hints may be lost. Whether a check is held is judged
 * when it is due, so that periods need no watching.
 */

import type { Database } from '../database/database.ts';
import { readAllDependencies } from '../database/queries/dependencies.ts';
import { listDependents } from '../database/queries/dependents.ts';
import { type MasterSight, readMasterSights } from '../database/queries/master-states.ts';
import { readAllTimeperiods } from '../database/queries/timeperiods.ts';
import type { Clock } from '../lib/clock.ts';
import { repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { findFailedDependency, type MasterGlimpse } from '../nagios/state/dependencies.ts';
import type { Semantics } from '../nagios/state/semantics.ts';
import {
  formatObjectKey,
  makeDependencies,
  type ObjectKey,
  SiteDependencies,
} from '../nagios/state/site-dependencies.ts';
import { makePeriods } from '../nagios/time/site-periods.ts';

/** Until a reading that failed is tried again. */
const RETRY_MS = 1_000;

/** What this works with. */
export interface ExecutionHoldsOptions {
  readonly database: Database;
  readonly semantics: Pick<Semantics, 'softStateDependencies'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Knows what holds checks back. */
export interface ExecutionHolds {
  /** Whether a check must not be run by the schedule now. */
  isHeld(checkId: number, now: number): boolean;
  /** Reads everything again; after a change of the configuration. Never rejects. */
  reload(): Promise<void>;
  /** Tells whose states may have changed. */
  noteStored(objectIds: readonly number[]): void;
  stop(): Promise<void>;
}

/** What was read. */
interface Known {
  readonly dependencies: SiteDependencies;
  /** What may be held, by the check that would be run: a host check is of its host as well. */
  readonly dependents: ReadonlyMap<number, readonly ObjectKey[]>;
  /** By `formatObjectKey`; kept up. */
  readonly sights: Map<string, MasterSight>;
  /** Masters by the objects that have their states. */
  readonly masterOf: ReadonlyMap<number, ObjectKey>;
}

const NOTHING: Known = {
  dependencies: new SiteDependencies([]),
  dependents: new Map(),
  sights: new Map(),
  masterOf: new Map(),
};

/** Starts with nothing held; `reload` reads for the first time. */
export function startExecutionHolds(options: ExecutionHoldsOptions): ExecutionHolds {
  const { database, semantics, clock, log } = options;
  let known = NOTHING;
  let isStale = false;
  let changed = new Map<string, ObjectKey>();
  let running: Promise<void> | undefined;

  const readOnce = async () => {
    if (isStale) {
      isStale = false;
      changed = new Map();
      known = await readEverything(database);
      return;
    }
    const masters = [...changed.values()];
    changed = new Map();
    const { sights } = known;
    for (const sight of await readMasterSights(database, masters)) {
      sights.set(formatObjectKey(sight), sight);
    }
  };
  const run = async () => {
    while (isStale || changed.size > 0) {
      try {
        await readOnce();
      } catch (error) {
        isStale = true;
        log.warn({ error }, 'what checks depend on cannot be read, trying on');
        return;
      }
    }
  };
  const start = () => {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  };
  const retries = repeat(
    clock,
    RETRY_MS,
    async () => (isStale ? start() : undefined),
    (error) => log.error({ error }, 'what checks depend on cannot be followed'),
  );

  const isHeld = (checkId: number, now: number) => {
    const keys = known.dependents.get(checkId);
    if (keys === undefined) return false;
    return keys.some((key) => {
      const dependencies = known.dependencies.resolve(key, 'execution', (master) => {
        const sight = known.sights.get(formatObjectKey(master));
        return sight && glimpseOf(sight);
      });
      return findFailedDependency(dependencies, now, semantics) !== null;
    });
  };
  return {
    isHeld,
    reload() {
      isStale = true;
      return start();
    },
    noteStored(objectIds) {
      if (known.masterOf.size === 0) return;
      for (const id of objectIds) {
        const master = known.masterOf.get(id);
        if (master !== undefined) changed.set(formatObjectKey(master), master);
      }
      if (changed.size > 0) void start();
    },
    async stop() {
      await retries.stop();
      await running;
    },
  };
}

async function readEverything(database: Database): Promise<Known> {
  const linked = await readAllDependencies(database);
  const holding = linked.filter(({ kinds }) => kinds.includes('execution'));
  if (holding.length === 0) return NOTHING;
  const written = await readAllTimeperiods(database);
  const periods = makePeriods(new Map(written.map((one) => [one.id, one])));
  const dependencies = makeDependencies(holding, periods);
  const dependents = new Map<number, ObjectKey[]>();
  const masters = new Map<string, ObjectKey>();
  for (const { checkId, hostId, pluginId } of await listDependents(database, holding)) {
    const key = { hostId, pluginId };
    dependents.set(checkId, [...(dependents.get(checkId) ?? []), key]);
    for (const master of dependencies.mastersOf(key, ['execution'])) {
      masters.set(formatObjectKey(master), master);
    }
  }
  const sights = await readMasterSights(database, [...masters.values()]);
  return {
    dependencies,
    dependents,
    sights: new Map(sights.map((sight) => [formatObjectKey(sight), sight])),
    masterOf: new Map(sights.map((sight) => [sight.objectId, sight])),
  };
}

function glimpseOf(sight: MasterSight): MasterGlimpse {
  return { ...sight, id: sight.name };
}
