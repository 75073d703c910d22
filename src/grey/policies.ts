/**
 * What configuration says of the checks and hosts that results are of: read when first needed, and
 * forgotten when the configuration has changed, which every batch asks first. So a result is judged by
 * the configuration as it was committed before the result came, with one small query for each batch.
 */

import type { Sql } from '../database/database.ts';
import { getConfigVersion } from '../database/queries/configuration.ts';
import { readAllDependencies } from '../database/queries/dependencies.ts';
import {
  type CheckFacts,
  type HostFacts,
  readHostFacts,
  readObjectFacts,
} from '../database/queries/object-facts.ts';
import { readAllTimeperiods } from '../database/queries/timeperiods.ts';
import { Lru } from '../lib/lru.ts';
import { makeDependencies, type SiteDependencies } from '../nagios/state/site-dependencies.ts';
import { PeriodCalendar } from '../nagios/time/period-calendar.ts';
import { makePeriodsById } from '../nagios/time/site-periods.ts';
import type { TimePeriod } from '../nagios/time/time-period.ts';

/** Objects and hosts kept; about 300 bytes each. */
const MAX_OBJECTS = 500_000;
const MAX_HOSTS = 100_000;

/** A check or a host itself, with its host. */
export type MonitoredObject = CheckObject | HostObject;

/** A check. */
export interface CheckObject {
  readonly kind: 'check';
  readonly id: number;
  readonly check: CheckFacts;
  readonly host: HostFacts;
}

/** A host's own state. */
export interface HostObject {
  readonly kind: 'host';
  readonly id: number;
  readonly host: HostFacts;
}

/** Knows the configuration as of the newest `refresh`. */
export class Policies {
  readonly #objects = new Lru<number, MonitoredObject>(MAX_OBJECTS);
  readonly #hosts = new Lru<string, HostFacts>(MAX_HOSTS);
  readonly #periods = new Map<string, TimePeriod>();
  #arePeriodsKnown = false;
  #dependencies: SiteDependencies | null = null;
  #calendars: ReadonlyMap<string, PeriodCalendar> | null = null;
  #version: number | null = null;

  /** The time periods by id, as far as what was loaded needs them; those that can be read. */
  get periods(): ReadonlyMap<string, TimePeriod> {
    return this.#periods;
  }

  /** Forgets what may have changed. */
  async refresh(sql: Sql): Promise<void> {
    const version = await getConfigVersion(sql);
    if (version === this.#version) return;
    this.#objects.clear();
    this.#hosts.clear();
    this.#dependencies = null;
    this.#periods.clear();
    this.#arePeriodsKnown = false;
    this.#calendars = null;
    this.#version = version;
  }

  /** Those of these objects that exist, by id. */
  async loadObjects(sql: Sql, ids: ReadonlySet<number>): Promise<Map<number, MonitoredObject>> {
    const loaded = new Map<number, MonitoredObject>();
    const unknown: number[] = [];
    for (const id of ids) {
      const object = this.#objects.get(id);
      if (object) loaded.set(id, object);
      else unknown.push(id);
    }
    if (unknown.length === 0) return loaded;
    const facts = await readObjectFacts(sql, unknown);
    const hosts = await this.loadHosts(sql, new Set(facts.map(({ hostId }) => hostId)));
    if (facts.some(({ check }) => check?.eventHandlerPeriodId)) await this.#loadPeriods(sql);
    for (const { id, hostId, check } of facts) {
      const host = hosts.get(hostId);
      if (host === undefined) continue;
      const object: MonitoredObject =
        check === null ? { kind: 'host', id, host } : { kind: 'check', id, check, host };
      if (ids.has(id)) loaded.set(id, object);
      this.#objects.set(id, object);
    }
    return loaded;
  }

  /** What depends on what. */
  async loadDependencies(sql: Sql): Promise<SiteDependencies> {
    if (this.#dependencies !== null) return this.#dependencies;
    const linked = await readAllDependencies(sql);
    if (linked.some(({ periodId }) => periodId !== null)) await this.#loadPeriods(sql);
    this.#dependencies = makeDependencies(linked, this.#periods);
    return this.#dependencies;
  }

  async #loadPeriods(sql: Sql): Promise<void> {
    if (this.#arePeriodsKnown) return;
    const written = await readAllTimeperiods(sql);
    const made = makePeriodsById(written);
    for (const [id, period] of made) this.#periods.set(id, period);
    this.#arePeriodsKnown = true;
  }

  /** The time periods by id. */
  async loadCalendars(sql: Sql): Promise<ReadonlyMap<string, PeriodCalendar>> {
    if (this.#calendars !== null) return this.#calendars;
    await this.#loadPeriods(sql);
    this.#calendars = new Map(
      [...this.#periods].map(([id, period]) => [id, new PeriodCalendar(period)]),
    );
    return this.#calendars;
  }

  /** Those of these hosts that exist, by id. */
  async loadHosts(sql: Sql, ids: ReadonlySet<string>): Promise<Map<string, HostFacts>> {
    const loaded = new Map<string, HostFacts>();
    const unknown: string[] = [];
    for (const id of ids) {
      const host = this.#hosts.get(id);
      if (host) loaded.set(id, host);
      else unknown.push(id);
    }
    if (unknown.length === 0) return loaded;
    for (const host of await readHostFacts(sql, unknown)) {
      if (host.eventHandlerPeriodId !== null) await this.#loadPeriods(sql);
      loaded.set(host.id, host);
      this.#hosts.set(host.id, host);
    }
    return loaded;
  }
}
