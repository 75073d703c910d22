/** Server-sent events -> events, whatever the parts are that the text comes in. */

/** One event. */
export interface ServerEvent {
  /** The id of the last event that had one; what `Last-Event-ID` takes. */
  readonly id: string;
  /** Null: nothing happened, the stream tells where it begins. */
  readonly data: string | null;
}

/** More text than this without an end of an event is not ours. */
const MAX_EVENT_LENGTH = 16 * 1024 * 1024;

/** A function that takes the next part of the text and gives the events that it completes. */
export function createEventParser(): (text: string) => ServerEvent[] {
  let rest = '';
  let id = '';
  return (text) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > MAX_EVENT_LENGTH) throw new SyntaxError('an event without an end');
    const events: ServerEvent[] = [];
    for (const block of blocks) {
      const data: string[] = [];
      const before = id;
      for (const line of block.split('\n')) {
        if (line.startsWith('id: ')) id = line.slice('id: '.length);
        if (line.startsWith('data: ')) data.push(line.slice('data: '.length));
      }
      if (data.length > 0) events.push({ id, data: data.join('\n') });
      else if (id !== before) events.push({ id, data: null });
    }
    return events;
  };
}
