/**
 * Keeps the agenda what the database says: at once when a hint of a change comes, and every minute
 * by the configuration's version, since hints may be lost. Only what was touched is read again.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Database } from '../database/database.ts';
import {
  type AgendaCheck,
  type AgendaHost,
  type AgendaPlugin,
  readAgendaChecks,
  readAgendaHosts,
  readAgendaPlugins,
} from '../database/queries/agenda.ts';
import {
  deleteOldChanges,
  getConfigVersion,
  listChanges,
} from '../database/queries/configuration.ts';
import { readAllTimeperiods } from '../database/queries/timeperiods.ts';
import { type Clock, repeat } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { timingOf } from '../model/overrides.ts';
import { PeriodCalendar } from '../nagios/time/period-calendar.ts';
import { makePeriodsById } from '../nagios/time/site-periods.ts';
import type { Agenda } from './agenda.ts';
import { type Catalogues, calendarOf } from './catalogue.ts';
import { NEVER, nextDueAt, type Rhythm, resumeDueAt, rhythmOf } from './due-time.ts';
import { fitDueAt } from './period-due-time.ts';

/** How long a lost hint can go unnoticed. */
const VERSION_CHECK_MS = 60_000;

/** A running sync. */
export interface Sync {
  /** Looks for changes now; calls while one runs are joined into one more. Never rejects. */
  wake(): void;
  /** Looks at every check again for due times that nobody served; after taking the schedule over. */
  resume(): void;
  /** Resolves when the first full reading is done. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** What the sync works on. */
export interface SyncOptions {
  readonly database: Database;
  readonly agenda: Agenda;
  readonly catalogues: Catalogues;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether missed due times are this red's business. */
  readonly isActive: () => boolean;
  /** Called after each change of the agenda. */
  readonly onChanged: () => void;
}

/** Starts reading. */
export function startSync(options: SyncOptions): Sync {
  const { clock, log } = options;
  const reader = new AgendaReader(options);
  let version: number | undefined;
  let wanted: 'nothing' | 'changes' | 'everything' = 'everything';
  let outage = false;
  let announceReady = () => {};
  const ready = new Promise<void>((resolve) => {
    announceReady = resolve;
  });

  const readOnce = async (what: 'changes' | 'everything') => {
    const newest = await getConfigVersion(options.database);
    if (what === 'everything' || version === undefined) await reader.readEverything();
    else if (newest !== version) await reader.readChanges(version, newest);
    version = newest;
    options.onChanged();
    announceReady();
    if (options.isActive()) await deleteOldChanges(options.database, newest);
  };

  let running: Promise<void> | undefined;
  const run = async () => {
    while (wanted !== 'nothing') {
      const what = wanted;
      wanted = 'nothing';
      try {
        await readOnce(what);
        outage = false;
      } catch (error) {
        if (!outage) log.warn({ error }, 'cannot read the configuration, trying on');
        outage = true;
        // More may have been asked for meanwhile.
        if (what === 'everything' || wanted === 'nothing') wanted = what;
        return;
      }
    }
  };
  const start = () => {
    running ??= run().finally(() => {
      running = undefined;
    });
  };
  const want = (what: 'changes' | 'everything') => {
    if (wanted !== 'everything') wanted = what;
    start();
  };

  start();
  const onError = (error: unknown) => log.error({ error }, 'synchronisation failed');
  const versionChecks = repeat(clock, VERSION_CHECK_MS, async () => want('changes'), onError);
  const retries = repeat(
    clock,
    1_000,
    async () => (wanted === 'nothing' ? undefined : start()),
    onError,
  );
  return {
    wake: () => want('changes'),
    resume: () => want('everything'),
    ready,
    async stop() {
      await Promise.all([versionChecks.stop(), retries.stop()]);
      await running;
    },
  };
}

class AgendaReader {
  readonly #options: SyncOptions;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  async readEverything(): Promise<void> {
    const { database, catalogues } = this.#options;
    await this.#readPeriods();
    const plugins = await collect(readAgendaPlugins(database));
    const pluginIds = new Set(plugins.map((plugin) => plugin.id));
    this.#storePlugins(plugins);
    const hostIds = new Set<string>();
    for await (const part of readAgendaHosts(database)) {
      this.#storeHosts(part);
      for (const host of part) hostIds.add(host.id);
    }
    await this.#readChecks(undefined);
    for (const id of [...catalogues.hosts.ids()]) if (!hostIds.has(id)) catalogues.hosts.delete(id);
    for (const id of [...catalogues.plugins.ids()]) {
      if (!pluginIds.has(id)) catalogues.plugins.delete(id);
    }
  }

  async readChanges(since: number, until: number): Promise<void> {
    const { database, catalogues } = this.#options;
    const changes = await listChanges(database, since, until);
    if (changes.kind === 'everything') return this.readEverything();
    if (changes.timeperiodIds.length > 0) {
      await this.#readPeriods();
      this.#move((_host, plugin) => plugin.checkPeriodId !== null);
    }
    const plugins = await collect(readAgendaPlugins(database, changes.pluginIds));
    this.#storePlugins(plugins);
    const hosts = await collect(readAgendaHosts(database, changes.hostIds));
    this.#storeHosts(hosts);
    await this.#readChecks(changes.hostIds);
    const foundPlugins = new Set(plugins.map((plugin) => plugin.id));
    for (const id of changes.pluginIds) if (!foundPlugins.has(id)) this.#dropPlugin(id);
    const foundHosts = new Set(hosts.map((host) => host.id));
    for (const id of changes.hostIds) if (!foundHosts.has(id)) catalogues.hosts.delete(id);
  }

  /** All of them: there are few, and they exclude one another. */
  async #readPeriods(): Promise<void> {
    const { database, catalogues } = this.#options;
    const written = await readAllTimeperiods(database);
    const periods = makePeriodsById(written);
    catalogues.calendars.clear();
    for (const [id, period] of periods) catalogues.calendars.set(id, new PeriodCalendar(period));
  }

  /** Stores plugins; checks whose due times are others now move to them. */
  #storePlugins(plugins: readonly AgendaPlugin[]): void {
    const { catalogues } = this.#options;
    const changedIds = new Set<string>();
    for (const plugin of plugins) {
      const index = catalogues.plugins.indexOf(plugin.id);
      const former = index === undefined ? undefined : catalogues.plugins.at(index);
      catalogues.plugins.set(plugin);
      if (former !== undefined && !isDueAlike(former, plugin)) changedIds.add(plugin.id);
    }
    if (changedIds.size > 0) this.#move((_host, { id }) => changedIds.has(id));
  }

  /** Stores hosts; checks of those that changed what their checks have for themselves move. */
  #storeHosts(hosts: readonly AgendaHost[]): void {
    const { catalogues } = this.#options;
    const changedIds = new Set<string>();
    for (const host of hosts) {
      const index = catalogues.hosts.indexOf(host.id);
      const former = index === undefined ? undefined : catalogues.hosts.at(index);
      catalogues.hosts.set(host);
      if (index !== undefined && !isDeepStrictEqual(former?.overrides, host.overrides)) {
        changedIds.add(host.id);
      }
    }
    if (changedIds.size > 0) this.#move(({ id }) => changedIds.has(id));
  }

  /** Moves checks to their next due times. */
  #move(isMoved: (host: AgendaHost, plugin: AgendaPlugin) => boolean): void {
    const { agenda, catalogues, clock } = this.#options;
    const now = clock.now();
    for (const entry of [...agenda.entries()]) {
      const host = catalogues.hosts.at(entry.hostIndex);
      const plugin = catalogues.plugins.at(entry.pluginIndex);
      if (!host || !plugin || !isMoved(host, plugin)) continue;
      agenda.set({
        ...entry,
        dueAt: this.#dueAtOf(host, plugin, (rhythm) => nextDueAt(rhythm, now)),
      });
    }
  }

  /** When a check is due that its rhythm alone would run at `wish`. */
  #dueAtOf(host: AgendaHost, plugin: AgendaPlugin, wish: (rhythm: Rhythm) => number): number {
    if (!plugin.activeChecks) return NEVER;
    const rhythm = rhythmOfCheck(host, plugin);
    return fitDueAt(rhythm, calendarOf(this.#options.catalogues, plugin), wish(rhythm));
  }

  #dropPlugin(id: string): void {
    const { agenda, catalogues } = this.#options;
    const index = catalogues.plugins.indexOf(id);
    const orphans = [...agenda.entries()].filter((entry) => entry.pluginIndex === index);
    for (const entry of orphans) agenda.remove(entry.checkId);
    catalogues.plugins.delete(id);
  }

  /** Makes the agenda's checks of these hosts, or of all, what the database says. */
  async #readChecks(hostIds: readonly string[] | undefined): Promise<void> {
    const { agenda, catalogues, database } = this.#options;
    const hostIndexes = hostIds && new Set(hostIds.map((id) => catalogues.hosts.indexOf(id)));
    const surplus = new Set<number>();
    for (const entry of agenda.entries()) {
      if (!hostIndexes || hostIndexes.has(entry.hostIndex)) surplus.add(entry.checkId);
    }
    const resumes = hostIds === undefined && this.#options.isActive();
    for await (const part of readAgendaChecks(database, hostIds)) {
      for (const check of part) {
        if (this.#storeCheck(check, resumes)) surplus.delete(check.checkId);
      }
    }
    for (const checkId of surplus) agenda.remove(checkId);
  }

  /** False when the check is not to be scheduled. */
  #storeCheck(check: AgendaCheck, resumes: boolean): boolean {
    const { agenda, catalogues, clock, isActive } = this.#options;
    const hostIndex = catalogues.hosts.indexOf(check.hostId);
    const pluginIndex = catalogues.plugins.indexOf(check.pluginId);
    if (hostIndex === undefined || pluginIndex === undefined) return false;
    const host = catalogues.hosts.at(hostIndex);
    const plugin = catalogues.plugins.at(pluginIndex);
    if (!host || !plugin || host.maintenance) return false;
    if (agenda.dueAt(check.checkId) !== undefined && !resumes) return true;
    const now = clock.now();
    const dueAt = this.#dueAtOf(host, plugin, (rhythm) =>
      isActive() ? resumeDueAt(rhythm, check.lastScheduledAt, now) : nextDueAt(rhythm, now),
    );
    agenda.set({ checkId: check.checkId, hostIndex, pluginIndex, dueAt });
    return true;
  }
}

/** Whether two versions of a plugin want their checks at the same times. */
function isDueAlike(one: AgendaPlugin, other: AgendaPlugin): boolean {
  return (
    one.intervalMs === other.intervalMs &&
    one.checkPeriodId === other.checkPeriodId &&
    one.activeChecks === other.activeChecks
  );
}

function rhythmOfCheck(host: AgendaHost, plugin: AgendaPlugin) {
  const { intervalMs } = timingOf(plugin, host.overrides[plugin.name]);
  return rhythmOf(host.id, plugin.id, intervalMs);
}

async function collect<Item>(parts: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const part of parts) all.push(...part);
  return all;
}
