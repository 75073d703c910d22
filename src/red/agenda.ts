/**
 * Every scheduled check and when it is due: an indexed binary heap over typed arrays, so that a
 * million checks cost tens of megabytes and any of them can be moved or removed at once.
 */

import { assert } from '../lib/assert.ts';

/** A check in the agenda. Host and plugin are indexes into the catalogue. */
export interface AgendaEntry {
  readonly checkId: number;
  readonly hostIndex: number;
  readonly pluginIndex: number;
  readonly dueAt: number;
}

const FIRST_CAPACITY = 1_024;

/** The agenda. Every operation on one check is O(log n). */
export class Agenda {
  readonly #slotOf = new Map<number, number>();
  readonly #freeSlots: number[] = [];
  #slotCount = 0;
  #checkIds = new Float64Array(FIRST_CAPACITY);
  #dueAts = new Float64Array(FIRST_CAPACITY);
  #hostIndexes = new Int32Array(FIRST_CAPACITY);
  #pluginIndexes = new Int32Array(FIRST_CAPACITY);
  /** Slots in heap order, and the place of each slot in it. */
  #heap = new Int32Array(FIRST_CAPACITY);
  #placeOf = new Int32Array(FIRST_CAPACITY);

  /** How many checks it holds. */
  get count(): number {
    return this.#slotOf.size;
  }

  /** When a check is due; undefined when it is not scheduled. */
  dueAt(checkId: number): number | undefined {
    const slot = this.#slotOf.get(checkId);
    return slot === undefined ? undefined : this.#dueAts[slot];
  }

  /** One check; undefined when it is not scheduled. */
  find(checkId: number): AgendaEntry | undefined {
    const slot = this.#slotOf.get(checkId);
    return slot === undefined ? undefined : this.#entry(slot);
  }

  /** The check that is due first; undefined when there is none. */
  first(): AgendaEntry | undefined {
    const slot = this.count === 0 ? undefined : this.#heap[0];
    return slot === undefined ? undefined : this.#entry(slot);
  }

  /** Adds a check, or moves it to its new due time. */
  set(entry: AgendaEntry): void {
    const known = this.#slotOf.get(entry.checkId);
    const slot = known ?? this.#takeSlot();
    this.#checkIds[slot] = entry.checkId;
    this.#dueAts[slot] = entry.dueAt;
    this.#hostIndexes[slot] = entry.hostIndex;
    this.#pluginIndexes[slot] = entry.pluginIndex;
    if (known === undefined) {
      this.#slotOf.set(entry.checkId, slot);
      this.#put(this.count - 1, slot);
    }
    this.#restore(this.#placeOf[slot] ?? 0);
  }

  /** Takes a check out; one that is not there is no error. */
  remove(checkId: number): void {
    const slot = this.#slotOf.get(checkId);
    if (slot === undefined) return;
    const place = this.#placeOf[slot] ?? 0;
    const lastPlace = this.count - 1;
    const lastSlot = this.#heap[lastPlace] ?? 0;
    this.#slotOf.delete(checkId);
    this.#freeSlots.push(slot);
    if (place === lastPlace) return;
    this.#put(place, lastSlot);
    this.#restore(place);
  }

  /** All entries, in no order. The agenda must not be changed meanwhile. */
  *entries(): Generator<AgendaEntry> {
    for (const slot of this.#slotOf.values()) yield this.#entry(slot);
  }

  #entry(slot: number): AgendaEntry {
    return {
      checkId: this.#checkIds[slot] ?? 0,
      hostIndex: this.#hostIndexes[slot] ?? 0,
      pluginIndex: this.#pluginIndexes[slot] ?? 0,
      dueAt: this.#dueAts[slot] ?? 0,
    };
  }

  #takeSlot(): number {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    if (this.#slotCount === this.#dueAts.length) this.#grow();
    return this.#slotCount++;
  }

  #grow(): void {
    const capacity = this.#dueAts.length * 2;
    const widen = <Numbers extends Float64Array | Int32Array>(from: Numbers, to: Numbers) => {
      to.set(from);
      return to;
    };
    this.#checkIds = widen(this.#checkIds, new Float64Array(capacity));
    this.#dueAts = widen(this.#dueAts, new Float64Array(capacity));
    this.#hostIndexes = widen(this.#hostIndexes, new Int32Array(capacity));
    this.#pluginIndexes = widen(this.#pluginIndexes, new Int32Array(capacity));
    this.#heap = widen(this.#heap, new Int32Array(capacity));
    this.#placeOf = widen(this.#placeOf, new Int32Array(capacity));
  }

  #put(place: number, slot: number): void {
    assert(place < this.#heap.length, 'the heap has a place for every slot');
    this.#heap[place] = slot;
    this.#placeOf[slot] = place;
  }

  #dueAtPlace(place: number): number {
    return this.#dueAts[this.#heap[place] ?? 0] ?? 0;
  }

  #restore(place: number): void {
    if (place > 0 && this.#dueAtPlace(place) < this.#dueAtPlace((place - 1) >> 1))
      this.#rise(place);
    else this.#sink(place);
  }

  #rise(start: number): void {
    const slot = this.#heap[start] ?? 0;
    const dueAt = this.#dueAts[slot] ?? 0;
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#dueAtPlace(parent) <= dueAt) break;
      this.#put(place, this.#heap[parent] ?? 0);
      place = parent;
    }
    this.#put(place, slot);
  }

  #sink(start: number): void {
    const slot = this.#heap[start] ?? 0;
    const dueAt = this.#dueAts[slot] ?? 0;
    let place = start;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.count) break;
      if (child + 1 < this.count && this.#dueAtPlace(child + 1) < this.#dueAtPlace(child)) child++;
      if (this.#dueAtPlace(child) >= dueAt) break;
      this.#put(place, this.#heap[child] ?? 0);
      place = child;
    }
    this.#put(place, slot);
  }
}
