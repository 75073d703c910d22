/**
 * The file format of rrdtool 1.7, version 0003, as a 64-bit little-endian machine writes it. All fields
 * have 8 bytes, texts are padded with zeros:
 *
 * | part       | bytes       | holds                                                                  |
 * | head       | 128         | cookie, version, float cookie; number of sources, of archives; step    |
 * | sources    | 120 each    | name (20), kind (20), heartbeat, min, max, 7 unused                    |
 * | archives   | 120 each    | consolidation (20), rows, steps a row, share that may be unknown, 9 unused |
 * | state      |             | what changes with each sample: see `state.ts`                          |
 * | rows       | 8 a value   | archive by archive, each a ring of rows, a row has a value per source  |
 *
 * NaN is no bound, and an unknown value. Nothing moves and no file grows after it was made.
 */

import type { Archive, Consolidation, DataSource, RrdDefinition } from '../rrd.ts';
import { createState, stateSizeBytes } from './state.ts';

/** A data source as the file keeps it. */
export interface SourceLayout {
  readonly name: string;
  readonly kind: DataSource['kind'];
  readonly heartbeatS: number;
  /** NaN = no bound. */
  readonly min: number;
  readonly max: number;
}

/** An archive as the file keeps it. */
export interface ArchiveLayout extends Archive {
  /** Its place among the archives of its file. */
  readonly index: number;
  /** Largest share of unknown steps in a row that is known, 0..1. */
  readonly unknownShare: number;
  /** Where its first row is, in bytes from the start of the file. */
  readonly offset: number;
}

/** Everything about a file that does not change. */
export interface FileLayout {
  readonly stepS: number;
  readonly sources: readonly SourceLayout[];
  readonly archives: readonly ArchiveLayout[];
  /** Where the state is; it ends where the rows begin. Bytes from the start of the file. */
  readonly stateOffset: number;
  readonly rowsOffset: number;
  readonly sizeBytes: number;
}

/** A file's header, or in a few words why it is none that can be used. */
export type DecodedLayout =
  | { readonly kind: 'layout'; readonly layout: FileLayout }
  | { readonly kind: 'refused'; readonly reason: string };

/** Bytes of the first part, which says how long the header is. */
export const HEAD_BYTES = 128;
/** Bytes of one value in a row. */
export const VALUE_BYTES = 8;

const PART_BYTES = 120;
const TEXT_BYTES = 20;
const COOKIE = 'RRD\0';
const VERSION = '0003\0';
/** A number whose bytes differ between kinds of machines. */
const FLOAT_COOKIE = 8.642135e130;
/** Where in the head, and in the description of a source or an archive, the fields are. */
const HEAD = { version: 4, floatCookie: 16, sourceCount: 24, archiveCount: 32, stepS: 40 };
const SOURCE = { kind: 20, heartbeatS: 40, min: 48, max: 56 };
const ARCHIVE = { rowCount: 24, stepCount: 32, unknownShare: 40 };
/** More of either is no file of ours, and could exhaust the memory. */
const MAX_PART_COUNT = 10_000;
/** The upper half of a count of 64 bits. */
const UPPER = 2 ** 32;
/** Half of the steps of a row may be unknown. */
const UNKNOWN_SHARE = 0.5;

const KINDS: readonly DataSource['kind'][] = ['GAUGE', 'COUNTER', 'DERIVE', 'ABSOLUTE'];
const CONSOLIDATIONS: readonly Consolidation[] = ['AVERAGE', 'MIN', 'MAX', 'LAST'];

/** How many bytes the header of a file has, with its state; from its first `HEAD_BYTES`. */
export function measureHeader(head: Buffer): number {
  const sourceCount = readCount(head, HEAD.sourceCount);
  const archiveCount = readCount(head, HEAD.archiveCount);
  return sizeOfParts(sourceCount, archiveCount) + stateSizeBytes(sourceCount, archiveCount);
}

/** How many of them come before its state, and say how the file is built. */
export function measureParts(head: Buffer): number {
  return sizeOfParts(readCount(head, HEAD.sourceCount), readCount(head, HEAD.archiveCount));
}

/** Null when a file begins as it must, else why it cannot be used. Takes any bytes. */
export function findForeignHead(head: Buffer): string | null {
  if (head.length < HEAD_BYTES || readText(head, 0, COOKIE.length) !== 'RRD') {
    return 'it is not a file of rrdtool';
  }
  if (head.readDoubleLE(HEAD.floatCookie) !== FLOAT_COOKIE) {
    return 'it was made on another kind of machine: bring it over with rrdtool dump and restore';
  }
  const version = readText(head, HEAD.version, VERSION.length);
  if (version !== '0003') return `it has version ${JSON.stringify(version)}, not 0003`;
  const counts = [HEAD.sourceCount, HEAD.archiveCount].map((at) => readCount(head, at));
  const areCounts = counts.every((count) => count > 0 && count <= MAX_PART_COUNT);
  const stepS = readCount(head, HEAD.stepS);
  return areCounts && isCount(stepS) ? null : 'its header makes no sense';
}

/** Reads a whole header, with its state; `findForeignHead` has found nothing in it. */
export function decodeLayout(header: Buffer): DecodedLayout {
  const sourceCount = readCount(header, HEAD.sourceCount);
  const archiveCount = readCount(header, HEAD.archiveCount);
  const sources: SourceLayout[] = [];
  for (let index = 0; index < sourceCount; index++) {
    const source = decodeSource(header, HEAD_BYTES + index * PART_BYTES);
    if (typeof source === 'string') return { kind: 'refused', reason: source };
    sources.push(source);
  }
  const stateOffset = sizeOfParts(sourceCount, archiveCount);
  const rowsOffset = stateOffset + stateSizeBytes(sourceCount, archiveCount);
  const archives: ArchiveLayout[] = [];
  let offset = rowsOffset;
  for (let index = 0; index < archiveCount; index++) {
    const archive = decodeArchive(header, sizeOfParts(sourceCount, index));
    if (typeof archive === 'string') return { kind: 'refused', reason: archive };
    archives.push({ ...archive, index, offset });
    offset += archive.rowCount * sourceCount * VALUE_BYTES;
  }
  const stepS = readCount(header, HEAD.stepS);
  const layout = { stepS, sources, archives, stateOffset, rowsOffset, sizeBytes: offset };
  return Number.isSafeInteger(offset)
    ? { kind: 'layout', layout }
    : { kind: 'refused', reason: 'its header makes no sense' };
}

/** The header of a new file whose first sample comes after `startS`; all its rows are unknown. */
export function encodeHeader(definition: RrdDefinition, startS: number): Buffer {
  const { stepS, dataSources, archives } = definition;
  const stateOffset = sizeOfParts(dataSources.length, archives.length);
  const parts = Buffer.alloc(stateOffset);
  parts.write(COOKIE + VERSION, 'latin1');
  parts.writeDoubleLE(FLOAT_COOKIE, HEAD.floatCookie);
  writeCount(parts, HEAD.sourceCount, dataSources.length);
  writeCount(parts, HEAD.archiveCount, archives.length);
  writeCount(parts, HEAD.stepS, stepS);
  for (const [index, { name, kind, heartbeatS, min, max }] of dataSources.entries()) {
    const at = HEAD_BYTES + index * PART_BYTES;
    parts.write(name, at, 'latin1');
    parts.write(kind, at + SOURCE.kind, 'latin1');
    writeCount(parts, at + SOURCE.heartbeatS, heartbeatS);
    parts.writeDoubleLE(min ?? Number.NaN, at + SOURCE.min);
    parts.writeDoubleLE(max ?? Number.NaN, at + SOURCE.max);
  }
  for (const [index, { consolidation, rowCount, stepCount }] of archives.entries()) {
    const at = sizeOfParts(dataSources.length, index);
    parts.write(consolidation, at, 'latin1');
    writeCount(parts, at + ARCHIVE.rowCount, rowCount);
    writeCount(parts, at + ARCHIVE.stepCount, stepCount);
    parts.writeDoubleLE(UNKNOWN_SHARE, at + ARCHIVE.unknownShare);
  }
  return Buffer.concat([parts, createState(definition, startS).bytes]);
}

/** The bytes that let a source be silent for so long, and where they are in the file. */
export function encodeHeartbeat(
  source: number,
  heartbeatS: number,
): { readonly offset: number; readonly bytes: Buffer } {
  const bytes = Buffer.alloc(8);
  writeCount(bytes, 0, heartbeatS);
  return { offset: HEAD_BYTES + source * PART_BYTES + SOURCE.heartbeatS, bytes };
}

function decodeSource(header: Buffer, at: number): SourceLayout | string {
  const name = readText(header, at, TEXT_BYTES);
  const kindText = readText(header, at + SOURCE.kind, TEXT_BYTES);
  const kind = KINDS.find((one) => one === kindText);
  if (kind === undefined) {
    return `its data source ${JSON.stringify(name)} is of the kind ${JSON.stringify(kindText)}, which only rrdtool writes`;
  }
  return {
    name,
    kind,
    heartbeatS: readCount(header, at + SOURCE.heartbeatS),
    min: header.readDoubleLE(at + SOURCE.min),
    max: header.readDoubleLE(at + SOURCE.max),
  };
}

function decodeArchive(
  header: Buffer,
  at: number,
): Omit<ArchiveLayout, 'index' | 'offset'> | string {
  const text = readText(header, at, TEXT_BYTES);
  const consolidation = CONSOLIDATIONS.find((one) => one === text);
  if (consolidation === undefined) {
    return `it has an archive of the kind ${JSON.stringify(text)}, which only rrdtool writes`;
  }
  const rowCount = readCount(header, at + ARCHIVE.rowCount);
  const stepCount = readCount(header, at + ARCHIVE.stepCount);
  if (!isCount(rowCount) || !isCount(stepCount)) return 'its header makes no sense';
  const unknownShare = header.readDoubleLE(at + ARCHIVE.unknownShare);
  return { consolidation, rowCount, stepCount, unknownShare };
}

/** Bytes before the state, or before the `archiveCount`-th archive. */
function sizeOfParts(sourceCount: number, archiveCount: number): number {
  return HEAD_BYTES + PART_BYTES * (sourceCount + archiveCount);
}

function readText(bytes: Buffer, at: number, length: number): string {
  const text = bytes.toString('latin1', at, at + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

function readCount(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + UPPER * bytes.readUInt32LE(at + 4);
}

function writeCount(bytes: Buffer, at: number, count: number): void {
  bytes.writeBigUInt64LE(BigInt(count), at);
}

function isCount(count: number): boolean {
  return Number.isSafeInteger(count) && count > 0;
}
