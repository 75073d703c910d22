/**
 * Sections 3 and 8: the dependencies of a site, from what administrators wrote to what each check and host
 * depends on. One without a host is that of each host which has the check. Pure.
 */

import { DEPENDENCY_KINDS, type DependencyKind } from '../../model/dependency.ts';
import type { TimePeriod } from '../time/time-period.ts';
import type { Dependency, MasterGlimpse } from './dependencies.ts';

/** A check, or a host: then without a plugin. */
export interface ObjectKey {
  readonly hostId: string;
  readonly pluginId: string | null;
}

/** A dependency as written, by ids. */
export interface DependencyRule {
  /** Null: each host that has the check. */
  readonly hostId: string | null;
  readonly pluginId: string | null;
  /** Null: the same host. */
  readonly masterHostId: string | null;
  readonly masterPluginId: string | null;
  readonly kinds: readonly DependencyKind[];
  readonly failsOn: readonly string[];
  readonly period: TimePeriod | null;
  readonly inheritsParent: boolean;
}

/**
 * The dependencies of a site with their periods. One whose period cannot be read, since this program
 * is older than who wrote it, counts always.
 */
export function makeDependencies(
  written: readonly (Omit<DependencyRule, 'period'> & { readonly periodId: string | null })[],
  periods: ReadonlyMap<string, TimePeriod>,
): SiteDependencies {
  return new SiteDependencies(
    written.map((one) => ({ ...one, period: periods.get(one.periodId ?? '') ?? null })),
  );
}

/** What is known of a master; undefined when it is not there. */
type See = (master: ObjectKey) => MasterGlimpse | undefined;

/** Ids have no spaces. */
export function formatObjectKey({ hostId, pluginId }: ObjectKey): string {
  return `${hostId} ${pluginId ?? ''}`;
}

/** Stands for each host; no id. */
const EACH = '*';

/** The dependencies of a site, by what depends. */
export class SiteDependencies {
  readonly rules: readonly DependencyRule[];
  readonly #rulesOf = new Map<string, DependencyRule[]>();

  constructor(rules: readonly DependencyRule[]) {
    this.rules = rules;
    for (const rule of rules) {
      const key = formatObjectKey({ hostId: rule.hostId ?? EACH, pluginId: rule.pluginId });
      const known = this.#rulesOf.get(key);
      if (known) known.push(rule);
      else this.#rulesOf.set(key, [rule]);
    }
  }

  /** What may decide of an object: its masters, and where these are inherited theirs; each once. */
  mastersOf(key: ObjectKey, kinds: readonly DependencyKind[]): ObjectKey[] {
    const masters = new Map<string, ObjectKey>();
    for (const kind of kinds) {
      const walked = new Set<string>();
      const pending = [key];
      for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
        if (walked.has(formatObjectKey(one))) continue;
        walked.add(formatObjectKey(one));
        for (const { rule, master } of this.#linksOf(one, kind)) {
          masters.set(formatObjectKey(master), master);
          if (rule.inheritsParent || kind === 'parent') pending.push(master);
        }
      }
    }
    return [...masters.values()];
  }

  /** What an object depends on; a master that is not there (`see`: undefined) holds nothing back. */
  resolve(key: ObjectKey, kind: DependencyKind, see: See): readonly Dependency[] {
    // What several masters inherit is one and the same; a circle, which is refused, would end here.
    const resolved = new Map<string, readonly Dependency[]>();
    const resolveOne = (one: ObjectKey): readonly Dependency[] => {
      const id = formatObjectKey(one);
      const known = resolved.get(id);
      if (known !== undefined) return known;
      resolved.set(id, NONE);
      const dependencies = this.#linksOf(one, kind).flatMap(({ rule, master }) => {
        const glimpse = see(master);
        if (glimpse === undefined) return [];
        const { failsOn, period, inheritsParent } = rule;
        const masterDependencies = inheritsParent ? resolveOne(master) : NONE;
        return { master: glimpse, failsOn, period, inheritsParent, masterDependencies };
      });
      resolved.set(id, dependencies);
      return dependencies;
    };
    return resolveOne(key);
  }

  /** The parents of a check that are there (rule 5.1.3). */
  parentsOf(key: ObjectKey, see: See): readonly MasterGlimpse[] {
    return this.#linksOf(key, 'parent').flatMap(({ master }) => see(master) ?? []);
  }

  /** Its parents, theirs, and so on, as far as they are there; each once (rule 3.0.8). */
  ancestorsOf(key: ObjectKey, see: See): readonly MasterGlimpse[] {
    return this.mastersOf(key, ['parent']).flatMap((master) => see(master) ?? []);
  }

  /** From an object round to itself, by dependencies of one kind; null when nothing goes round. */
  findCircle(): readonly ObjectKey[] | null {
    const hostIds = new Set([EACH]);
    for (const { hostId, masterHostId } of this.rules) {
      if (hostId !== null) hostIds.add(hostId);
      if (masterHostId !== null) hostIds.add(masterHostId);
    }
    for (const kind of DEPENDENCY_KINDS) {
      const way = this.#findCircleOf(kind, hostIds);
      if (way !== null) return way;
    }
    return null;
  }

  #findCircleOf(kind: DependencyKind, hostIds: ReadonlySet<string>): readonly ObjectKey[] | null {
    const done = new Set<string>();
    const walk = (key: ObjectKey, way: readonly ObjectKey[]): readonly ObjectKey[] | null => {
      const id = formatObjectKey(key);
      const start = way.findIndex((one) => formatObjectKey(one) === id);
      if (start !== -1) return [...way.slice(start), key];
      if (done.has(id)) return null;
      for (const { master } of this.#linksOf(key, kind)) {
        const found = walk(master, [...way, key]);
        if (found !== null) return found;
      }
      done.add(id);
      return null;
    };
    for (const { hostId, pluginId, kinds } of this.rules) {
      if (!kinds.includes(kind)) continue;
      for (const one of hostId === null ? hostIds : [hostId]) {
        const found = walk({ hostId: one, pluginId }, []);
        if (found !== null) return found;
      }
    }
    return null;
  }

  #linksOf({ hostId, pluginId }: ObjectKey, kind: DependencyKind) {
    const own = this.#rulesOf.get(formatObjectKey({ hostId, pluginId })) ?? [];
    const shared =
      hostId === EACH ? [] : (this.#rulesOf.get(formatObjectKey({ hostId: EACH, pluginId })) ?? []);
    return [...own, ...shared].flatMap((rule) => {
      if (!rule.kinds.includes(kind)) return [];
      const master = {
        hostId: rule.masterHostId ?? hostId,
        pluginId: rule.masterPluginId,
      };
      // What each host depends on is on a host as well, which is not meant.
      const isItself = master.hostId === hostId && master.pluginId === pluginId;
      return isItself && rule.hostId === null ? [] : { rule, master };
    });
  }
}

const NONE: readonly Dependency[] = [];
