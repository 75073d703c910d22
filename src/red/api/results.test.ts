import { expect, test } from 'vitest';
import { openApiSite } from '../../../test/api-site.ts';

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
