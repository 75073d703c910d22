/** Broken invariants: a bug stops the work it is found in instead of guessing on. */

/** Thrown for a broken invariant; its message states the invariant. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Throws `AssertionError` with `invariant` unless `condition` holds. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new AssertionError(invariant);
}

/** Marks a branch that the types exclude; throws when it is reached all the same. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected value ${JSON.stringify(value)}`);
}
