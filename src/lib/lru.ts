/** A bounded map that forgets what was used longest ago. */

/** Holds at most `limit` entries; `onEvict` sees what falls out, not what is replaced or deleted. */
export class Lru<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #limit: number;
  readonly #onEvict: ((value: Value) => void) | undefined;

  constructor(limit: number, onEvict?: (value: Value) => void) {
    this.#limit = limit;
    this.#onEvict = onEvict;
  }

  /** How many entries it holds now. */
  get count(): number {
    return this.#entries.size;
  }

  /** The value, now the most recently used; undefined when it is not there. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Stores the value as the most recently used. */
  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const [oldestKey, oldest] of this.#entries) {
      this.#entries.delete(oldestKey);
      this.#onEvict?.(oldest);
      return;
    }
  }

  /** All values, those used longest ago first. */
  values(): Iterable<Value> {
    return this.#entries.values();
  }

  /** Forgets one entry. */
  delete(key: Key): void {
    this.#entries.delete(key);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
  }
}
