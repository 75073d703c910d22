/**
 * Statistics files through one `rrdtool -`: `update` and `fetch` -> lines of its language -> values.
 *
 * | a call                          | becomes                                                        |
 * | update of a missing file        | `create`, then `update`                                        |
 * | update of a file whose sources bear less silence than the definition says | `info`, `tune`, then `update` |
 * | update with samples too old     | they are dropped and counted, the rest is sent again           |
 * | update of a file without a data source of the definition | Unavailable, naming the file         |
 * | a torn or foreign file, a link  | Unavailable, naming the file; it is left as it is              |
 * | fetch                           | `info` to choose the archive, then `fetch`                     |
 * | remove                          | none: the file is unlinked while no command of it is under way |
 * | rrdtool dead, silent, restarted | Unavailable; the caller repeats                                |
 * | too many calls waiting          | Unavailable at once: the disk does not keep up                 |
 * | the folder is gone              | it is made again, and rrdtool is started in the new one        |
 *
 * Calls for different files are pipelined; calls for one file wait for each other.
 */

import { execFile } from 'node:child_process';
import type { Stats } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Lru } from '../lib/lru.ts';
import { ConfigError } from '../model/errors.ts';
import { assertSafeName, takeTimely } from './accept.ts';
import { type FileFacts, planFetch } from './fetch-plan.ts';
import { findFile, findFolderProblem, prepareFolder, removeFile, unavailable } from './folder.ts';
import { borneByAllS, findShortHeartbeats, type HeartbeatFacts, isBorne } from './heartbeats.ts';
import { Lives } from './lives.ts';
import type { FetchSpan, Removal, RrdDefinition, RrdStore, Sample, Series } from './rrd.ts';
import { describeEnd, RrdtoolProcess } from './rrdtool-process.ts';
import {
  formatCreate,
  formatFetch,
  formatInfo,
  formatTune,
  formatUpdate,
  parseInfo,
  parseRows,
} from './rrdtool-text.ts';
import { skipOld } from './too-old.ts';
import { Turns } from './turns.ts';

/** Files whose heartbeats are known; about 150 bytes each. */
const MAX_KNOWN = 300_000;
/** Most samples in one command line. */
const MAX_SAMPLES_PER_COMMAND = 100;
const VERSION_TIMEOUT_MS = 10_000;

/** Settings of the adapter. */
export interface RrdtoolOptions {
  /** Where the files are; made with mode 0750 when it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A name in PATH or an absolute path. Default: `rrdtool`. */
  readonly program?: string;
}

/** True when `program` can be run and is rrdtool. */
export async function isRrdtoolInstalled(program = 'rrdtool'): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], {
      timeout: VERSION_TIMEOUT_MS,
    });
    return stdout.startsWith('RRDtool');
  } catch {
    return false;
  }
}

/**
 * Opens the statistics files in a folder. Throws `ConfigError` when there is no rrdtool. A folder that
 * cannot be used does not throw: `problem` tells, and calls reject until it can.
 */
export async function openRrdtool(options: RrdtoolOptions): Promise<RrdStore> {
  const program = options.program ?? 'rrdtool';
  if (!(await isRrdtoolInstalled(program))) {
    throw new ConfigError(
      `There is no program "${program}" for statistics: install rrdtool, or set rrd.driver to none.`,
    );
  }
  return new RrdtoolStore({ ...options, folder: resolve(options.folder), program });
}

class RrdtoolStore implements RrdStore {
  readonly driver = 'rrdtool';
  readonly #options: Required<RrdtoolOptions>;
  readonly #processes: Lives<RrdtoolProcess>;
  /** The folder in which rrdtool was started. */
  #folder: Stats | null = null;
  readonly #turns = new Turns();
  /** The silence that all sources of a file bear, in seconds; by name. */
  readonly #borneS = new Lru<string, number>(MAX_KNOWN);

  constructor(options: Required<RrdtoolOptions>) {
    this.#options = options;
    const { program, folder, clock, log } = options;
    this.#processes = new Lives({
      begin: (events) => new RrdtoolProcess({ program, folder, clock, ...events }),
      describeEnd,
      logged: {
        end: 'rrdtool stopped, it is started again',
        back: 'rrdtool answers again',
      },
      clock,
      log,
    });
  }

  async update(
    name: string,
    definition: RrdDefinition,
    samples: readonly Sample[],
  ): Promise<number> {
    assertSafeName(name);
    return this.#turns.run(name, async () => {
      const timely = takeTimely(samples, definition.stepS, this.#options.clock.now() / 1_000);
      const oldCount = await this.#write(name, definition, timely);
      return samples.length - timely.length + oldCount;
    });
  }

  async fetch(name: string, span: FetchSpan): Promise<Series | null> {
    assertSafeName(name);
    return this.#turns.run(name, async () => {
      if (!this.#hasFile(name)) return null;
      this.#enterFolder();
      const facts = await this.#readFacts(name);
      const plan = planFetch(name, facts, span);
      const { stepS } = plan;
      const isEmpty = plan.startS >= plan.endS;
      const lines = isEmpty
        ? []
        : await this.#run(name, formatFetch(name, span.consolidation, plan));
      return {
        startS: plan.startS + stepS,
        stepS,
        names: facts.names,
        rows: parseRows(lines, plan),
      };
    });
  }

  async remove(name: string): Promise<Removal> {
    assertSafeName(name);
    return this.#turns.run(name, () => {
      this.#borneS.delete(name);
      return removeFile(this.#options.folder, name);
    });
  }

  problem(): string | null {
    return findFolderProblem(this.#options.folder) ?? this.#processes.problem();
  }

  close(): Promise<void> {
    return this.#turns.close(() => this.#processes.close());
  }

  /** Adds samples of rising time; resolves to how many the file was ahead of. */
  async #write(
    name: string,
    definition: RrdDefinition,
    samples: readonly Sample[],
  ): Promise<number> {
    let oldCount = 0;
    let rest = samples;
    for (let first = rest[0]; first !== undefined; first = rest[0]) {
      this.#enterFolder();
      if (this.#hasFile(name)) await this.#seeToHeartbeats(name, definition);
      else await this.#create(name, definition, first.atS - definition.stepS);
      const batch = rest.slice(0, MAX_SAMPLES_PER_COMMAND);
      const reply = await this.#processes.current().run(formatUpdate(name, definition, batch));
      if (reply.kind === 'done') {
        rest = rest.slice(batch.length);
        continue;
      }
      const remainder = skipOld(rest, batch, reply.reason);
      if (remainder === null) throw unavailable(name, explain(reply.reason));
      oldCount += remainder.oldCount;
      rest = remainder.samples;
    }
    return oldCount;
  }

  async #seeToHeartbeats(name: string, definition: RrdDefinition): Promise<void> {
    if (isBorne(definition, this.#borneS.get(name) ?? 0)) return;
    const facts = await this.#readFacts(name);
    const short = findShortHeartbeats(facts, definition);
    if (short.length > 0) await this.#run(name, formatTune(name, short));
    this.#borneS.set(name, borneByAllS(definition));
  }

  async #readFacts(name: string): Promise<FileFacts & HeartbeatFacts> {
    const facts = parseInfo(await this.#run(name, formatInfo(name)));
    if (facts === null) throw unavailable(name, 'rrdtool does not say what it is');
    return facts;
  }

  async #create(name: string, definition: RrdDefinition, startS: number): Promise<void> {
    const reply = await this.#processes.current().run(formatCreate(name, definition, startS));
    // Another process may have been faster.
    if (reply.kind === 'refused' && !reply.reason.endsWith('File exists')) {
      throw unavailable(name, reply.reason);
    }
    this.#borneS.delete(name);
    // rrdtool 1.7 says OK when the disk is full.
    if (!this.#hasFile(name)) throw unavailable(name, 'it could not be made; is the disk full?');
  }

  async #run(name: string, command: string): Promise<readonly string[]> {
    const reply = await this.#processes.current().run(command);
    if (reply.kind === 'refused') throw unavailable(name, reply.reason);
    return reply.lines;
  }

  #hasFile(name: string): boolean {
    return findFile(this.#options.folder, name) !== undefined;
  }

  /** Sees to it that rrdtool works in the folder that now has this path. */
  #enterFolder(): void {
    const found = prepareFolder(this.#options.folder);
    if (this.#folder && (found.ino !== this.#folder.ino || found.dev !== this.#folder.dev)) {
      this.#processes.restart('its folder was replaced');
    }
    this.#folder = found;
  }
}

/** Adds the remedy to a complaint of rrdtool that people cannot do much with. */
function explain(reason: string): string {
  const isOtherData = /unknown DS name|more DS definitions/.test(reason);
  return isOtherData ? `${reason}; it was made for other data, move it away` : reason;
}
