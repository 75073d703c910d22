/**
 * Places to run checks: so many at a time, and so many of them for one host, for one plugin and for
 * all suspects together, so that slow targets cannot take them all. What must wait waits in order of
 * arrival, and for a group at its limit apart from the others.
 */

import { Deque } from '../lib/deque.ts';

/** How many checks may run at a time. */
export interface SlotLimits {
  readonly perHost: number;
  readonly perPlugin: number;
}

/** Who a check belongs to. */
export interface SlotOwner {
  readonly host: string;
  readonly plugin: string;
  /** Whether it will probably keep its place for long and in vain. Default: false. */
  readonly isSuspect?: boolean;
}

/** Checks that may wait for one group, as a multiple of its limit; more are refused. */
const MAX_WAITING_SHARE = 2;
/** Of all places, for suspects: the others always have the rest. */
const SUSPECT_SHARE = 1 / 2;

const GROUPS = ['host', 'plugin', 'suspects'] as const;
type Group = (typeof GROUPS)[number];
/** The key of the one group of suspects. */
const SUSPECTS = 'suspects';

interface Entry {
  /** Null where it is in no such group. */
  readonly keys: Readonly<Record<Group, string | null>>;
  /** False when it will not get a place any more. */
  settle(isStarted: boolean): void;
}

/** A bounded number of places. */
export class Slots {
  readonly #limits: SlotLimits;
  /** By key; those of different groups differ. */
  readonly #running = new Map<string, number>();
  readonly #blocked = new Map<string, Deque<Entry>>();
  readonly #ready = new Deque<Entry>();
  #count: number;
  #runningCount = 0;
  #blockedCount = 0;
  #isClosed = false;

  constructor(count: number, limits: SlotLimits) {
    this.#count = count;
    this.#limits = limits;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** How many are taken. */
  get running(): number {
    return this.#runningCount;
  }

  /** How many checks wait. */
  get waiting(): number {
    return this.#ready.count + this.#blockedCount;
  }

  /** Changes how many there are; what runs beyond the new number ends undisturbed. */
  resize(count: number): void {
    const added = count - this.#count;
    this.#count = count;
    // The limit of suspects goes with it.
    for (let promoted = 0; promoted < added; promoted++) this.#promote('suspects', SUSPECTS);
    this.#fill();
  }

  /**
   * Runs `task` once there is a place for it; undefined when too many wait for one of its groups
   * already, or it was closed. Rejects as `task` does.
   */
  async run<Result>(owner: SlotOwner, task: () => Promise<Result>): Promise<Result | undefined> {
    const keys = {
      host: `host ${owner.host}`,
      plugin: `plugin ${owner.plugin}`,
      suspects: owner.isSuspect ? SUSPECTS : null,
    };
    const isStarted = new Promise<boolean>((resolve) => {
      const entry = { keys, settle: resolve };
      if (!this.#isClosed && this.#takesPlace(entry)) this.#fill();
      else resolve(false);
    });
    if (!(await isStarted)) return undefined;
    try {
      return await task();
    } finally {
      this.#release(keys);
    }
  }

  /** Lets nobody in any more, and sends away who waits. */
  close(): void {
    this.#isClosed = true;
    const lines = [this.#ready, ...this.#blocked.values()];
    this.#blocked.clear();
    this.#blockedCount = 0;
    for (const line of lines) for (const entry of line.drain()) entry.settle(false);
  }

  /** Puts an entry where it waits; false when there is no room. */
  #takesPlace(entry: Entry): boolean {
    const full = this.#findFull(entry);
    if (full === undefined) {
      this.#ready.push(entry);
      return true;
    }
    const line = this.#lineOf(full.key);
    if (line.count >= this.#limitOf(full.group) * MAX_WAITING_SHARE) return false;
    line.push(entry);
    this.#blockedCount++;
    return true;
  }

  /** The first of its groups that is at its limit. */
  #findFull({ keys }: Entry): { readonly group: Group; readonly key: string } | undefined {
    for (const group of GROUPS) {
      const key = keys[group];
      if (key !== null && this.#isFull(group, key)) return { group, key };
    }
    return undefined;
  }

  #limitOf(group: Group): number {
    if (group === 'host') return this.#limits.perHost;
    if (group === 'plugin') return this.#limits.perPlugin;
    return Math.ceil(this.#count * SUSPECT_SHARE);
  }

  /** A limit that leaves no place to others is none. */
  #isFull(group: Group, key: string): boolean {
    const limit = this.#limitOf(group);
    return limit < this.#count && (this.#running.get(key) ?? 0) >= limit;
  }

  #fill(): void {
    while (this.#runningCount < this.#count) {
      const entry = this.#ready.shift();
      if (!entry) return;
      // One of its groups may have come to its limit while it waited for a place.
      const full = this.#findFull(entry);
      if (full === undefined) this.#start(entry);
      else this.#block(entry, full.key);
    }
  }

  /** Puts a ready entry back into a line, and the next ones of its other groups in its place. */
  #block(entry: Entry, fullKey: string): void {
    this.#lineOf(fullKey).push(entry);
    this.#blockedCount++;
    for (const group of GROUPS) {
      const key = entry.keys[group];
      if (key !== null && key !== fullKey) this.#promote(group, key);
    }
  }

  #lineOf(key: string): Deque<Entry> {
    const known = this.#blocked.get(key);
    if (known) return known;
    const line = new Deque<Entry>();
    this.#blocked.set(key, line);
    return line;
  }

  /** Makes the first of a line ready if its group is below its limit. */
  #promote(group: Group, key: string): void {
    if (this.#isFull(group, key)) return;
    const line = this.#blocked.get(key);
    const next = line?.shift();
    if (line?.count === 0) this.#blocked.delete(key);
    if (!next) return;
    this.#blockedCount--;
    this.#ready.push(next);
  }

  #start(entry: Entry): void {
    this.#runningCount++;
    for (const group of GROUPS) {
      const key = entry.keys[group];
      if (key !== null) this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
    }
    entry.settle(true);
  }

  #release(keys: Entry['keys']): void {
    this.#runningCount--;
    for (const group of GROUPS) {
      const key = keys[group];
      if (key === null) continue;
      const count = (this.#running.get(key) ?? 1) - 1;
      if (count === 0) this.#running.delete(key);
      else this.#running.set(key, count);
    }
    for (const group of GROUPS) {
      const key = keys[group];
      if (key !== null) this.#promote(group, key);
    }
    this.#fill();
  }
}
