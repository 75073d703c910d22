import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SlotOwner, Slots } from './slots.ts';

/** Tasks that run until they are ended, by number in the order of their beginning. */
function createTasks(slots: Slots) {
  const running: { readonly owner: SlotOwner; end(): void }[] = [];
  const settled: Promise<unknown>[] = [];
  let refused = 0;
  const add = (owner: SlotOwner) => {
    const task = () =>
      new Promise<true>((resolve) => {
        const one = {
          owner,
          end() {
            running.splice(running.indexOf(one), 1);
            resolve(true);
          },
        };
        running.push(one);
      });
    settled.push(
      slots.run(owner, task).then((result) => {
        if (result === undefined) refused++;
      }),
    );
  };
  /** Lets what is decided happen. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    add,
    settle,
    running,
    refused: () => refused,
    async endAll() {
      await settle();
      while (running.length > 0) {
        running[0]?.end();
        await settle();
      }
      await Promise.all(settled);
    },
  };
}

describe('slots', () => {
  test('a slow host leaves places for the others', async () => {
    const slots = new Slots(4, { perHost: 2, perPlugin: 9 });
    const tasks = createTasks(slots);
    for (let count = 0; count < 5; count++) tasks.add({ host: 'slow', plugin: `p${count}` });
    tasks.add({ host: 'a', plugin: 'p' });
    tasks.add({ host: 'b', plugin: 'p' });
    await tasks.settle();
    expect(tasks.running.map(({ owner }) => owner.host)).toEqual(['slow', 'slow', 'a', 'b']);
    expect(slots.waiting).toBe(3);
    await tasks.endAll();
    expect([slots.running, slots.waiting, tasks.refused()]).toEqual([0, 0, 0]);
  });

  test('what waits for one host beyond twice its limit is refused', async () => {
    const slots = new Slots(10, { perHost: 1, perPlugin: 10 });
    const tasks = createTasks(slots);
    for (let count = 0; count < 5; count++) tasks.add({ host: 'h', plugin: `p${count}` });
    await tasks.settle();
    expect([slots.running, slots.waiting, tasks.refused()]).toEqual([1, 2, 2]);
    await tasks.endAll();
  });

  test('a place that was freed is not lost when the first in line waits for something else', async () => {
    const slots = new Slots(10, { perHost: 1, perPlugin: 1 });
    const tasks = createTasks(slots);
    tasks.add({ host: 'h1', plugin: 'p' });
    tasks.add({ host: 'h2', plugin: 'q' });
    tasks.add({ host: 'h2', plugin: 'p' });
    tasks.add({ host: 'h3', plugin: 'p' });
    await tasks.settle();
    tasks.running[0]?.end();
    await tasks.settle();
    expect(tasks.running.map(({ owner }) => owner.host)).toEqual(['h2', 'h3']);
    await tasks.endAll();
  });

  test('suspects together leave half of the places to the others, and wait for their own half', async () => {
    const slots = new Slots(4, { perHost: 9, perPlugin: 9 });
    const tasks = createTasks(slots);
    const suspect = (host: string) => tasks.add({ host, plugin: 'p', isSuspect: true });
    for (const host of ['dead1', 'dead2', 'dead3', 'dead4', 'dead5', 'dead6', 'dead7'])
      suspect(host);
    for (const host of ['a', 'b', 'c']) tasks.add({ host, plugin: 'p' });
    await tasks.settle();
    const runningHosts = () => tasks.running.map(({ owner }) => owner.host);
    expect(runningHosts()).toEqual(['dead1', 'dead2', 'a', 'b']);
    expect([slots.waiting, tasks.refused()]).toEqual([5, 1]);
    tasks.running[0]?.end();
    await tasks.settle();
    expect(runningHosts()).toEqual(['dead2', 'a', 'b', 'c']);
    tasks.running[1]?.end();
    await tasks.settle();
    expect(runningHosts()).toEqual(['dead2', 'b', 'c', 'dead3']);
    await tasks.endAll();
    expect([slots.running, slots.waiting]).toEqual([0, 0]);
  });

  test('more places start more at once, fewer let what runs end', async () => {
    const slots = new Slots(1, { perHost: 9, perPlugin: 9 });
    const tasks = createTasks(slots);
    for (let count = 0; count < 5; count++) tasks.add({ host: `h${count}`, plugin: 'p' });
    await tasks.settle();
    slots.resize(3);
    await tasks.settle();
    expect(tasks.running.length).toBe(3);
    slots.resize(1);
    tasks.running[0]?.end();
    await tasks.settle();
    expect([tasks.running.length, slots.waiting]).toEqual([2, 2]);
    await tasks.endAll();
  });

  test('closing sends away who waits and lets what runs end', async () => {
    const slots = new Slots(1, { perHost: 1, perPlugin: 1 });
    const tasks = createTasks(slots);
    for (let count = 0; count < 3; count++) tasks.add({ host: 'h', plugin: 'p' });
    await tasks.settle();
    slots.close();
    tasks.add({ host: 'other', plugin: 'q' });
    await tasks.settle();
    expect([tasks.running.length, slots.waiting, tasks.refused()]).toEqual([1, 0, 3]);
    await tasks.endAll();
  });

  test('a task that throws gives its place back', async () => {
    const slots = new Slots(1, { perHost: 1, perPlugin: 1 });
    const owner = { host: 'h', plugin: 'p' };
    const failing = slots.run(owner, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await slots.run(owner, async () => 7)).toBe(7);
  });

  test('no limit is ever passed, no place stays free while somebody may take it, all end', async () => {
    const owner = fc.record({
      host: fc.constantFrom('a', 'b', 'c'),
      plugin: fc.constantFrom('x', 'y', 'z'),
      isSuspect: fc.boolean(),
    });
    const step = fc.oneof(owner, fc.nat({ max: 5 }));
    const limits = fc.record({
      perHost: fc.integer({ min: 1, max: 4 }),
      perPlugin: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        limits,
        fc.array(step, { maxLength: 60 }),
        async (count, limit, steps) => {
          const slots = new Slots(count, limit);
          const tasks = createTasks(slots);
          for (const each of steps) {
            if (typeof each === 'number') tasks.running[each]?.end();
            else tasks.add(each);
            await tasks.settle();
            expect(slots.running).toBeLessThanOrEqual(count);
            for (const group of ['host', 'plugin'] as const) {
              const own = group === 'host' ? limit.perHost : limit.perPlugin;
              const names = tasks.running.map(({ owner }) => owner[group]);
              const most = Math.max(0, ...names.map((n) => names.filter((m) => m === n).length));
              expect(most).toBeLessThanOrEqual(own < count ? own : count);
            }
            const suspects = tasks.running.filter((one) => one.owner.isSuspect).length;
            expect(suspects).toBeLessThanOrEqual(Math.ceil(count / 2));
            if (slots.running === 0) expect(slots.waiting).toBe(0);
          }
          await tasks.endAll();
          expect([slots.running, slots.waiting]).toEqual([0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
