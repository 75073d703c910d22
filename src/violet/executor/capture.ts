/** The beginning of what a program prints, as text. */

const wholeTexts = new TextDecoder();

/** Keeps the first `maxBytes` bytes it is given. */
export class Capture {
  #room: number;
  #isTruncated = false;
  readonly #chunks: Buffer[] = [];

  constructor(maxBytes: number) {
    this.#room = maxBytes;
  }

  /** True when something was thrown away. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** Takes the next bytes, as far as there is room. */
  add(chunk: Buffer): void {
    if (chunk.length > this.#room) this.#isTruncated = true;
    if (this.#room === 0) return;
    // A copy, so that a short beginning does not keep a long chunk in memory.
    const kept = chunk.length > this.#room ? Buffer.from(chunk.subarray(0, this.#room)) : chunk;
    this.#chunks.push(kept);
    this.#room -= kept.length;
  }

  /**
   * What was kept, read as UTF-8: without byte order mark and NUL, U+FFFD for what is invalid. A
   * character that the limit cut in two is left out.
   */
  text(): string {
    const [first] = this.#chunks;
    if (first === undefined) return '';
    const bytes = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    // One that may be left in the middle of a character is for this text alone.
    const text = this.#isTruncated
      ? new TextDecoder().decode(bytes, { stream: true })
      : wholeTexts.decode(bytes);
    return text.replaceAll('\0', '');
  }
}
