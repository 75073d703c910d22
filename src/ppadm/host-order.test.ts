import { expect, test } from 'vitest';
import { orderHosts } from './host-order.ts';

const documents = (parents: Record<string, string[]>) =>
  new Map(Object.entries(parents).map(([name, of]) => [name, { spec: { parents: of } }]));
const objects = (parents: Record<string, string[]>) =>
  new Map(Object.entries(parents).map(([name, of]) => [name, { parents: of }]));
const change = (action: 'create' | 'change', ...names: string[]) =>
  names.map((name) => ({ action, name }));
const namesOf = (changes: readonly { name: string }[]) => changes.map(({ name }) => name);

test('hosts are made from the top downwards', () => {
  const wanted = documents({ leaf: ['middle'], middle: ['top'], top: [] });
  const ordered = orderHosts(change('create', 'leaf', 'middle', 'top'), wanted, new Map());
  expect(namesOf(ordered)).toEqual(['top', 'middle', 'leaf']);
});

test('what may give up an address comes before what is new', () => {
  const wanted = documents({ fresh: [], old: ['top'] });
  const current = objects({ old: ['top'], top: [] });
  const changes = [...change('create', 'fresh'), ...change('change', 'old')];
  expect(namesOf(orderHosts(changes, wanted, current))).toEqual(['old', 'fresh']);
});

test('two that change places are never in a circle on the way', () => {
  const current = objects({ one: ['other'], other: [] });
  const wanted = documents({ other: ['one'], one: [] });
  const ordered = orderHosts(change('change', 'other', 'one'), wanted, current);
  expect(namesOf(ordered)).toEqual(['one', 'other']);
});

test('a circle comes to an end', () => {
  const wanted = documents({ one: ['other'], other: ['one'] });
  const ordered = orderHosts(change('create', 'one', 'other'), wanted, new Map());
  expect(namesOf(ordered).sort()).toEqual(['one', 'other']);
});
