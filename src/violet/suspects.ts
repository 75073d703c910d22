/**
 * Hosts whose latest check failed slowly: it kept its place for long and in vain, as checks of a
 * host do that is switched off. The next one probably will, too.
 */

import { Lru } from '../lib/lru.ts';
import type { CheckStateName } from '../model/check.ts';

/** A host that is up says within this that something is wrong, as a rule. */
const SLOW_MS = 2_000;
/** Hosts that are remembered; one that is forgotten is found out again by its next check. */
const MAX_COUNT = 10_000;

/** The suspects of one worker. */
export class Suspects {
  readonly #hosts = new Lru<string, true>(MAX_COUNT);

  /** Whether the latest check of this address failed slowly. */
  has(address: string): boolean {
    return this.#hosts.get(address) === true;
  }

  /** Takes note of how a check of this address went. */
  note(address: string, check: { readonly state: CheckStateName; readonly tookMs: number }): void {
    if (check.state !== 'ok' && check.tookMs > SLOW_MS) this.#hosts.set(address, true);
    else this.#hosts.delete(address);
  }
}
