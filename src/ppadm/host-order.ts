/**
 * The order in which hosts are changed, so that no step refers to a host that is not there yet or leads
 * in a circle that the whole would not have. Pure.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Fields } from './documents.ts';
import { normalizeNames } from './normal-form.ts';

/** A change of a host, as far as its order is concerned. */
interface HostChange {
  readonly action: 'create' | 'change' | 'delete';
  readonly name: string;
}

/**
 * First those whose parents stay, among them such as give up an address that a new host takes; then
 * from the top downwards, so that all above a host is as it is to be when the host is changed.
 */
export function orderHosts<Change extends HostChange>(
  changes: readonly Change[],
  wanted: ReadonlyMap<string, { readonly spec: Fields }>,
  current: ReadonlyMap<string, Fields>,
): Change[] {
  const parentsOf = (name: string) => {
    const document = wanted.get(name);
    return document ? namesOf(document.spec['parents']) : namesOf(current.get(name)?.['parents']);
  };
  const depths = new Map<string, number>();
  const depthOf = (name: string, below: ReadonlySet<string>): number => {
    const known = depths.get(name);
    // A circle has no depth; the server refuses it.
    if (known !== undefined || below.has(name)) return known ?? 0;
    const path = new Set([...below, name]);
    const depth = Math.max(0, ...parentsOf(name).map((parent) => depthOf(parent, path) + 1));
    depths.set(name, depth);
    return depth;
  };
  const rankOf = ({ action, name }: Change) => {
    const keepsParents =
      action !== 'create' &&
      isDeepStrictEqual(parentsOf(name), namesOf(current.get(name)?.['parents']));
    if (keepsParents) return -1;
    return depthOf(name, new Set()) * 2 + (action === 'create' ? 1 : 0);
  };
  const ranked = changes.map((change) => ({ change, rank: rankOf(change) }));
  return ranked.toSorted((one, other) => one.rank - other.rank).map(({ change }) => change);
}

function namesOf(value: unknown): string[] {
  const names = normalizeNames(value);
  return Array.isArray(names) ? names.map(String) : [];
}
