import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEventParser } from './event-stream.ts';

test('comments are no events, and blocks without data tell where the stream begins', () => {
  const parse = createEventParser();
  expect(parse(': still here\n\nretry: 2000\nid: 7\n\ndata: {"a":1}\n\n')).toEqual([
    { id: '7', data: null },
    { id: '7', data: '{"a":1}' },
  ]);
});

test('events are the same however the text is cut', () => {
  const event = fc.record({
    id: fc.option(fc.nat()),
    data: fc.json(),
  });
  fc.assert(
    fc.property(fc.array(event), fc.array(fc.nat({ max: 40 })), (events, cuts) => {
      const text = events
        .map(({ id, data }) => `${id === null ? '' : `id: ${id}\n`}event: x\ndata: ${data}\n\n`)
        .join('');
      const whole = createEventParser()(text);
      const parse = createEventParser();
      const parts = [];
      let rest = text;
      for (const cut of cuts) {
        parts.push(...parse(rest.slice(0, cut)));
        rest = rest.slice(cut);
      }
      parts.push(...parse(rest));
      expect(parts).toEqual(whole);
      expect(whole.map(({ data }) => data)).toEqual(events.map(({ data }) => data));
    }),
  );
});

test('any text is read without a failure', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
      const parse = createEventParser();
      for (const part of parts) parse(part);
    }),
  );
});
