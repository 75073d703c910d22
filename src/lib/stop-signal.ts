/**
 * The part of an `AbortSignal` that ours use, and a cheap one for what is begun for every check: in
 * Node 20 each `AbortSignal` has a hidden class of its own, so whatever is asked of it is looked up anew.
 */

/** Says when to stop; any `AbortSignal` does. */
export interface StopSignal {
  readonly aborted: boolean;
  /** What to reject with once it has aborted. */
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** One that is aborted by whoever made it. Listeners must not throw. */
export class StopSource implements StopSignal {
  aborted = false;
  reason: unknown = undefined;
  #listeners: (() => void)[] = [];

  /** Aborts with an `AbortError` unless `reason` is given; the first time only. */
  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.aborted && !this.#listeners.includes(listener)) this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }
}
