/**
 * Statistics files through an rrdcached, which holds back updates and writes many at once.
 *
 * | a call                          | becomes                                                         |
 * | update of a file met first      | INFO, for the order of its data sources; CREATE if it is missing  |
 * | update of a file whose sources bear less silence than the definition says | its header is changed; over the network it is logged, once |
 * | updates of one turn of the event loop | one BATCH of UPDATEs                                      |
 * | update with samples too old     | they are dropped and counted, the rest is sent again            |
 * | update of a file without a data source of the definition | Unavailable, naming the file          |
 * | a torn or foreign file          | Unavailable, naming the file; it is left as it is               |
 * | fetch                           | FLUSH, INFO to choose the archive, FETCH                        |
 * | remove                          | FORGET, then the file is unlinked; over the network it is out of reach |
 * | rrdcached away, silent          | Unavailable; the caller repeats                                 |
 * | too many calls waiting          | Unavailable at once                                             |
 *
 * An update resolves when rrdcached has it: let it keep a journal (`-j`). Over a socket of this machine
 * files are named by their path in `folder`, and links there are refused; over the network they are in
 * the daemon's own folder (`-b`). rrdcached asks nobody who they are: its port is for trusted networks.
 */

import { join, resolve } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Unavailable } from '../model/errors.ts';
import { assertDefinition, assertSafeName, assertSample, takeTimely } from './accept.ts';
import { Files } from './builtin/file.ts';
import { type FileFacts, planFetch } from './fetch-plan.ts';
import { findFile, findFullDisk, removeFile, unavailable } from './folder.ts';
import {
  borneByAllS,
  findShortHeartbeats,
  type Heartbeat,
  type HeartbeatFacts,
  isBorne,
} from './heartbeats.ts';
import { Lives } from './lives.ts';
import { findPlaces } from './places.ts';
import type { FetchSpan, Removal, RrdDefinition, RrdStore, Sample, Series } from './rrd.ts';
import { describeEnd, type RrdcachedAddress, RrdcachedConnection } from './rrdcached-connection.ts';
import {
  countPerCommand,
  escapePath,
  formatCachedCreate,
  formatCachedFetch,
  formatCachedUpdate,
  parseCachedInfo,
} from './rrdcached-text.ts';
import { parseRows } from './rrdtool-text.ts';
import { skipOld } from './too-old.ts';
import { Turns } from './turns.ts';

const MISSING = /No such file/;
/** What helps where a file cannot be changed from here. */
const TUNE = { remedy: 'run rrdtool tune FILE --heartbeat SOURCE:SECONDS where rrdcached runs' };

/** Settings of the adapter. */
export interface RrdcachedOptions {
  /** `unix:PATH` or `HOST:PORT`, an IPv6 address in brackets. */
  readonly address: string;
  /** Where the files are when rrdcached is on this machine (`unix:`); else not used. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens the statistics files of an rrdcached. One that does not answer does not throw: `problem` tells,
 * and calls reject until it does.
 */
export function openRrdcached(options: RrdcachedOptions): RrdStore {
  return new RrdcachedStore(options);
}

class RrdcachedStore implements RrdStore {
  readonly driver = 'rrdcached';
  readonly #clock: Clock;
  /** Null over the network. */
  readonly #folder: string | null;
  readonly #connections: Lives<RrdcachedConnection>;
  readonly #turns = new Turns();
  readonly #log: Log;
  /** Null over the network. */
  readonly #files: Files | null;
  /** Whether it was told that a file cannot be changed; it will be many, and they stay so. */
  #isHeartbeatTold = false;

  constructor({ address, folder, clock, log }: RrdcachedOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#folder = address.startsWith('unix:') ? resolve(folder) : null;
    this.#files = this.#folder === null ? null : new Files(this.#folder);
    const target = parseAddress(address);
    this.#connections = new Lives({
      begin: (events) => new RrdcachedConnection(target, clock, events),
      describeEnd,
      logged: {
        end: 'rrdcached does not answer, it is tried again',
        back: 'rrdcached answers again',
      },
      clock,
      log,
    });
    // Whether it is there is known, and logged, before the first call.
    this.#connections
      .current()
      .run('PING')
      .catch(() => undefined);
  }

  async update(
    name: string,
    definition: RrdDefinition,
    samples: readonly Sample[],
  ): Promise<number> {
    assertSafeName(name);
    assertDefinition(definition);
    for (const sample of samples) assertSample(sample, definition);
    return this.#turns.run(name, async () => {
      const timely = takeTimely(samples, definition.stepS, this.#clock.now() / 1_000);
      const oldCount = await this.#write(name, definition, timely);
      return samples.length - timely.length + oldCount;
    });
  }

  async fetch(name: string, span: FetchSpan): Promise<Series | null> {
    assertSafeName(name);
    return this.#turns.run(name, async () => {
      const path = this.#locate(name);
      const connection = this.#connections.current();
      if (this.#isGone(name)) return null;
      const flush = await connection.run(`FLUSH ${path}`);
      if (flush.kind === 'refused' && MISSING.test(flush.reason)) return null;
      const facts = await this.#readFacts(connection, name);
      if (facts === null) return null;
      const plan = planFetch(name, facts, span);
      const { consolidation } = span;
      const isEmpty = plan.startS >= plan.endS;
      const reply = isEmpty
        ? null
        : await connection.run(formatCachedFetch(path, facts, { plan, consolidation }));
      if (reply?.kind === 'refused') throw unavailable(name, reply.reason);
      const rows = parseRows(reply?.lines ?? [], plan);
      return { startS: plan.startS + plan.stepS, stepS: plan.stepS, names: facts.names, rows };
    });
  }

  async remove(name: string): Promise<Removal> {
    assertSafeName(name);
    const folder = this.#folder;
    return this.#turns.run(name, async () => {
      // rrdcached forgets what it holds back for a file, but has no command that removes one.
      if (folder === null) return 'outOfReach';
      this.#isGone(name);
      const connection = this.#connections.current();
      connection.met.delete(name);
      const reply = await connection.run(`FORGET ${this.#locate(name)}`);
      if (reply.kind === 'refused' && !MISSING.test(reply.reason)) {
        throw unavailable(name, reply.reason);
      }
      return removeFile(folder, name);
    });
  }

  problem(): string | null {
    const full = this.#folder === null ? null : findFullDisk(this.#folder);
    return this.#connections.problem() ?? full;
  }

  close(): Promise<void> {
    return this.#turns.close(() => this.#connections.close());
  }

  /** Adds samples of rising time; resolves to how many the file was ahead of. */
  async #write(
    name: string,
    definition: RrdDefinition,
    samples: readonly Sample[],
  ): Promise<number> {
    const path = this.#locate(name);
    let oldCount = 0;
    let rest = samples;
    for (let first = rest[0]; first !== undefined; first = rest[0]) {
      const connection = this.#connections.current();
      if (this.#isGone(name)) connection.met.delete(name);
      const met = connection.met.get(name);
      const names =
        met && isBorne(definition, met.borneS)
          ? met.names
          : await this.#meet(connection, name, {
              definition,
              startS: first.atS - definition.stepS,
            });
      const places = findPlaces(name, names, definition);
      const batch = rest.slice(0, countPerCommand(names.length));
      const command = formatCachedUpdate(path, definition, { samples: batch, places });
      const reply = await connection.update(command);
      if (reply.kind === 'done') {
        rest = rest.slice(batch.length);
        continue;
      }
      const remainder = skipOld(rest, batch, reply.reason);
      if (remainder === null) {
        // It may have been removed or replaced: the next call looks.
        connection.met.delete(name);
        throw unavailable(name, reply.reason);
      }
      oldCount += remainder.oldCount;
      rest = remainder.samples;
    }
    return oldCount;
  }

  /**
   * Learns the data sources of a file, which is made if it is missing, and sees to it that they bear the
   * silence that the definition says.
   */
  async #meet(
    connection: RrdcachedConnection,
    name: string,
    { definition, startS }: { readonly definition: RrdDefinition; readonly startS: number },
  ): Promise<readonly string[]> {
    let facts = await this.#readFacts(connection, name);
    if (facts === null) {
      const command = formatCachedCreate(this.#locate(name), definition, startS);
      const reply = await connection.run(command);
      // Somebody else may have been faster.
      if (reply.kind === 'refused' && !reply.reason.endsWith('File exists')) {
        throw unavailable(name, reply.reason);
      }
      facts = await this.#readFacts(connection, name);
    }
    if (facts === null) throw unavailable(name, 'it could not be made; is the disk full?');
    const short = findShortHeartbeats(facts, definition);
    if (short.length > 0) this.#raise(name, short);
    connection.met.set(name, { names: facts.names, borneS: borneByAllS(definition) });
    return facts.names;
  }

  /**
   * rrdcached has no command for it, so the file is written; neither rrdcached nor rrdtool writes the same
   * bytes with an update. What cannot be done holds up no value.
   */
  #raise(name: string, short: readonly Heartbeat[]): void {
    try {
      if (this.#files === null) throw unavailable(name, 'it is on another machine');
      this.#files.use(name, (file) => file.raise(short));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (!this.#isHeartbeatTold) this.#log.warn({ error, ...TUNE }, 'statistics have gaps');
      this.#isHeartbeatTold = true;
    }
  }

  /** What the file says of itself; null when it is missing. */
  async #readFacts(
    connection: RrdcachedConnection,
    name: string,
  ): Promise<(FileFacts & HeartbeatFacts) | null> {
    const reply = await connection.run(`INFO ${this.#locate(name)}`);
    if (reply.kind === 'refused' && MISSING.test(reply.reason)) return null;
    if (reply.kind === 'refused') throw unavailable(name, reply.reason);
    const facts = parseCachedInfo(reply.lines);
    if (facts === null) throw unavailable(name, 'rrdcached does not say what it is');
    return facts;
  }

  /** The path of a file in a command. */
  #locate(name: string): string {
    const file = `${name}.rrd`;
    return this.#folder === null ? file : escapePath(join(this.#folder, file));
  }

  /** True when the file is known to be missing. Throws `Unavailable` for a link on this machine. */
  #isGone(name: string): boolean {
    return this.#folder !== null && findFile(this.#folder, name) === undefined;
  }
}

function parseAddress(address: string): RrdcachedAddress {
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length) };
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(at + 1)) };
}
