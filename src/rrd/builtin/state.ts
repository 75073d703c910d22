/**
 * The part of a file that changes with every sample, as bytes that are read and written in one go:
 *
 * | part       | bytes                | holds                                                         |
 * | last       | 16                   | time of the newest sample: seconds, microseconds              |
 * | sources    | 112 each             | last value as text (30), unknown seconds and sum of the step  |
 * | carried    | 80 an archive and source | value and unknown steps of the row that is being made; primary and secondary: the values of the last row that ended, and of those that a gap ended with it |
 * | rows       | 8 an archive         | where in its ring the newest row is                           |
 */

import type { RrdDefinition } from '../rrd.ts';

const LAST_BYTES = 16;
const SOURCE_BYTES = 112;
const CARRIED_BYTES = 80;
const ROW_BYTES = 8;
/** The last value's text, without the zero at its end. */
const MAX_TEXT_BYTES = 29;
const SOURCE = { unknownS: 32, sum: 40 };
const CARRIED = { value: 0, unknownCount: 8, primary: 64, secondary: 72 };
const MICROSECONDS = 1_000_000;
/** The upper half of a count of 64 bits. */
const UPPER = 2 ** 32;

/** How many bytes the state has. */
export function stateSizeBytes(sourceCount: number, archiveCount: number): number {
  const carriedBytes = CARRIED_BYTES * sourceCount * archiveCount;
  return LAST_BYTES + SOURCE_BYTES * sourceCount + carriedBytes + ROW_BYTES * archiveCount;
}

/** The state of a new file whose first sample comes after `startS`. */
export function createState(definition: RrdDefinition, startS: number): FileState {
  const { stepS, dataSources, archives } = definition;
  const size = stateSizeBytes(dataSources.length, archives.length);
  const state = new FileState(Buffer.alloc(size), dataSources.length);
  const stepCount = Math.floor(startS / stepS);
  state.setLastAt(startS);
  for (const source of dataSources.keys()) {
    state.setLastText(source, 'U');
    state.setUnknownS(source, startS % stepS);
    state.setSum(source, Number.NaN);
    for (const [archive, { stepCount: rowStepCount }] of archives.entries()) {
      const carried = state.carried(archive, source);
      state.setValue(carried, Number.NaN);
      state.setUnknownCount(carried, stepCount % rowStepCount);
    }
  }
  for (const [archive, { rowCount }] of archives.entries()) state.setRow(archive, rowCount - 1);
  return state;
}

/** Reads and writes the fields in place. Sources and archives are told by their place in the file. */
export class FileState {
  /** All of it, as it is in the file. */
  readonly bytes: Buffer;
  readonly #view: DataView;
  readonly #sourceCount: number;
  readonly #carriedOffset: number;
  readonly #archiveCount: number;
  /** What `primaries` and `secondaries` give. */
  readonly #values: number[];

  constructor(bytes: Buffer, sourceCount: number) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#sourceCount = sourceCount;
    this.#carriedOffset = LAST_BYTES + SOURCE_BYTES * sourceCount;
    this.#values = Array.from({ length: sourceCount }, () => Number.NaN);
    const archiveBytes = CARRIED_BYTES * sourceCount + ROW_BYTES;
    this.#archiveCount = (bytes.length - this.#carriedOffset) / archiveBytes;
  }

  /** Time of the newest sample in whole seconds since the epoch. */
  get lastAtS(): number {
    return this.#count(0);
  }

  /** What rrdtool knows of it beyond the second, 0..1. */
  get lastFractionS(): number {
    return this.#count(8) / MICROSECONDS;
  }

  /** Sets the time of the newest sample, a whole second. */
  setLastAt(atS: number): void {
    this.#setCount(0, atS);
    this.#setCount(8, 0);
  }

  /** The newest value as it was given; `U` = unknown. */
  lastText(source: number): string {
    const at = LAST_BYTES + SOURCE_BYTES * source;
    const end = this.bytes.indexOf(0, at);
    return this.bytes.toString('latin1', at, Math.min(end, at + MAX_TEXT_BYTES));
  }

  /** Longer texts are cut, as rrdtool does. */
  setLastText(source: number, text: string): void {
    const at = LAST_BYTES + SOURCE_BYTES * source;
    const length = Math.min(text.length, MAX_TEXT_BYTES);
    // For so few bytes a loop is faster than calls of the runtime.
    for (let place = 0; place < SOURCE.unknownS; place++) {
      this.bytes[at + place] = place < length ? text.charCodeAt(place) : 0;
    }
  }

  /** Seconds of the step that is going on in which the value was unknown. */
  unknownS(source: number): number {
    return this.#count(LAST_BYTES + SOURCE_BYTES * source + SOURCE.unknownS);
  }

  setUnknownS(source: number, seconds: number): void {
    this.#setCount(LAST_BYTES + SOURCE_BYTES * source + SOURCE.unknownS, seconds);
  }

  /** Value times seconds of the step that is going on; NaN = nothing known yet. */
  sum(source: number): number {
    return this.#number(LAST_BYTES + SOURCE_BYTES * source + SOURCE.sum);
  }

  setSum(source: number, sum: number): void {
    this.#setNumber(LAST_BYTES + SOURCE_BYTES * source + SOURCE.sum, sum);
  }

  /** Where the fields are that a source has in an archive; the methods below take it. */
  carried(archive: number, source: number): number {
    return this.#carriedOffset + CARRIED_BYTES * (archive * this.#sourceCount + source);
  }

  /** What the row that is being made comes to so far; NaN = nothing known yet. */
  value(carried: number): number {
    return this.#number(carried + CARRIED.value);
  }

  setValue(carried: number, value: number): void {
    this.#setNumber(carried + CARRIED.value, value);
  }

  /** Steps of the row that is being made whose value was unknown. */
  unknownCount(carried: number): number {
    return this.#count(carried + CARRIED.unknownCount);
  }

  setUnknownCount(carried: number, count: number): void {
    this.#setCount(carried + CARRIED.unknownCount, count);
  }

  /**
   * For each source the value of the first row that the newest sample ended; good until the next call
   * of this method or of `secondaries`.
   */
  primaries(archive: number): readonly number[] {
    return this.#readAll(archive, CARRIED.primary);
  }

  setPrimary(carried: number, value: number): void {
    this.#setNumber(carried + CARRIED.primary, value);
  }

  /** The same of the other rows that it ended. */
  secondaries(archive: number): readonly number[] {
    return this.#readAll(archive, CARRIED.secondary);
  }

  setSecondary(carried: number, value: number): void {
    this.#setNumber(carried + CARRIED.secondary, value);
  }

  /** Which row of its ring is an archive's newest. */
  row(archive: number): number {
    return this.#count(this.#rowOffset(archive));
  }

  setRow(archive: number, row: number): void {
    this.#setCount(this.#rowOffset(archive), row);
  }

  #readAll(archive: number, field: number): readonly number[] {
    for (let source = 0; source < this.#sourceCount; source++) {
      this.#values[source] = this.#number(this.carried(archive, source) + field);
    }
    return this.#values;
  }

  #rowOffset(archive: number): number {
    return this.bytes.length - ROW_BYTES * (this.#archiveCount - archive);
  }

  #number(at: number): number {
    return this.#view.getFloat64(at, true);
  }

  #setNumber(at: number, value: number): void {
    this.#view.setFloat64(at, value, true);
  }

  #count(at: number): number {
    return this.#view.getUint32(at, true) + UPPER * this.#view.getUint32(at + 4, true);
  }

  #setCount(at: number, count: number): void {
    // Takes the lower 32 bits, as a division would.
    this.#view.setUint32(at, count >>> 0, true);
    this.#view.setUint32(at + 4, Math.floor(count / UPPER), true);
  }
}
