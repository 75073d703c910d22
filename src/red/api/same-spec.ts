/** Whether a change of an object changes anything. */

import { isDeepStrictEqual } from 'node:util';

/** An object's fields as the API shows them. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * True when what is wanted is what there is. `unordered`: lists of which neither order nor repetition is
 * kept. In doubt false: the entries of a map may have an order that means something.
 */
export function isSameSpec(before: Fields, after: Fields, unordered: readonly string[]): boolean {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].every((name) => {
    const [is, wanted] = [before[name], after[name]];
    const isSame = isDeepStrictEqual(is, wanted) && isDeepStrictEqual(keysOf(is), keysOf(wanted));
    return isSame || (unordered.includes(name) && isSameSet(is, wanted));
  });
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function isSameSet(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return false;
  return isDeepStrictEqual(new Set(one), new Set(other));
}
