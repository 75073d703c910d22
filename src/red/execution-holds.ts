/**
 * Sections 3 and 8: which checks are not run, since what they depend on has failed, or their host is
 * not up where that matters. The states are read from the database, at once when grey tells that they
 * have a result, and all again with every look at the configuration, once a minute at least, since
 * hints may be lost. Whether a check is held is judged when it is due, so that periods need no watching.
 */

import type { Database } from '../database/database.ts';
import { readAllDependencies } from '../database/queries/dependencies.ts';
import { type Dependent, listDependents } from '../database/queries/dependents.ts';
import { listGroundedChecks, listHostsByObject } from '../database/queries/grounded-checks.ts';
import { type MasterSight, readMasterSights } from '../database/queries/master-states.ts';
import { readAllTimeperiods } from '../database/queries/timeperiods.ts';
import type { Clock } from '../lib/clock.ts';
import { repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { DependencyKind } from '../model/dependency.ts';
import type { MasterGlimpse } from '../nagios/state/dependencies.ts';
import { findSkip, type Skip } from '../nagios/state/execution.ts';
import type { Semantics } from '../nagios/state/semantics.ts';
import {
  formatObjectKey,
  makeDependencies,
  type ObjectKey,
  SiteDependencies,
} from '../nagios/state/site-dependencies.ts';
import { makePeriodsById } from '../nagios/time/site-periods.ts';

/** Until a reading that failed is tried again. */
const RETRY_MS = 1_000;

/** What this works with. */
export interface ExecutionHoldsOptions {
  readonly database: Database;
  readonly semantics: Pick<Semantics, 'softStateDependencies' | 'hostDownDisableServiceChecks'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** That a check is not run. */
export interface Hold extends Skip {
  /** Whose state is not found out: the check's, or that of its host, of which it is the host check. */
  readonly objectId: number;
  readonly isOfHost: boolean;
}

/** Knows what holds checks back. */
export interface ExecutionHolds {
  /** Why a check must not be run by the schedule now; null when it may. */
  findHold(checkId: number, now: number): Hold | null;
  /** Reads everything again; after a change of the configuration. Never rejects. */
  reload(): Promise<void>;
  /** Tells whose states may have changed. */
  noteStored(objectIds: readonly number[]): void;
  stop(): Promise<void>;
}

/** What may be held: a check, or a host by its host check. */
type Held = ObjectKey & Pick<Dependent, 'objectId'>;

/** What was read. */
interface Known {
  readonly dependencies: SiteDependencies;
  /** What depends on something, by the check that would be run: a host check is of its host as well. */
  readonly dependents: ReadonlyMap<number, readonly Held[]>;
  /** By `formatObjectKey`; kept up. */
  readonly sights: Map<string, MasterSight>;
  /** Masters by the objects that have their states. */
  readonly masterOf: ReadonlyMap<number, ObjectKey>;
  /** Checks of hosts that are not up; kept up. Empty where that holds nothing. */
  readonly grounded: Map<number, Held>;
  /** Hosts by the objects that have their states. Empty where that holds nothing. */
  readonly hostOf: ReadonlyMap<number, string>;
}

const NOTHING: Known = {
  dependencies: new SiteDependencies([]),
  dependents: new Map(),
  sights: new Map(),
  masterOf: new Map(),
  grounded: new Map(),
  hostOf: new Map(),
};

/** Starts with nothing held; `reload` reads for the first time. */
export function startExecutionHolds(options: ExecutionHoldsOptions): ExecutionHolds {
  const { database, clock, log } = options;
  let known = NOTHING;
  let isStale = false;
  let masters = new Map<string, ObjectKey>();
  let hostIds = new Set<string>();

  const readOnce = async () => {
    const changed = { masters: [...masters.values()], hostIds: [...hostIds] };
    masters = new Map();
    hostIds = new Set();
    if (isStale) {
      isStale = false;
      known = await readEverything(options);
    } else {
      await readChanged(database, known, changed);
    }
  };
  let running: Promise<void> | undefined;
  const run = async () => {
    while (isStale || masters.size > 0 || hostIds.size > 0) {
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

  const findHold = (checkId: number, now: number) =>
    judge(known, { checkId, now, semantics: options.semantics });
  return {
    findHold,
    reload() {
      isStale = true;
      return start();
    },
    noteStored(objectIds) {
      if (known.masterOf.size === 0 && known.hostOf.size === 0) return;
      for (const id of objectIds) {
        const master = known.masterOf.get(id);
        if (master !== undefined) masters.set(formatObjectKey(master), master);
        const hostId = known.hostOf.get(id);
        if (hostId !== undefined) hostIds.add(hostId);
      }
      if (masters.size > 0 || hostIds.size > 0) void start();
    },
    async stop() {
      await retries.stop();
      await running;
    },
  };
}

/** Why a check is held by what is known. */
function judge(
  { dependencies, dependents, sights, grounded }: Known,
  {
    checkId,
    now: at,
    semantics,
  }: {
    readonly checkId: number;
    readonly now: number;
    readonly semantics: ExecutionHoldsOptions['semantics'];
  },
): Hold | null {
  const onGround = grounded.get(checkId);
  const held = dependents.get(checkId) ?? (onGround ? [onGround] : NONE_HELD);
  const see = (master: ObjectKey) => {
    const sight = sights.get(formatObjectKey(master));
    return sight && glimpseOf(sight);
  };
  for (const one of held) {
    const { objectId } = one;
    const isOfHost = one.pluginId === null;
    const skip = findSkip({
      at,
      dependencies: dependencies.resolve(one, 'execution', see),
      ancestors: dependencies.ancestorsOf(one, see),
      isHostUp: isOfHost || onGround === undefined,
      semantics,
    });
    if (skip !== null) return { ...skip, objectId, isOfHost };
  }
  return null;
}

const NONE_HELD: readonly Held[] = [];

async function readEverything({ database, semantics }: ExecutionHoldsOptions): Promise<Known> {
  const isGrounding = semantics.hostDownDisableServiceChecks;
  return {
    ...(await readDependencies(database)),
    hostOf: isGrounding ? await listHostsByObject(database) : NOTHING.hostOf,
    grounded: new Map(isGrounding ? await readGrounded(database, null) : []),
  };
}

/** Kinds of dependencies that hold checks back. */
const HOLDING: readonly DependencyKind[] = ['execution', 'parent'];

type KnownDependencies = Omit<Known, 'grounded' | 'hostOf'>;

async function readDependencies(database: Database): Promise<KnownDependencies> {
  const linked = await readAllDependencies(database);
  const holding = linked.filter(({ kinds }) => kinds.some((kind) => HOLDING.includes(kind)));
  if (holding.length === 0) return NOTHING;
  const written = await readAllTimeperiods(database);
  const periods = makePeriodsById(written);
  const dependencies = makeDependencies(holding, periods);
  const dependents = new Map<number, Held[]>();
  const masters = new Map<string, ObjectKey>();
  for (const { checkId, ...held } of await listDependents(database, holding)) {
    dependents.set(checkId, [...(dependents.get(checkId) ?? []), held]);
    for (const master of dependencies.mastersOf(held, HOLDING)) {
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

async function readChanged(
  database: Database,
  { sights, grounded }: Known,
  changed: { readonly masters: readonly ObjectKey[]; readonly hostIds: readonly string[] },
): Promise<void> {
  for (const sight of await readMasterSights(database, changed.masters)) {
    sights.set(formatObjectKey(sight), sight);
  }
  if (changed.hostIds.length === 0) return;
  const now = await readGrounded(database, changed.hostIds);
  const hostIds = new Set(changed.hostIds);
  for (const [checkId, { hostId }] of grounded) if (hostIds.has(hostId)) grounded.delete(checkId);
  for (const [checkId, held] of now) grounded.set(checkId, held);
}

async function readGrounded(
  database: Database,
  hostIds: readonly string[] | null,
): Promise<(readonly [checkId: number, Held])[]> {
  const checks = await listGroundedChecks(database, hostIds);
  return checks.map(({ checkId, ...key }) => [checkId, { ...key, objectId: checkId }]);
}

function glimpseOf(sight: MasterSight): MasterGlimpse {
  return { ...sight, id: sight.name };
}
