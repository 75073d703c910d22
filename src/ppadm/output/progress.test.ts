import { describe, expect, test } from 'vitest';
import { formatProgress, startProgress } from './progress.ts';

function open(columns?: number) {
  const screen = {
    text: '',
    isTerminal: columns !== undefined,
    columns,
    write(text: string) {
      screen.text += text;
    },
  };
  return screen;
}

test.each([
  [0, '[------------------------]   0%'],
  [0.5, '[############------------]  50%'],
  [0.999, '[#######################-]  99%'],
  [1, '[########################] 100%'],
  [7, '[########################] 100%'],
])('%d of the way is %s', (part, bar) => {
  expect(formatProgress(part)).toBe(bar);
});

describe('on a terminal', () => {
  test('one line is written over and over, no longer than it is wide', () => {
    const screen = open(10);
    const progress = startProgress(screen);
    progress.show('one', 0.1);
    progress.show('one', 0.1);
    progress.show('two and more than fits', 0.2);
    progress.end();
    expect(screen.text).toBe('\rone\x1b[K\rtwo and m\x1b[K\n');
  });
});

describe('where there is no terminal', () => {
  test('there is a line for each tenth of the way, and for the end', () => {
    const screen = open();
    const progress = startProgress(screen);
    for (let part = 0; part <= 100; part++) progress.show(`${part}`, part / 100);
    progress.show('100', 1);
    progress.end();
    expect(screen.text.trimEnd().split('\n')).toHaveLength(11);
    expect(screen.text).toMatch(/^0\n1\d\n/);
    expect(screen.text).toMatch(/\n100\n$/);
  });
});
