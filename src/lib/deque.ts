/** A list with cheap ends: adding and taking at either side costs the same however long it is. */

const SMALLEST_CAPACITY = 16;

/** A double-ended queue on a ring of slots, which grows and shrinks by halves. */
export class Deque<Item> {
  #slots: (Item | undefined)[] = new Array(SMALLEST_CAPACITY);
  #head = 0;
  #count = 0;

  /** How many items it holds. */
  get count(): number {
    return this.#count;
  }

  /** The first item, left where it is; undefined when there is none. */
  get first(): Item | undefined {
    return this.#slots[this.#head];
  }

  /** Adds at the end. */
  push(item: Item): void {
    if (this.#count === this.#slots.length) this.#resize(this.#count * 2);
    this.#slots[(this.#head + this.#count) & (this.#slots.length - 1)] = item;
    this.#count++;
  }

  /** Adds at the front. */
  unshift(item: Item): void {
    if (this.#count === this.#slots.length) this.#resize(this.#count * 2);
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#count++;
  }

  /** Takes the first item; undefined when there is none. */
  shift(): Item | undefined {
    if (this.#count === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#count--;
    const half = this.#slots.length / 2;
    if (half >= SMALLEST_CAPACITY && this.#count <= half / 2) this.#resize(half);
    return item;
  }

  /** The first `maxCount` items in order, left where they are. */
  peek(maxCount: number): Item[] {
    const items: Item[] = [];
    for (let index = 0; index < Math.min(maxCount, this.#count); index++) {
      items.push(this.#slots[(this.#head + index) & (this.#slots.length - 1)] as Item);
    }
    return items;
  }

  /** Takes all items, in order. */
  drain(): Item[] {
    const items = this.peek(this.#count);
    this.#slots = new Array(SMALLEST_CAPACITY);
    this.#head = 0;
    this.#count = 0;
    return items;
  }

  /** Capacities are powers of two, so that a mask finds the slot. */
  #resize(capacity: number): void {
    const items: (Item | undefined)[] = this.peek(this.#count);
    items.length = capacity;
    this.#slots = items;
    this.#head = 0;
  }
}
