/**
 * Section 3: what a host check's result makes of the host, with what leads to it, and who else is
 * then worth a check. Pure, over the neighbours' current states, soft ones too.
 */

import type { CheckStateName } from '../../model/check.ts';
import type { HostStateName } from '../../model/host-state.ts';
import type { StateType } from '../../model/state-type.ts';
import type { Semantics } from './semantics.ts';

/** What is known of a host or service that another one hangs on. */
export interface ParentGlimpse {
  /** Up, or OK. */
  readonly isGood: boolean;
  /** Null when nothing checks it; 0 when its first result is still to come. */
  readonly checkedAt: number | null;
}

/** A parent that a host's judgement may wait for. */
export interface ParentHostGlimpse extends ParentGlimpse {
  /** How long a check of it may take. */
  readonly answersWithinMs: number;
  /** Until when its own result waits for its parents; null: it does not. */
  readonly waitsUntil: number | null;
}

/** What is known of a service's host. */
export interface HostGlimpse extends ParentGlimpse {
  readonly state: HostStateName;
  readonly stateType: StateType;
  readonly isInDowntime: boolean;
  /** Whether a result of it is there already, which is judged once its parents were checked. */
  readonly isHeld: boolean;
  readonly parents: readonly ParentGlimpse[];
}

/** A host's neighbour that may be worth a check. */
export interface NeighbourGlimpse {
  readonly id: string;
  readonly state: HostStateName;
  /** Null when it has no result yet. */
  readonly checkedAt: number | null;
}

/** What a host's plugin says of it, or who reports it. */
export type HostReport =
  | { readonly source: 'active'; readonly state: CheckStateName }
  | { readonly source: 'passive'; readonly state: HostStateName };

/** Whether something leads to the host: it has no parents, or enough of them are up. */
export function isReachable(
  parents: readonly ParentGlimpse[],
  { reachableThrough }: Pick<Semantics, 'reachableThrough'>,
): boolean {
  if (parents.length === 0) return true;
  return reachableThrough === 'any'
    ? parents.some(({ isGood }) => isGood)
    : parents.every(({ isGood }) => isGood);
}

/** The state of a host by what is reported of it and by its parents. */
export function readHostState(
  report: HostReport,
  parents: readonly ParentGlimpse[],
  semantics: Semantics,
): HostStateName {
  if (report.source === 'passive') {
    const isKept = report.state === 'unreachable' || !semantics.translatePassiveHostChecks;
    if (report.state === 'up' || isKept) return report.state;
  } else if (isUp(report.state, semantics)) {
    return 'up';
  }
  return semantics.unreachableIsState && !isReachable(parents, semantics) ? 'unreachable' : 'down';
}

/** Section 1.1: what of a plugin's states means up. */
function isUp(state: CheckStateName, { useAggressiveHostChecking }: Semantics): boolean {
  return state === 'ok' || (state === 'warning' && !useAggressiveHostChecking);
}

/**
 * Ids of the neighbours to be checked at once when a host leaves or comes back: when it leaves,
 * parents that are up and children that are not yet unreachable; when it comes back, those that are
 * not up. Who was checked within the horizon is left out.
 */
export function selectNeighboursToCheck(
  neighbours: {
    readonly parents: readonly NeighbourGlimpse[];
    readonly children: readonly NeighbourGlimpse[];
  },
  { isLeaving, at }: { readonly isLeaving: boolean; readonly at: number },
  { cachedHostCheckHorizonMs }: Pick<Semantics, 'cachedHostCheckHorizonMs'>,
): string[] {
  const parents = neighbours.parents.filter(({ state }) => (state === 'up') === isLeaving);
  const children = neighbours.children.filter(({ state }) =>
    isLeaving ? state !== 'unreachable' : state !== 'up',
  );
  return [...parents, ...children]
    .filter(({ checkedAt }) => !isFresh(checkedAt, at, cachedHostCheckHorizonMs))
    .map(({ id }) => id);
}

/** Whether a result from `checkedAt` still answers for a check at `at`; null: there is none. */
export function isFresh(checkedAt: number | null, at: number, horizonMs: number): boolean {
  return checkedAt !== null && at - checkedAt < horizonMs;
}

/** From a parent's check being wanted to its result being stored, beside the time of its run. */
const HANDLING_MS = 3_000;

/**
 * Until when the judgement of a result waits for checks of the parents; null when it need not wait:
 * they cannot change it, or were checked already. A parent that was not up within the horizon is
 * taken to be so still; one that was up may have gone just before the host, so only a check since then
 * will do.
 */
export function waitForParents(
  report: HostReport & { readonly at: number },
  parents: readonly ParentHostGlimpse[],
  { state, semantics }: { readonly state: HostStateName; readonly semantics: Semantics },
): number | null {
  const { holdForParentsMs } = semantics;
  if (parents.length === 0 || holdForParentsMs === 0) return null;
  const judged = readHostState(report, parents, semantics);
  if (judged === 'up' || judged === state) return null;
  const doubtful = parents.filter((parent) => isDoubtful(parent, report.at, semantics));
  const assume = (isGood: boolean) =>
    parents.map((parent) => (doubtful.includes(parent) ? { ...parent, isGood } : parent));
  const [best, worst] = [assume(true), assume(false)];
  if (readHostState(report, best, semantics) === readHostState(report, worst, semantics)) {
    return null;
  }
  const answeredMs = Math.max(...doubtful.map(({ answersWithinMs }) => answersWithinMs));
  const waits = doubtful.map((parent) => (parent.isGood ? (parent.waitsUntil ?? 0) : 0));
  const ownMs = Math.min(holdForParentsMs, answeredMs + HANDLING_MS);
  return Math.max(report.at + ownMs, Math.max(...waits) + HANDLING_MS);
}

function isDoubtful(
  { isGood, checkedAt, waitsUntil }: ParentHostGlimpse,
  at: number,
  { cachedHostCheckHorizonMs }: Semantics,
): boolean {
  if (checkedAt === null) return false;
  if (isGood) return waitsUntil !== null || checkedAt < at;
  return checkedAt < at && !isFresh(checkedAt, at, cachedHostCheckHorizonMs);
}
