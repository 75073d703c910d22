import { describe, expect, test } from 'vitest';
import { SessionSlots } from './session-slots.ts';

const forever = new AbortController().signal;

/** Asks for a session; what became of it can be looked at any time. */
function ask(slots: SessionSlots, signal = forever) {
  const asked: { turn: string } = { turn: 'waiting' };
  void slots.take(signal).then((turn) => {
    asked.turn = turn;
  });
  return asked;
}

/** Lets everything that is due happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('sessions', () => {
  test('are given out up to the limit, then in order of arrival', async () => {
    const slots = new SessionSlots(2);
    const asked = Array.from({ length: 4 }, () => ask(slots));
    await settle();
    expect(asked.map(({ turn }) => turn)).toEqual(['free', 'free', 'waiting', 'waiting']);
    slots.release();
    const late = ask(slots);
    await settle();
    expect(asked.map(({ turn }) => turn)).toEqual(['free', 'free', 'free', 'waiting']);
    slots.release();
    slots.release();
    await settle();
    expect([asked[3]?.turn, late.turn]).toEqual(['free', 'free']);
  });

  test('whose wait was given up pass their turn on', async () => {
    const slots = new SessionSlots(1);
    const abort = new AbortController();
    const [first, second, third] = [ask(slots), ask(slots, abort.signal), ask(slots)];
    await settle();
    slots.release(); // the turn of the second,
    abort.abort(); // which goes in this moment
    await settle();
    expect([first.turn, second.turn, third.turn]).toEqual(['free', 'late', 'free']);
    slots.release();
    expect(slots.isIdle).toBe(true);
  });

  test('become fewer when the server refuses one, but never none', async () => {
    const slots = new SessionSlots(8);
    for (let count = 0; count < 3; count++) ask(slots);
    await settle();
    expect(slots.refuse()).toBe(true);
    expect(slots.limit).toBe(2);
    const next = ask(slots);
    await settle();
    expect(next.turn).toBe('waiting');
    slots.release();
    await settle();
    expect(next.turn).toBe('free');
    slots.release();
    slots.release();
    expect(slots.limit).toBe(8);
  });

  test('are still tried one by one when the server refuses all', async () => {
    const slots = new SessionSlots(1);
    const asked = [ask(slots), ask(slots)];
    await settle();
    expect(slots.refuse()).toBe(false);
    await settle();
    expect(asked.map(({ turn }) => turn)).toEqual(['free', 'free']);
    expect(slots.limit).toBe(1);
  });

  test('are not waited for any more when the connection is gone', async () => {
    const slots = new SessionSlots(1);
    const [first, second] = [ask(slots), ask(slots)];
    await settle();
    slots.close();
    const third = ask(slots);
    await settle();
    expect([first.turn, second.turn, third.turn]).toEqual(['free', 'closed', 'closed']);
  });
});
