import { expect, test } from 'vitest';
import { ACK } from '../broker/broker.ts';
import { RequestsInHand } from './requests-in-hand.ts';

test('the latest ten thousand requests are remembered, and not more than twice as many', async () => {
  let repeated = 0;
  let served = 0;
  const inHand = new RequestsInHand(() => repeated++);
  const ask = (id: number) =>
    inHand.serveOnce(String(id), async () => {
      served++;
      return ACK;
    });
  const last = 30_500;
  for (let id = 1; id <= last; id++) await ask(id);
  expect([served, repeated]).toEqual([last, 0]);
  for (let id = last - 9_999; id <= last; id++) await ask(id);
  expect([served, repeated]).toEqual([last, 10_000]);
  await ask(last - 20_001);
  expect([served, repeated]).toEqual([last + 1, 10_000]);
});

test('what was not done is served again', async () => {
  const inHand = new RequestsInHand(() => undefined);
  const settlements = [{ kind: 'requeue' }, ACK] as const;
  let served = 0;
  const ask = () => inHand.serveOnce('one', async () => settlements[served++] ?? ACK);
  expect(await ask()).toEqual({ kind: 'requeue' });
  expect(await ask()).toEqual(ACK);
  expect(await ask()).toEqual(ACK);
  expect(served).toBe(2);
});
