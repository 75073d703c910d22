import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiSite, openApiSite } from '../../../test/api-site.ts';
import { createSimulatedClock } from '../../../test/simulated-clock.ts';

let site: ApiSite;
beforeAll(async () => {
  site = await openApiSite({ clock: createSimulatedClock(Date.UTC(2026, 4, 4)) });
  await call('POST', '/suites', { name: 's' });
  for (const name of ['ping', 'http', 'sql']) {
    const { status } = await call('POST', '/plugins', { name, builtin: 'dummy', suites: ['s'] });
    expect(status).toBe(201);
  }
  for (const name of ['web', 'db', 'router']) {
    const host = { name, address: `${name}.test`, suites: ['s'] };
    expect((await call('POST', '/hosts', host)).status).toBe(201);
  }
});
afterAll(() => site.close());

const call: ApiSite['call'] = (...args) => site.call(...args);
const create = (name: string, fields: object) => call('POST', '/dependencies', { name, ...fields });
const remove = async (...names: string[]) => {
  for (const name of names) {
    expect((await call('DELETE', `/dependencies/${name}`)).status).toBe(204);
  }
};

describe('8 dependencies over HTTP', () => {
  test('have defaults by what they are of, and change by a merge patch', async () => {
    const made = await create('of-checks', { plugin: 'http', masterPlugin: 'ping' });
    expect(made).toMatchObject({
      status: 201,
      body: {
        ...{ host: null, plugin: 'http', masterHost: null, masterPlugin: 'ping' },
        ...{ kinds: ['execution', 'notification'], failsOn: ['critical', 'unknown'] },
        ...{ period: null, inheritsParent: false, description: '' },
      },
    });
    expect((await create('of-hosts', { host: 'web', masterHost: 'router' })).body).toMatchObject({
      failsOn: ['down', 'unreachable'],
    });
    const patch = { failsOn: ['pending', 'warning'], kinds: ['notification'] };
    const { body } = await call('PATCH', '/dependencies/of-checks', patch);
    expect(body).toMatchObject({ failsOn: ['warning', 'pending'], kinds: ['notification'] });
    const replacement = { ...body, description: 'why' };
    expect((await call('PUT', '/dependencies/of-checks', replacement)).status).toBe(200);
    expect((await create('of-checks', { plugin: 'http', masterPlugin: 'ping' })).status).toBe(409);
    const audit = (await call('GET', '/audit?kind=dependency')).body.items;
    expect(audit.map(({ action }: { action: string }) => action).sort()).toEqual([
      'change',
      'change',
      'create',
      'create',
    ]);
    await remove('of-checks', 'of-hosts');
  });

  test.each([
    [{}, ['/host', '/masterHost']],
    [{ host: 'web', masterHost: 'web' }, ['/masterHost']],
    [{ host: 'web', masterHost: 'db', masterPlugin: 'sql' }, ['/plugin']],
    [{ host: 'web', plugin: 'http', masterHost: 'db' }, ['/masterPlugin']],
    [{ host: 'web', plugin: 'http', masterPlugin: 'http' }, ['/masterPlugin']],
    [{ plugin: 'http', masterPlugin: 'ping', failsOn: ['critical', 'down'] }, ['/failsOn/1']],
    [{ host: 'web', masterHost: 'db', failsOn: ['ok'] }, ['/failsOn/0']],
    [{ plugin: 'htp', masterPlugin: 'ping' }, ['/plugin']],
    [{ host: 'web', masterHost: 'db', kinds: ['parent'] }, ['/kinds']],
  ])('are refused as %j', async (fields, paths) => {
    const { status, body } = await create('wrong', fields);
    expect(status).toBe(422);
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
  });

  test('that go round in a circle are refused with the way round', async () => {
    await create('one', { plugin: 'http', masterPlugin: 'ping' });
    await create('two', { host: 'web', plugin: 'ping', masterHost: 'db', masterPlugin: 'sql' });
    const closing = { host: 'db', plugin: 'sql', masterHost: 'web', masterPlugin: 'http' };
    const { status, body } = await create('three', closing);
    expect([status, body.errors]).toEqual([
      422,
      [
        {
          path: '',
          message: expect.stringMatching(
            /^would go round: (web\/http|web\/ping|db\/sql) depends on .+ depends on .+ depends on \1$/,
          ),
        },
      ],
    ]);
    // By another kind nothing goes round.
    const other = { ...closing, kinds: ['execution'] };
    await call('PATCH', '/dependencies/two', { kinds: ['notification'] });
    expect((await create('three', other)).status).toBe(201);
    await remove('one', 'two', 'three');
  });

  test('of the kind parent are of checks, and go round in no circle either', async () => {
    const kinds = ['parent'];
    const made = await create('child', { plugin: 'http', masterPlugin: 'ping', kinds });
    expect(made).toMatchObject({ status: 201, body: { kinds } });
    const closing = await create('parent', { plugin: 'ping', masterPlugin: 'http', kinds });
    expect(closing.body.errors[0].message).toContain('would go round');
    await remove('child');
  });

  test('of each host leave out the master itself', async () => {
    const fields = { plugin: 'ping', masterHost: 'router', masterPlugin: 'ping' };
    expect((await create('behind', fields)).status).toBe(201);
    await remove('behind');
  });

  test('go with a host that they name, which the answer and the audit say', async () => {
    await call('POST', '/hosts', { name: 'old', address: 'old.test', suites: ['s'] });
    await create('on-old', { host: 'web', masterHost: 'old' });
    const headers = { prefer: 'return=representation' };
    const { body } = await call('DELETE', '/hosts/old', undefined, { headers });
    expect(body).toMatchObject({ name: 'old', removedDependencies: ['on-old'] });
    expect((await call('GET', '/dependencies/on-old')).status).toBe(404);
    const [last] = (await call('GET', '/audit?kind=dependency&name=on-old')).body.items;
    expect(last).toMatchObject({ action: 'delete', before: { masterHost: 'old' } });
  });
});
