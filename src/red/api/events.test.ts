import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { waitFor } from '../../../test/servers/temp.ts';
import { createSimulatedClock, type SimulatedClock } from '../../../test/simulated-clock.ts';
import { insertEvents } from '../../database/queries/events.ts';
import { deleteToken, listTokens } from '../../database/queries/tokens.ts';

/** What is promised, by the server's own clock: the machine may be slow. */
const PROMISED_MS = 1_000;

describe('a stream that is resumed', () => {
  test('tells all that happens while it reads what was before, once and in order', async () => {
    const site = await openApiSite();
    const url = await site.server.listen({ host: '127.0.0.1', port: 0 });
    const happen = (count: number) =>
      insertEvents(
        site.database,
        Array.from({ length: count }, () => ({
          ...{ at: Date.now(), type: 'worker' as const, checkId: null, payload: {} },
        })),
      );
    await happen(3_000);
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${site.admin}`, 'last-event-id': '1' };
    const response = await fetch(`${url}/api/v1/events?type=worker`, {
      ...{ headers, signal: leaving.signal },
    });
    let text = '';
    const reading = (async () => {
      for await (const part of response.body ?? []) text += new TextDecoder().decode(part);
    })().catch(() => undefined);
    for (let round = 0; round < 20; round++) await happen(20);
    const ids = () => [...text.matchAll(/^id: (\d+)\nevent/gm)].map(([, id]) => Number(id));
    await waitFor('the last event', () => ids().at(-1) === 3_400);
    expect(ids()).toEqual(Array.from({ length: 3_399 }, (_, index) => index + 2));
    leaving.abort();
    await reading;
    await site.close();
  });
});

describe('the stream of a token that is no longer valid ends within a second', () => {
  let clock: SimulatedClock;
  let site: ApiSite;
  let url: string;

  beforeEach(async () => {
    clock = createSimulatedClock();
    site = await openApiSite({ clock });
    url = await site.server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(() => site.close());

  /** A stream, open until it says why not. */
  async function follow(secret: string) {
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${secret}` };
    const response = await fetch(`${url}/api/v1/events`, { headers, signal: leaving.signal });
    expect(response.status).toBe(200);
    const read = { text: '', isEnded: false };
    const reading = async () => {
      const decoder = new TextDecoder();
      for await (const part of response.body ?? []) read.text += decoder.decode(part);
      read.isEnded = true;
    };
    const done = reading().catch(() => undefined);
    await waitFor('the beginning', () => read.text.includes('retry:'));
    return {
      read,
      async [Symbol.asyncDispose]() {
        leaving.abort();
        await done;
      },
    };
  }

  /** The instant at which the server let a reader go, by its clock. */
  async function endOf({ text, isEnded }: { text: string; isEnded: boolean }) {
    expect(isEnded).toBe(true);
    const [, json = ''] = /event: dropped\ndata: (.*)\n/.exec(text) ?? [];
    const { at, reason } = JSON.parse(json);
    expect(reason).toMatch(/token/);
    return Date.parse(at);
  }

  test.each([1, 499, 500, 999, 1_234])(
    'when it is revoked by another red, %i ms after it was last looked at',
    async (phaseMs) => {
      const secret = await site.addToken('viewer');
      await using stream = await follow(secret);
      await using other = await follow(site.admin);
      await clock.advance(10_000 + phaseMs);
      expect(stream.read.isEnded).toBe(false);
      const page = { limit: 10, cursor: null, sort: [] };
      const { items } = await listTokens(site.database, page, undefined);
      const token = items.find(({ role }) => role === 'viewer');
      await deleteToken(site.database, token?.id ?? '');
      const revokedAt = clock.now();
      await clock.advance(PROMISED_MS);
      await waitFor('the end', () => stream.read.isEnded);
      expect((await endOf(stream.read)) - revokedAt).toBeLessThanOrEqual(PROMISED_MS);
      expect(other.read.isEnded).toBe(false);
    },
  );

  test('when it expires', async () => {
    const expiresAt = clock.now() + 5_250;
    await using stream = await follow(await site.addToken('viewer', expiresAt));
    await clock.advance(5_000);
    expect(stream.read.isEnded).toBe(false);
    await clock.advance(250 + PROMISED_MS);
    await waitFor('the end', () => stream.read.isEnded);
    const endedAt = await endOf(stream.read);
    expect(endedAt).toBeGreaterThanOrEqual(expiresAt);
    expect(endedAt - expiresAt).toBeLessThanOrEqual(PROMISED_MS);
  });
});
