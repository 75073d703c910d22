/**
 * Output of rrdcached -> replies, one for each command, in the order of the commands. A reply begins
 * with a number: how many lines follow, or below zero that the command was refused.
 */

import type { Reply } from './pipeline.ts';

/** Longest line that is kept. */
const MAX_LINE_LENGTH = 65_536;
/** Most lines of a reply; the longest that we ask for is a fetch of some 20,000 rows. */
const MAX_LINE_COUNT = 200_000;
/** How much of a line that is no reply is kept. */
const MAX_NONSENSE_LENGTH = 100;
/** What BATCH is answered before its commands are sent; the reply to it comes after them. */
const GO_AHEAD = /^0 Go ahead/;

/** Cuts the stream of one connection into replies; bounded whatever is at the other end. */
export class RrdcachedReplyReader {
  #line = '';
  #lines: string[] = [];
  /** Lines that the current reply still lacks. */
  #missingCount = 0;
  #nonsense: string | null = null;

  /** The beginning of a line that is no reply: whoever is there does not speak our language. */
  get nonsense(): string | null {
    return this.#nonsense;
  }

  /** Takes the next piece of output, cut anywhere; returns the replies that it completes. */
  read(text: string): Reply[] {
    const replies: Reply[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#keep(text.slice(start, end));
      start = end + 1;
      const reply = this.#endLine();
      if (reply !== null) replies.push(reply);
    }
    this.#keep(text.slice(start));
    return replies;
  }

  #keep(part: string): void {
    if (this.#line.length < MAX_LINE_LENGTH) this.#line += part.slice(0, MAX_LINE_LENGTH);
  }

  #endLine(): Reply | null {
    const line = this.#line;
    this.#line = '';
    if (this.#missingCount > 0) {
      this.#lines.push(line);
      this.#missingCount--;
    } else {
      const count = /^-?\d+(?= |$)/.exec(line)?.[0];
      if (count === undefined) {
        this.#nonsense ??= line.slice(0, MAX_NONSENSE_LENGTH);
        return null;
      }
      if (GO_AHEAD.test(line)) return null;
      if (Number(count) < 0) return { kind: 'refused', reason: line.slice(count.length).trim() };
      this.#lines = [];
      this.#missingCount = Math.min(Number(count), MAX_LINE_COUNT);
    }
    return this.#missingCount === 0 ? { kind: 'done', lines: this.#lines } : null;
  }
}
