/** Output of `rrdtool -` -> replies, one for each command, in the order of the commands. */

import type { Reply } from './pipeline.ts';

/** Longest line that is kept; the longest that we ask for has 20 numbers of 20 characters. */
const MAX_LINE_LENGTH = 65_536;
/** Most lines of a reply; the longest that we ask for is a fetch of some 20,000 rows. */
const MAX_LINE_COUNT = 200_000;

/** Cuts the stream of one process into replies; bounded whatever the process prints. */
export class ReplyReader {
  #line = '';
  #lines: string[] = [];

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
    const isDone = line.startsWith('OK u:');
    if (!isDone && !line.startsWith('ERROR:')) {
      if (this.#lines.length <= MAX_LINE_COUNT) this.#lines.push(line);
      return null;
    }
    const lines = this.#lines;
    this.#lines = [];
    if (!isDone) return { kind: 'refused', reason: line.slice('ERROR:'.length).trim() };
    if (lines.length <= MAX_LINE_COUNT) return { kind: 'done', lines };
    return { kind: 'refused', reason: `the answer has more than ${MAX_LINE_COUNT} lines` };
  }
}
