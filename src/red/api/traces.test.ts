import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { addCheck } from '../../../test/site.ts';
import { writeBatch } from '../../database/queries/check-states.ts';
import { RequestTrail } from '../request-trail.ts';

let site: ApiSite;
let trail: RequestTrail;
let checkId: number;
beforeAll(async () => {
  trail = new RequestTrail();
  site = await openApiSite({ trail });
  ({ checkId } = await addCheck(site.database, 'one'));
});
afterAll(() => site.close());

/** Stores a result of this due time. */
async function store(scheduledAt: number): Promise<void> {
  const result = {
    ...{ check_id: checkId, scheduled_at: scheduledAt, state: 1, exit_code: 1, output: 'x' },
    ...{ long_output: '', perfdata: '[]', worker: 'violet-1', sent_at: scheduledAt + 1 },
    ...{ received_at: scheduledAt + 2, started_at: scheduledAt + 3 },
    ...{ finished_at: scheduledAt + 13, collected_at: scheduledAt + 15 },
  };
  const state = {
    ...result,
    ...{ last_state_change_at: 1, state_type: 1, attempt: 1, max_check_attempts: 1 },
    ...{ last_hard_state_change_at: 1, is_passive: 0 as const },
  };
  await site.database.transaction((sql) => writeBatch(sql, { states: [state], results: [result] }));
}

describe('traces', () => {
  test('of a check that was never asked for is not found', async () => {
    expect((await site.call('GET', '/checks/one/one/trace')).status).toBe(404);
    expect((await site.call('GET', '/checks/one/two/trace')).status).toBe(404);
    expect((await site.call('GET', '/traces/nonsense')).status).toBe(404);
    expect((await site.call('GET', '/traces/999-1000')).status).toBe(404);
  });

  test('of a check is its newest request, come back or not', async () => {
    await store(1_000);
    expect((await site.call('GET', '/checks/one/one/trace')).body).toMatchObject({
      ...{ id: `${checkId}-1000`, host: 'one', plugin: 'one', state: 'warning' },
      ...{ progress: 'stored', worker: 'violet-1', clockDifference: null },
      steps: [
        { step: 'due', service: 'red', at: '1970-01-01T00:00:01.000Z', offset: 0, took: null },
        { step: 'sent', service: 'red', offset: 0.001, took: 0.001 },
        { step: 'received', service: 'violet' },
        { step: 'started', service: 'violet' },
        { step: 'finished', service: 'violet', offset: 0.013, took: 0.01 },
        { step: 'collected', service: 'grey', offset: 0.015 },
      ],
    });
    trail.note('sent', { checkId, scheduledAt: 2_000 }, 2_001);
    const { body } = await site.call('GET', '/checks/one/one/trace');
    expect(body).toMatchObject({ id: `${checkId}-2000`, progress: 'sending', state: null });
  });

  test('of kept results are found by their ids in history', async () => {
    await store(3_000);
    await store(4_000);
    const { items } = (await site.call('GET', '/checks/one/one/history')).body;
    const ids = items.map((item: { requestId: string }) => item.requestId);
    expect(ids).toEqual([4_000, 3_000, 1_000].map((at) => `${checkId}-${at}`));
    for (const id of ids) {
      expect((await site.call('GET', `/traces/${id}`)).body).toMatchObject({
        id,
        state: 'warning',
      });
    }
  });

  test('of a check on demand begin with its request', async () => {
    const { status, body } = await site.call('POST', '/checks/one/one/run');
    expect(status).toBe(202);
    const trace = (await site.call('GET', `/traces/${body.requestId}`)).body;
    expect(trace).toMatchObject({ host: 'one', progress: 'sent' });
    expect(trace.steps.map(({ step }: { step: string }) => step)).toEqual([
      ...['due', 'sent', 'confirmed'],
    ]);
  });
});
