import { expect, test } from 'vitest';
import { KeptFileActions } from './file-actions.ts';

const STDIN = 3;
const filesOf = (stdout: number) => ({ cwd: '/', stdin: STDIN, stdout, stderr: stdout + 1 });

/** What is made is told apart by its identity, and those that are there are counted. */
function createKept() {
  const alive = new Set<Buffer>();
  const kept = new KeptFileActions({
    create() {
      const actions = Buffer.alloc(1);
      alive.add(actions);
      return actions;
    },
    destroy: (actions) => alive.delete(actions),
  });
  return { alive, kept };
}

test('what was given back is used again, for the same files only', () => {
  const { alive, kept } = createKept();
  const first = kept.take(filesOf(10));
  kept.giveBack(filesOf(10), first);
  expect(kept.take(filesOf(20))).not.toBe(first);
  expect(kept.take({ ...filesOf(10), cwd: '/tmp' })).not.toBe(first);
  expect(kept.take(filesOf(10))).toBe(first);
  expect(alive.size).toBe(3);
});

test('two starts with the same files have one each, of which one is kept', () => {
  const { alive, kept } = createKept();
  const files = filesOf(10);
  const [one, other] = [kept.take(files), kept.take(files)];
  expect(one).not.toBe(other);
  kept.giveBack(files, one);
  kept.giveBack(files, other);
  expect(alive).toEqual(new Set([other]));
});

test('their number is bounded, and what a start is using stays', () => {
  const { alive, kept } = createKept();
  const used = kept.take(filesOf(10));
  for (let stdout = 100; stdout < 2_000; stdout++) {
    kept.giveBack(filesOf(stdout), kept.take(filesOf(stdout)));
  }
  expect(alive.size).toBeLessThan(600);
  expect(alive).toContain(used);
  kept.giveBack(filesOf(10), used);
  expect(kept.take(filesOf(10))).toBe(used);
});
