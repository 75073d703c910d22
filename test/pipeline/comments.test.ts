/** Comments over a whole system: of people, and those that other things come with. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRunningSite } from '../running-site.ts';
import { waitFor } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let call: (typeof site)['call'];
beforeAll(async () => {
  site = await openRunningSite();
  ({ call } = site);
});
afterAll(() => site.close());

/** One that is not run, or its first run may end what a test has begun. */
const addCheck = () => site.addCheck({}, { activeChecks: false });

const list = async (query: string) => (await call('GET', `/comments?${query}`)).body.items;
const submit = (path: string, exitCode: number) =>
  call('POST', `${path}/results?wait=true`, { exitCode, output: 'x' });

describe('a comment', () => {
  test('is on a host or a check, by its author, and can be deleted', async () => {
    const { name } = await addCheck();
    const ofHost = await call('POST', '/comments', { host: name, text: 'rack 3' });
    expect([ofHost.status, ofHost.body.plugin, ofHost.body.persistent]).toEqual([201, null, true]);
    const ofCheck = await call('POST', '/comments', {
      ...{ host: `${name}.test`, plugin: name, text: 'new disk' },
    });
    expect(ofCheck.body).toMatchObject({ host: name, plugin: name, kind: 'user' });
    expect(ofCheck.body.author).toMatch(/^admin/);
    expect(await list(`host=${name}`)).toHaveLength(2);
    expect(await list(`host=${name}&plugin=${name}`)).toEqual([ofCheck.body]);
    const path = `/comments/${ofCheck.body.id}`;
    expect((await call('GET', path)).body).toEqual(ofCheck.body);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('DELETE', path)).status).toBe(404);
    const { body } = await call('GET', `/audit?kind=comment&name=${name} ${name}`);
    expect(body.items.map(({ action }: { action: string }) => action)).toEqual(['delete']);
  });

  test('stays when everything is stopped and started, and cannot be told not to', async () => {
    const { name } = await addCheck();
    const body = { host: name, text: 'rack 3' };
    const refused = await call('POST', '/comments', { ...body, persistent: false });
    expect([refused.status, refused.body.errors[0].path]).toEqual([422, '/persistent']);
    const made = await call('POST', '/comments', body);
    await site.restart();
    expect(await list(`host=${name}`)).toEqual([made.body]);
  });

  test.each([
    [{ host: 'nobody' }, '/host'],
    [{ plugin: 'nothing' }, '/plugin'],
  ])('on %j, which is not there, is refused', async (wrong, path) => {
    const { name } = await addCheck();
    const { status, body } = await call('POST', '/comments', { host: name, text: 'x', ...wrong });
    expect([status, body.errors[0].path]).toEqual([422, path]);
  });

  test('goes with its host', async () => {
    const { name } = await addCheck();
    const { body } = await call('POST', '/comments', { host: name, plugin: name, text: 'x' });
    await call('DELETE', `/hosts/${name}`);
    expect((await call('GET', `/comments/${body.id}`)).status).toBe(404);
  });
});

describe('the comment of an acknowledgement', () => {
  test.each([
    [false, []],
    [true, ['in repair']],
  ])('persistent: %s', async (persistent, left) => {
    const { name, path } = await addCheck();
    await submit(path, 2);
    const set = await call('PUT', `${path}/acknowledgement`, { comment: 'in repair', persistent });
    expect(set.status).toBe(200);
    const texts = async () =>
      (await list(`host=${name}&kind=acknowledgement`)).map(({ text }: { text: string }) => text);
    expect(await texts()).toEqual(['in repair']);
    await submit(path, 0);
    expect(await texts()).toEqual(left);
  });

  test('can be deleted before it, which stands', async () => {
    const { name, path } = await addCheck();
    await submit(path, 2);
    await call('PUT', `${path}/acknowledgement`, { comment: 'mine' });
    const [comment] = await list(`host=${name}`);
    expect((await call('DELETE', `/comments/${comment.id}`)).status).toBe(204);
    expect((await call('GET', path)).body.acknowledged).toBe(true);
  });
});

test('a downtime has its comment on all its checks until it ends, and it goes with it alone', async () => {
  const { name } = await addCheck();
  const end = new Date(Date.now() + 600_000).toISOString();
  const { body } = await call('POST', '/downtimes', { host: name, end, comment: 'kernel' });
  const noted = await waitFor('the comments', async () => {
    const items = await list(`host=${name}&kind=downtime`);
    return items.length === 2 && items;
  });
  expect(noted).toMatchObject([{ text: 'kernel' }, { text: 'kernel' }]);
  const refused = await call('DELETE', `/comments/${noted[0].id}`);
  expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining(body.id)]);
  await call('DELETE', `/downtimes/${body.id}`);
  expect(await list(`host=${name}`)).toEqual([]);
});

test('what flaps has a comment that says so', async () => {
  const { name, path } = await addCheck();
  for (let count = 0; count < 8; count++) await submit(path, count % 2 ? 0 : 2);
  const [comment] = await list(`host=${name}&kind=flapping`);
  expect(comment).toMatchObject({ plugin: name, author: '' });
  expect(comment.text).toMatch(/%/);
  expect((await call('DELETE', `/comments/${comment.id}`)).status).toBe(409);
});
