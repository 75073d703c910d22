/**
 * Places to run checks: so many at a time, and so many of them for one host or one plugin, so that a
 * slow target cannot take them all. What must wait waits in order of arrival, and for a host or plugin
 * at its limit apart from the others.
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
}

/** Checks that may wait for one host or plugin, as a multiple of its limit; more are refused. */
const MAX_WAITING_SHARE = 2;

type Group = 'host' | 'plugin';

interface Entry {
  readonly keys: Readonly<Record<Group, string>>;
  /** False when it will not get a place any more. */
  settle(isStarted: boolean): void;
}

/** A bounded number of places. */
export class Slots {
  readonly #limits: Readonly<Record<Group, number>>;
  readonly #running: Readonly<Record<Group, Map<string, number>>> = {
    host: new Map(),
    plugin: new Map(),
  };
  readonly #blocked = new Map<string, Deque<Entry>>();
  readonly #ready = new Deque<Entry>();
  #count: number;
  #runningCount = 0;
  #blockedCount = 0;
  #isClosed = false;

  constructor(count: number, limits: SlotLimits) {
    this.#count = count;
    this.#limits = { host: limits.perHost, plugin: limits.perPlugin };
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
    this.#count = count;
    this.#fill();
  }

  /**
   * Runs `task` once there is a place for it; undefined when too many wait for its host or plugin
   * already, or it was closed. Rejects as `task` does.
   */
  async run<Result>(owner: SlotOwner, task: () => Promise<Result>): Promise<Result | undefined> {
    const keys = { host: `host ${owner.host}`, plugin: `plugin ${owner.plugin}` };
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
    const group = this.#findFullGroup(entry);
    if (group === undefined) {
      this.#ready.push(entry);
      return true;
    }
    const line = this.#lineOf(entry.keys[group]);
    if (line.count >= this.#limits[group] * MAX_WAITING_SHARE) return false;
    line.push(entry);
    this.#blockedCount++;
    return true;
  }

  #findFullGroup({ keys }: Entry): Group | undefined {
    return (['host', 'plugin'] as const).find((group) => this.#isFull(group, keys[group]));
  }

  /** A limit that leaves no place to others is none. */
  #isFull(group: Group, key: string): boolean {
    const limit = this.#limits[group];
    return limit < this.#count && (this.#running[group].get(key) ?? 0) >= limit;
  }

  #fill(): void {
    while (this.#runningCount < this.#count) {
      const entry = this.#ready.shift();
      if (!entry) return;
      // Its host or plugin may have come to its limit while it waited for a place.
      const group = this.#findFullGroup(entry);
      if (group === undefined) this.#start(entry);
      else this.#block(entry, group);
    }
  }

  /** Puts a ready entry back into a line, and the next of its other group in its place. */
  #block(entry: Entry, group: Group): void {
    this.#lineOf(entry.keys[group]).push(entry);
    this.#blockedCount++;
    const other = group === 'host' ? 'plugin' : 'host';
    this.#promote(other, entry.keys[other]);
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
    for (const group of ['host', 'plugin'] as const) {
      const running = this.#running[group];
      const key = entry.keys[group];
      running.set(key, (running.get(key) ?? 0) + 1);
    }
    entry.settle(true);
  }

  #release(keys: Entry['keys']): void {
    this.#runningCount--;
    for (const group of ['host', 'plugin'] as const) {
      const running = this.#running[group];
      const key = keys[group];
      const count = (running.get(key) ?? 1) - 1;
      if (count === 0) running.delete(key);
      else running.set(key, count);
    }
    this.#promote('host', keys.host);
    this.#promote('plugin', keys.plugin);
    this.#fill();
  }
}
