import { describe, expect, test } from 'vitest';
import { type StopSignal, StopSource } from './stop-signal.ts';

interface Opened {
  readonly signal: StopSignal;
  readonly abort: (reason?: unknown) => void;
}

function openOwn(): Opened {
  const source = new StopSource();
  return { signal: source, abort: (reason) => source.abort(reason) };
}

function openOfNode(): Opened {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}

/** Ours and the one that it stands for must agree. */
const KINDS: readonly (readonly [string, () => Opened])[] = [
  ['StopSource', openOwn],
  ['AbortController', openOfNode],
];

describe.each(KINDS)('%s', (_name, open) => {
  test('tells who listens, once, whatever is added twice, and nobody who left', () => {
    const { signal, abort } = open();
    const told: string[] = [];
    const stay = () => told.push('stay');
    const leave = () => told.push('leave');
    signal.addEventListener('abort', stay, { once: true });
    signal.addEventListener('abort', stay, { once: true });
    signal.addEventListener('abort', leave);
    signal.removeEventListener('abort', leave);
    signal.removeEventListener('abort', () => undefined);
    expect(signal.aborted).toBe(false);
    signal.throwIfAborted();
    abort();
    abort();
    expect(told).toEqual(['stay']);
    expect(signal.aborted).toBe(true);
  });

  test('is told too late to tell those who come after', () => {
    const { signal, abort } = open();
    abort();
    let isTold = false;
    signal.addEventListener('abort', () => {
      isTold = true;
    });
    abort();
    expect(isTold).toBe(false);
  });

  test('has an AbortError to reject with, or what it was given first', () => {
    const plain = open();
    plain.abort();
    expect(plain.signal.reason).toMatchObject({ name: 'AbortError' });
    expect(() => plain.signal.throwIfAborted()).toThrow('aborted');
    const given = open();
    given.abort('enough');
    given.abort('more');
    expect(given.signal.reason).toBe('enough');
  });

  test('a listener may leave or add another while it is told', () => {
    const { signal, abort } = open();
    const told: string[] = [];
    const first = () => {
      told.push('first');
      signal.removeEventListener('abort', first);
    };
    signal.addEventListener('abort', first, { once: true });
    signal.addEventListener('abort', () => told.push('second'), { once: true });
    abort();
    expect(told).toEqual(['first', 'second']);
  });
});
