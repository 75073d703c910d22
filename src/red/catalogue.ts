/** The hosts and plugins that the agenda's checks refer to, by small numbers. */

import type { AgendaHost, AgendaPlugin } from '../database/queries/agenda.ts';
import type { PeriodCalendar } from '../nagios/time/period-calendar.ts';

/** Objects by id and by index; an index keeps its meaning while the object exists. */
export class Catalogue<Item extends { readonly id: string }> {
  readonly #items: (Item | undefined)[] = [];
  readonly #indexOf = new Map<string, number>();
  readonly #freeIndexes: number[] = [];

  /** Adds or replaces an object; its index. */
  set(item: Item): number {
    const index = this.#indexOf.get(item.id) ?? this.#freeIndexes.pop() ?? this.#items.length;
    this.#items[index] = item;
    this.#indexOf.set(item.id, index);
    return index;
  }

  /** Takes an object out. Nothing may refer to its index any more. */
  delete(id: string): void {
    const index = this.#indexOf.get(id);
    if (index === undefined) return;
    this.#indexOf.delete(id);
    this.#items[index] = undefined;
    this.#freeIndexes.push(index);
  }

  /** The object at an index. */
  at(index: number): Item | undefined {
    return this.#items[index];
  }

  /** The index of an object. */
  indexOf(id: string): number | undefined {
    return this.#indexOf.get(id);
  }

  /** All objects. */
  *items(): Generator<Item> {
    for (const item of this.#items) if (item !== undefined) yield item;
  }

  /** All ids. */
  ids(): IterableIterator<string> {
    return this.#indexOf.keys();
  }
}

/** What the scheduler knows of the site besides the agenda. */
export interface Catalogues {
  readonly hosts: Catalogue<AgendaHost>;
  readonly plugins: Catalogue<AgendaPlugin>;
  /** Check periods by id; one that is not there holds nothing back. */
  readonly calendars: Map<string, PeriodCalendar>;
}

/** An empty catalogue of each kind. */
export function createCatalogues(): Catalogues {
  return { hosts: new Catalogue(), plugins: new Catalogue(), calendars: new Map() };
}

/** The check period of a plugin; null: always. */
export function calendarOf(
  { calendars }: Pick<Catalogues, 'calendars'>,
  { checkPeriodId }: Pick<AgendaPlugin, 'checkPeriodId'>,
): PeriodCalendar | null {
  return checkPeriodId === null ? null : (calendars.get(checkPeriodId) ?? null);
}
