/**
 * One output stream of a remote command. The login shell's start-up files may print before the
 * command; what comes before our mark is theirs and not the plugin's.
 */

import { Capture } from '../executor/capture.ts';

/** The mark, in which one letter tells how it stands: see remote-command.ts. */
const MARK = /\u0001ppalette ([a-z])\u0002\n/;
const MARK_LENGTH = '\u0001ppalette x\u0002\n'.length;
/** Of what the shell printed; enough for a refusal such as that of nologin. */
const MAX_NOISE_BYTES = 1_000;

/** Sorts bytes into noise and output as they come. */
export class RemoteOutput {
  readonly #output: Capture;
  readonly #noise = new Capture(MAX_NOISE_BYTES);
  /** The end of the noise, in which the beginning of the mark may be. */
  #pending: Buffer = Buffer.alloc(0);
  #letter: string | null = null;

  constructor(maxBytes: number) {
    this.#output = new Capture(maxBytes);
  }

  /** The letter in the mark; null when it has not come. */
  get letter(): string | null {
    return this.#letter;
  }

  /** True when output was thrown away. */
  get isTruncated(): boolean {
    return this.#output.isTruncated;
  }

  /** Takes the next bytes. */
  add(chunk: Buffer): void {
    if (this.#letter !== null) this.#output.add(chunk);
    else this.#search(chunk);
  }

  /** What the plugin printed. */
  text(): string {
    return this.#output.text();
  }

  /** What was printed before the mark, or all when there was none; the first kilobyte. */
  noise(): string {
    if (this.#letter === null) {
      this.#noise.add(this.#pending);
      this.#pending = Buffer.alloc(0);
    }
    return this.#noise.text().trim();
  }

  #search(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#pending, chunk]);
    // One byte is one character here, so that positions agree.
    const mark = MARK.exec(bytes.toString('latin1'));
    const end = mark ? mark.index : Math.max(0, bytes.length - MARK_LENGTH);
    this.#noise.add(bytes.subarray(0, end));
    this.#pending = mark ? Buffer.alloc(0) : bytes.subarray(end);
    if (mark === null) return;
    this.#letter = mark[1] ?? '';
    this.#output.add(bytes.subarray(end + MARK_LENGTH));
  }
}
