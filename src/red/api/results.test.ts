import { expect, test } from 'vitest';
import { openApiSite } from '../../../test/api-site.ts';
import { waitFor } from '../../../test/servers/temp.ts';
import { ACK } from '../../broker/broker.ts';
import { CHECK_RESULT, type CheckResult } from '../../messages/check-result.ts';
import { createEnvelope } from '../../messages/envelope.ts';

test.each([
  ['acceptPassiveServiceChecks', '/checks/a/p/results', { host: 'a', plugin: 'p' }],
  ['acceptPassiveHostChecks', '/hosts/a/results', { host: 'a' }],
] as const)(
  'rule 9.0.2: with %s off results from outside are refused',
  async (key, path, names) => {
    const site = await openApiSite({
      settings: {
        serviceCheckTimeoutState: 'critical',
        acceptPassiveServiceChecks: key !== 'acceptPassiveServiceChecks',
        acceptPassiveHostChecks: key !== 'acceptPassiveHostChecks',
      },
    });
    await site.call('POST', '/suites', { name: 's' });
    await site.call('POST', '/plugins', { name: 'p', builtin: 'dummy', suites: ['s'] });
    await site.call('POST', '/hosts', { name: 'a', address: 'a.test', suites: ['s'] });
    const result = { exitCode: 0, output: 'told' };
    const refused = await site.call('POST', path, result);
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain(`semantics.${key} is off`);
    const others = [
      { host: 'a', ...result },
      { host: 'a', plugin: 'p', ...result },
    ].filter((one) => 'plugin' in one !== 'plugin' in names);
    expect((await site.call('POST', '/results', others)).status).toBe(202);
    const many = await site.call('POST', '/results', [...others, { ...names, ...result }]);
    expect(many.status).toBe(422);
    expect(many.body.errors).toMatchObject([{ path: '/1' }]);
    await site.close();
  },
);

test('of several results of one check and instant in one request all count, in their order', async () => {
  const site = await openApiSite();
  await site.call('POST', '/suites', { name: 's' });
  await site.call('POST', '/plugins', { name: 'p', builtin: 'dummy', suites: ['s'] });
  await site.call('POST', '/hosts', { name: 'a', address: 'a.test', suites: ['s'] });
  const at = new Date(Date.now() - 60_000).toISOString();
  const line = (exitCode: number) => ({ host: 'a', plugin: 'p', exitCode, output: 'told', at });
  const { status } = await site.call('POST', '/results', [line(2), line(0), line(1)]);
  expect(status).toBe(202);
  const first = Date.parse(at);
  const results: CheckResult[] = [];
  await site.broker.consumeEach(site.topology.results(0), { concurrency: 1 }, async (delivery) => {
    results.push(createEnvelope(null).open(CHECK_RESULT, delivery));
    return ACK;
  });
  await waitFor('the results', () => results.length === 3);
  expect(results.map(({ exitCode, scheduledAt }) => [exitCode, scheduledAt])).toEqual([
    [2, first],
    [0, first + 1],
    [1, first + 2],
  ]);
  await site.close();
});
