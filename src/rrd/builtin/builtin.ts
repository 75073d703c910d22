/**
 * Statistics files written by this process itself, as rrdtool would write them.
 *
 * | a call                          | becomes                                                         |
 * | update of a missing file        | it is made whole, then updated                                  |
 * | update                          | opened, samples applied in memory, rows and state written, closed |
 * | update of a file whose sources bear less silence than the definition says | its header is changed, then updated |
 * | update with samples too old     | they are dropped and counted                                    |
 * | update of a file without a data source of the definition | Unavailable, naming the file          |
 * | a torn or foreign file, a link, one with what only rrdtool writes | Unavailable, naming the file; it is left as it is |
 * | fetch                           | the rows of one archive, read at once                           |
 * | too many calls waiting          | Unavailable at once: the disk does not keep up                  |
 * | the folder is gone              | it is made again with the next new file                         |
 *
 * Reads and writes of files that are there are synchronous: they take microseconds, and the folder is
 * on a local disk. Making a file waits for the disk and is not.
 */

import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { assert } from '../../lib/assert.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { createSlots } from '../../lib/slots.ts';
import { assertDefinition, assertSafeName, assertSample, takeTimely } from '../accept.ts';
import { planFetch } from '../fetch-plan.ts';
import { findFolderProblem, prepareFolder, removeFile, unavailable } from '../folder.ts';
import { findShortHeartbeats, type Heartbeat } from '../heartbeats.ts';
import { findPlaces } from '../places.ts';
import type { FetchSpan, Removal, RrdDefinition, RrdStore, Sample, Series } from '../rrd.ts';
import { applySample } from './apply.ts';
import { Files, type OpenFile } from './file.ts';
import type { FileLayout } from './layout.ts';
import { Line } from './line.ts';
import { createFile, removeLeftovers } from './new-file.ts';

/** Most samples that are applied before they are written. */
const MAX_SAMPLES_PER_WRITE = 100;
/** So many values at least of many ended rows are written before the next sample is applied. */
const MAX_VALUES_PER_WRITE = 100_000;
/** Files that are made at a time; they share the threads that wait for disks. */
const MAX_NEW_FILES = 2;

/** Settings of the adapter. */
export interface BuiltinOptions {
  /** Where the files are; made with mode 0750 when it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens the statistics files in a folder. A folder that cannot be used does not reject: `problem`
 * tells, and calls reject until it can.
 */
export async function openBuiltin(options: BuiltinOptions): Promise<RrdStore> {
  const folder = resolve(options.folder);
  await removeLeftovers(folder, options.clock.now()).catch((error: unknown) => {
    options.log.debug({ folder, reason: String(error) }, 'no leftovers of statistics files');
  });
  return new BuiltinStore({ ...options, folder });
}

/** Where the data sources of a definition are in files that are built alike. */
interface Fit {
  readonly layout: FileLayout;
  readonly places: readonly number[];
  /** Sources that bear less silence than the definition says. */
  readonly short: readonly Heartbeat[];
}

class BuiltinStore implements RrdStore {
  readonly driver = 'builtin';
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #files: Files;
  readonly #line: Line;
  /** Definitions that were found right, and how they fit: writers use one for many files. */
  readonly #fits = new WeakMap<RrdDefinition, Fit | null>();
  readonly #newFiles = createSlots(MAX_NEW_FILES);

  constructor({ folder, clock }: BuiltinOptions) {
    this.#folder = folder;
    this.#clock = clock;
    this.#files = new Files(folder);
    this.#line = new Line(clock);
  }

  update(name: string, definition: RrdDefinition, samples: readonly Sample[]): Promise<number> {
    return this.#line.run(name, () => {
      this.#check(name, definition, samples);
      const timely = takeTimely(samples, definition.stepS, this.#clock.now() / 1_000);
      const untimelyCount = samples.length - timely.length;
      if (timely.length === 0) return untimelyCount;
      if (timely.length <= MAX_SAMPLES_PER_WRITE) {
        const oldCount = this.#write(name, definition, timely);
        if (oldCount !== null) return untimelyCount + oldCount;
      }
      return this.#writeSlowly(name, definition, timely).then((count) => untimelyCount + count);
    });
  }

  fetch(name: string, span: FetchSpan): Promise<Series | null> {
    return this.#line.run(name, () => {
      assertSafeName(name);
      return this.#files.use(name, (file) => read(file, name, span));
    });
  }

  remove(name: string): Promise<Removal> {
    return this.#line.run(name, () => {
      assertSafeName(name);
      return removeFile(this.#folder, name);
    });
  }

  problem(): string | null {
    return findFolderProblem(this.#folder);
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  #check(name: string, definition: RrdDefinition, samples: readonly Sample[]): void {
    assertSafeName(name);
    if (!this.#fits.has(definition)) {
      assertDefinition(definition);
      this.#fits.set(definition, null);
    }
    for (const sample of samples) assertSample(sample, definition);
  }

  /** Adds samples of rising time; how many the file was ahead of, null when there is no file. */
  #write(name: string, definition: RrdDefinition, samples: readonly Sample[]): number | null {
    const work = (file: OpenFile) => {
      const { places, short } = this.#fit(name, file.layout, definition);
      if (short.length === 0) return write(file, samples, places);
      file.raise(short);
      return 'raised';
    };
    const count = this.#files.use(name, work);
    if (count !== 'raised') return count;
    const again = this.#files.use(name, work);
    if (again === 'raised') throw unavailable(name, 'somebody changes its heartbeats all the time');
    return again;
  }

  #fit(name: string, layout: FileLayout, definition: RrdDefinition): Fit {
    const known = this.#fits.get(definition);
    if (known?.layout === layout) return known;
    const names = layout.sources.map((source) => source.name);
    const heartbeats = new Map(layout.sources.map((one) => [one.name, one.heartbeatS]));
    const places = findPlaces(name, names, definition);
    const fit = { layout, places, short: findShortHeartbeats({ heartbeats }, definition) };
    this.#fits.set(definition, fit);
    return fit;
  }

  /** The same with a file that is made, and with many samples, in portions. */
  async #writeSlowly(
    name: string,
    definition: RrdDefinition,
    samples: readonly Sample[],
  ): Promise<number> {
    let oldCount = 0;
    for (let first = 0; first < samples.length; first += MAX_SAMPLES_PER_WRITE) {
      const batch = samples.slice(first, first + MAX_SAMPLES_PER_WRITE);
      let count = this.#write(name, definition, batch);
      if (count === null) {
        await this.#create(name, definition, batch);
        count = this.#write(name, definition, batch);
      }
      if (count === null) throw unavailable(name, 'it was made and is gone again');
      oldCount += count;
      await setImmediate();
    }
    return oldCount;
  }

  async #create(
    name: string,
    definition: RrdDefinition,
    [first]: readonly Sample[],
  ): Promise<void> {
    prepareFolder(this.#folder);
    const place = { folder: this.#folder, name };
    const startS = (first?.atS ?? 0) - definition.stepS;
    await this.#newFiles.run(() => createFile(place, definition, startS));
  }
}

/** Adds samples of rising time; returns how many the file was ahead of. */
function write(file: OpenFile, samples: readonly Sample[], places: readonly number[]): number {
  const { state, rows } = file;
  let oldCount = 0;
  for (const { atS, values } of samples) {
    if (atS <= state.lastAtS) {
      oldCount++;
      continue;
    }
    const inOrder = places.map((place) => values[place] ?? null);
    applySample(file, { atS, values: inOrder }, rows);
    if (rows.valueCount >= MAX_VALUES_PER_WRITE) file.write();
  }
  if (oldCount < samples.length) file.write();
  return oldCount;
}

function read(file: OpenFile, name: string, span: FetchSpan): Series {
  const { layout, state } = file;
  const { stepS, sources, archives } = layout;
  const names = sources.map((source) => source.name);
  const plan = planFetch(name, { stepS, lastAtS: state.lastAtS, names, archives }, span);
  const archive = archives[plan.archive];
  assert(archive !== undefined, 'a plan is for an archive of its file');
  const count = Math.max(0, (plan.endS - plan.startS) / plan.stepS);
  const age = Math.floor(state.lastAtS / plan.stepS) - plan.startS / plan.stepS - 1;
  const firstRow = (state.row(plan.archive) + archive.rowCount - age) % archive.rowCount;
  const values = count === 0 ? [] : file.readRows(archive, firstRow, count);
  const rows = Array.from({ length: count }, (_, row) =>
    names.map((_name, source) => {
      const value = values[row * names.length + source] ?? Number.NaN;
      return Number.isFinite(value) ? value : null;
    }),
  );
  return { startS: plan.startS + plan.stepS, stepS: plan.stepS, names, rows };
}
