/** The API over a whole system in this process: checks on demand, results from outside, events. */

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openRunningSite, type RequestOptions } from '../running-site.ts';
import { needs } from '../servers/needs.ts';
import { waitFor } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let url: string;
let admin: string;
let request: (typeof site)['request'];
let call: (typeof site)['call'];
beforeAll(async () => {
  site = await openRunningSite();
  ({ url, admin, request, call } = site);
});
afterAll(() => site.close());

const addCheck = (host: Record<string, unknown> = {}, params = '0 fine') =>
  site.addCheck(host, { params });

describe('running a check now', () => {
  test('answers at once, and the result comes', async () => {
    const { path } = await addCheck();
    const { status, body } = await call('POST', `${path}/run`);
    expect(status).toBe(202);
    expect(body.requestId).toMatch(/./);
    await waitFor('the result', async () => (await call('GET', path)).body.state === 'ok');
  });

  test('with wait answers with the result', async () => {
    const { path } = await addCheck({}, '2 broken');
    const before = Date.now();
    const { status, body } = await call('POST', `${path}/run?wait=true`);
    expect([status, body.state, body.exitCode]).toEqual([200, 'critical', 2]);
    expect(body.output).toContain('broken');
    expect(Date.parse(body.scheduledAt)).toBeGreaterThanOrEqual(before);
  });

  test('is refused in maintenance, and for what is not there', async () => {
    const { path } = await addCheck({ maintenance: true });
    const refused = await call('POST', `${path}/run?wait=true`);
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      expect.stringMatching(/maintenance/),
    ]);
    expect((await call('POST', '/checks/none/none/run')).status).toBe(404);
    expect((await call('POST', `${path}/run?wait=maybe`)).status).toBe(400);
  });

  test('of a client that goes away leaves nobody waiting', async () => {
    const { path } = await addCheck({ zone: 'nowhere' });
    const leaving = new AbortController();
    const waiting = fetch(`${url}${path}/run?wait=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}` },
      signal: leaving.signal,
    });
    leaving.abort();
    await expect(waiting).rejects.toThrow();
  });
});

describe('a result from outside', () => {
  test('is read as a plugin printed it, and answers with the state once stored', async () => {
    const { path } = await addCheck();
    const result = { exitCode: 1, output: 'half done | done=50%;40\nmore\nlines' };
    const { status, body } = await call('POST', `${path}/results?wait=true`, result);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      state: 'warning',
      output: 'half done',
      longOutput: 'more\nlines',
      worker: 'api',
      perfdata: [{ label: 'done', value: 50, unit: '%', warn: '40' }],
    });
  });

  test('rule 1.1.10: a code above 3 is unknown, and its text stands', async () => {
    const { path } = await addCheck();
    const result = { exitCode: 5, output: 'odd | a=1' };
    const { body } = await call('POST', `${path}/results?wait=true`, result);
    expect(body).toMatchObject({ state: 'unknown', output: 'odd', perfdata: [{ label: 'a' }] });
  });

  test('rule 9.0.1: names its host by its address too', async () => {
    const { name } = await addCheck();
    const result = { exitCode: 1, output: 'by address' };
    const { status, body } = await call(
      'POST',
      `/checks/${name}.test/${name}/results?wait=true`,
      result,
    );
    expect([status, body.state, body.output]).toEqual([200, 'warning', 'by address']);
  });

  test('with performance data apart', async () => {
    const { path } = await addCheck();
    const result = { exitCode: 0, output: 'fine', perfdata: 'a=1 b=2s' };
    const { body } = await call('POST', `${path}/results?wait=true`, result);
    expect(body.perfdata.map(({ label }: { label: string }) => label)).toEqual(['a', 'b']);
  });

  test('that is older than the known state joins history and changes no state', async () => {
    const { path } = await addCheck();
    const old = new Date(Date.now() - 3_600_000).toISOString();
    await call('POST', `${path}/results?wait=true`, { exitCode: 0, output: 'now' });
    await call('POST', `${path}/results?wait=true`, { exitCode: 2, output: 'then', at: old });
    // On a slow machine the schedule's first run of the check may come between.
    await waitFor('both results', async () => {
      const { items } = (await call('GET', `${path}/history`)).body;
      const outputs = items.map(({ output }: { output: string }) => output);
      return outputs.includes('now') && outputs.at(-1) === 'then';
    });
    expect((await call('GET', path)).body).toMatchObject({ state: 'ok' });
  });

  test.each([
    [422, { exitCode: -1, output: 'x' }],
    [422, { exitCode: 0 }],
    [422, { exitCode: 0, output: 'x', at: '2001-01-01T00:00:00Z' }],
    [422, { exitCode: 0, output: 'x', at: '2999-01-01T00:00:00Z' }],
    [422, { exitCode: 0, output: 'x', at: 'soon' }],
    [422, { exitCode: '0', output: 'x' }],
    [422, { exitCode: 0, output: 'x', state: 'ok' }],
  ])('%i for %j', async (status, result) => {
    const { path } = await addCheck();
    expect((await call('POST', `${path}/results`, result)).status).toBe(status);
  });

  test('422 for more output than is kept', async () => {
    const { path } = await addCheck();
    const result = { exitCode: 0, output: 'x'.repeat(70_000) };
    expect((await call('POST', `${path}/results`, result)).status).toBe(422);
  });

  test('any text is kept to the character that a database can keep', async () => {
    const { path } = await addCheck();
    const output = '<script>alert(1)</script> \u202e $(touch x) \' " \\ 😀';
    const { body } = await call('POST', `${path}/results?wait=true`, { exitCode: 0, output });
    expect(body.output).toBe(output);
  });

  test('many at once, as lines of JSON, are all taken or none', async () => {
    const checks = [await addCheck(), await addCheck(), await addCheck()];
    const line = (name: string, output: string) =>
      JSON.stringify({ host: name, plugin: name, exitCode: 0, output });
    const headers = { 'content-type': 'application/x-ndjson' };
    const good = checks.map(({ name }) => line(name, 'bulk')).join('\n');
    const bad = `${good}\n${line('none', 'x')}\n`;
    const refused = await call('POST', '/results', bad, { headers });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toEqual([{ path: '/3', message: 'there is no check "none none"' }]);
    const unreadable = await call('POST', '/results', `${good}\n{oops\n`, { headers });
    expect([unreadable.status, unreadable.body.detail]).toEqual([
      400,
      expect.stringContaining('line 4'),
    ]);
    for (const { path } of checks) expect((await call('GET', path)).body.state).toBe('pending');
    expect((await call('POST', '/results', good, { headers })).body).toEqual({ accepted: 3 });
    for (const { path } of checks) {
      await waitFor('the results', async () => (await call('GET', path)).body.output === 'bulk');
    }
  });
});

test('history stays readable when its check is gone, and goes on under the same names', async () => {
  const { name, path } = await addCheck();
  await call('POST', `${path}/results?wait=true`, { exitCode: 0, output: 'before' });
  await call('DELETE', `/hosts/${name}`);
  expect((await call('GET', path)).status).toBe(404);
  const outputs = async () => {
    const { items } = (await call('GET', `${path}/history`)).body;
    return items.map(({ output }: { output: string }) => output);
  };
  expect(await outputs()).toEqual(['before']);
  await call('POST', '/hosts', { name, address: `${name}.test`, history: true, suites: [name] });
  expect((await call('GET', path)).body.state).toBe('pending');
  await call('POST', `${path}/results?wait=true`, { exitCode: 0, output: 'after' });
  expect(await outputs()).toEqual(['after', 'before']);
  expect((await call('GET', '/checks/never/was/history')).status).toBe(404);
});

test('stretches of states and their sums are kept, also of hosts without single results', async () => {
  const { name, path } = await addCheck({ history: false });
  const before = new Date(Date.now() - 60_000).toISOString();
  for (const exitCode of [0, 0, 2, 1, 1, 0]) {
    await call('POST', `${path}/results?wait=true`, { exitCode, output: `exit ${exitCode}` });
  }
  const history = async (query: string) =>
    (await call('GET', `${path}/history?${query}`)).body.items;
  const states = await history('kind=states');
  expect(states.map(({ state }: { state: string }) => state)).toEqual([
    'ok',
    'warning',
    'critical',
    'ok',
  ]);
  expect(states[0].to).toBeNull();
  for (const [index, { to }] of states.slice(1).entries()) expect(to).toBe(states[index].from);
  const [older] = await history(`kind=states&to=${states[1].from}`);
  expect(older).toEqual(states[2]);
  expect(await history('')).toEqual([]);

  const sums = async (query: string) => (await call('GET', `${path}/availability${query}`)).body;
  const day = await sums('');
  const total = Object.values<{ seconds: number }>(day.states).reduce(
    (sum, { seconds }) => sum + seconds * 1_000,
    0,
  );
  expect(Math.round(total)).toBe(86_400_000);
  const [ok, warning, critical] = [states[0], states[1], states[2]];
  const span = await sums(`?from=${before}&to=${ok.from}`);
  const between = (start: string, end: string) => (Date.parse(end) - Date.parse(start)) / 1_000;
  expect(span.states.warning.seconds).toBe(between(warning.from, ok.from));
  expect(span.states.critical.seconds).toBe(between(critical.from, warning.from));
  expect(span.states.notMeasured.seconds).toBe(between(before, states[3].from));
  expect((await call('GET', `${path}/availability?from=${ok.from}&to=${before}`)).status).toBe(400);

  await call('DELETE', `/hosts/${name}`);
  const [last] = await history('kind=states,results');
  expect(last).toMatchObject({ state: 'ok', to: expect.any(String) });
});

test.skipIf(needs('rrdtool'))('performance data is kept as a series of each metric', async () => {
  const { name, path } = await addCheck();
  await call('PATCH', `/plugins/${name}`, { interval: 60 });
  const startAt = Math.floor(Date.now() / 60_000) * 60_000 - 20 * 60_000;
  const instant = (minute: number) => new Date(startAt + minute * 60_000).toISOString();
  for (let minute = 0; minute <= 4; minute++) {
    const perfdata = minute < 2 ? `size=${minute}MB` : `size=${minute}MB 'late one'=7`;
    const result = { exitCode: 0, output: 'fine', perfdata, at: instant(minute) };
    await call('POST', `${path}/results?wait=true`, result);
  }
  const query = `from=${instant(0)}&to=${instant(4)}&step=60`;
  const series = await waitFor('both metrics', async () => {
    const { status, body } = await call('GET', `${path}/perfdata?${query}`);
    const last = (metric: number) => body.metrics?.[metric]?.values.at(-1);
    return status === 200 && last(0) === 4 && last(1) === 7 && body;
  });
  expect(series).toMatchObject({
    step: 60,
    metrics: [
      { label: 'size', unit: 'MB' },
      { label: 'late one', unit: '' },
    ],
  });
  expect(series.metrics[0].values.slice(-3)).toEqual([2, 3, 4]);
  expect(series.metrics[1].values.slice(-4)).toEqual([null, 7, 7, 7]);
  const one = await call('GET', `${path}/perfdata?${query}&metric=late%20one&cf=MAX`);
  expect(one.body.metrics).toHaveLength(1);
  expect((await call('GET', `${path}/perfdata?metric=none`)).status).toBe(404);
});

test('a result that is on its way when its check is deleted leaves no row', async () => {
  const held: ServerResponse[] = [];
  const slow = createServer((_request, response) => held.push(response));
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const { port } = slow.address() as AddressInfo;
  const plugin = { builtin: 'http', params: `-p ${port}` };
  const { name, path } = await site.addCheck({ address: '127.0.0.1' }, plugin);
  const countOrphans = async () => {
    const metrics = await (await fetch(`${new URL(url).origin}/metrics`)).text();
    return Number(/^ppalette_grey_orphaned_results_total (\d+)/m.exec(metrics)?.[1] ?? 0);
  };
  const before = await countOrphans();
  await call('POST', `${path}/run`);
  await waitFor('the plugin to ask', () => held.length > 0);
  await call('DELETE', `/hosts/${name}`);
  for (const response of held) response.end('late');
  await waitFor('the result without a check', async () => (await countOrphans()) > before);
  slow.close();
  const { body } = await call('GET', `/checks?q=${name}`);
  expect(body.total).toBe(0);
  const rows = await site.database?.db
    .selectFrom('check_state')
    .leftJoin('check_pair', 'check_pair.check_id', 'check_state.check_id')
    .where('check_pair.check_id', 'is', null)
    .select('check_state.check_id')
    .execute();
  expect(rows).toEqual([]);
});

interface StreamEvent {
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any event
  readonly data: any;
}

/** Follows the stream; `events` grows as they come. */
async function follow(query: string, options: RequestOptions = {}) {
  const leaving = new AbortController();
  const response = await fetch(`${url}/events${query}`, {
    headers: { authorization: `Bearer ${options.token ?? admin}`, ...options.headers },
    signal: leaving.signal,
  });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const events: StreamEvent[] = [];
  let lastId = '';
  let isEnded = false;
  const read = async () => {
    let text = '';
    for await (const part of response.body ?? []) {
      text += Buffer.from(part).toString();
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        lastId = field('id') ?? lastId;
        const data = field('data');
        if (data === undefined) continue;
        events.push({ id: lastId, type: field('event') ?? '', data: JSON.parse(data) });
      }
    }
  };
  const done = read()
    .catch(() => {})
    .finally(() => {
      isEnded = true;
    });
  return {
    events,
    isEnded: () => isEnded,
    async leave() {
      leaving.abort();
      await done;
    },
  };
}

describe('the stream of events', () => {
  let stream: Awaited<ReturnType<typeof follow>> | undefined;
  beforeEach(() => async () => {
    await stream?.leave();
    stream = undefined;
  });
  const submit = (path: string, exitCode: number) =>
    call('POST', `${path}/results?wait=true`, { exitCode, output: `exit ${exitCode}` });

  test('tells results, changes of state and changes of the configuration', async () => {
    stream = await follow('');
    const { name, path } = await addCheck();
    await submit(path, 2);
    const { events } = stream;
    // Checks of other tests may still be on their way.
    const ofType = (wanted: string) =>
      events
        .filter(({ type, data }) => type === wanted && JSON.stringify(data).includes(`"${name}"`))
        .map(({ data }) => data);
    await waitFor('the result', () => ofType('checkResult').length > 0);
    await waitFor('the change', () => ofType('stateChange').length > 0);
    expect(ofType('stateChange')).toEqual([
      expect.objectContaining({
        host: name,
        plugin: name,
        from: 'pending',
        to: 'critical',
        output: 'exit 2',
      }),
    ]);
    expect(ofType('checkResult').at(-1).check).toMatchObject({ host: name, state: 'critical' });
    expect(ofType('configuration')).toEqual(
      ['suite', 'plugin', 'host'].map((kind) =>
        expect.objectContaining({ action: 'create', kind, name }),
      ),
    );
  });

  test('tells a reader only what it asked for', async () => {
    const [one, two] = [await addCheck(), await addCheck()];
    stream = await follow(`?type=stateChange&host=${one.name}`);
    await submit(two.path, 1);
    await submit(one.path, 1);
    await submit(one.path, 1);
    await submit(one.path, 0);
    const { events } = stream;
    await waitFor('the events', () => events.length >= 2);
    expect(events.map(({ data }) => [data.host, data.to])).toEqual([
      [one.name, 'warning'],
      [one.name, 'ok'],
    ]);
  });

  test("has results of hosts, and filters by hosts' states", async () => {
    const { name, path } = await site.addCheck({}, { hostCheck: true });
    stream = await follow('?state=down,unreachable,critical');
    const other = await follow(`?type=checkResult&host=${name}`);
    await submit(path, 0);
    await submit(path, 2);
    const ofName = ({ events }: { events: typeof other.events }, type: string) =>
      events
        .filter((event) => event.type === type && JSON.stringify(event.data).includes(`"${name}"`))
        .map(({ data }) => data);
    const isOfHost = (data: { hostState?: unknown }) => data.hostState !== undefined;
    const both = stream;
    await waitFor('the change of the host', () =>
      ofName(both, 'stateChange').some(({ plugin, to }) => plugin === undefined && to === 'down'),
    );
    await waitFor('its result', () => ofName(other, 'checkResult').filter(isOfHost).length > 0);
    await waitFor('the result among those that are down', () =>
      ofName(both, 'checkResult').some(isOfHost),
    );
    const last = ofName(both, 'checkResult').filter(isOfHost).at(-1);
    expect(last.hostState).toMatchObject({ host: name, state: 'down', hostCheck: name });
    await waitFor('the result of the check', () =>
      ofName(both, 'checkResult').some(({ check }) => check?.state === 'critical'),
    );
    const up = ofName(both, 'checkResult').filter(({ hostState }) => hostState?.state === 'up');
    expect(up).toEqual([]);
    await other.leave();
    expect((await call('GET', '/events?state=broken')).status).toBe(400);
  });

  test('goes on behind the last event that a reader saw', async () => {
    const { name, path } = await addCheck();
    stream = await follow(`?type=stateChange&host=${name}`);
    const first = stream;
    await submit(path, 1);
    await waitFor('the events', () => first.events.length === 1);
    await first.leave();
    await submit(path, 2);
    await submit(path, 0);
    const headers = { 'last-event-id': first.events[0]?.id ?? '' };
    stream = await follow(`?type=stateChange&host=${name}`, { headers });
    const { events } = stream;
    await waitFor('the events', () => events.length >= 2);
    expect(events.map(({ data }) => data.to)).toEqual(['critical', 'ok']);
    const wrong = await call('GET', '/events', undefined, { headers: { 'last-event-id': 'x' } });
    expect(wrong.status).toBe(400);
  });

  test('ends when its token is revoked', async () => {
    const { secret } = (await call('POST', '/tokens', { name: 'reader', role: 'viewer' })).body;
    stream = await follow('', { token: secret });
    const { events, isEnded } = stream;
    await call('DELETE', '/tokens/reader');
    await waitFor('the end', isEnded);
    expect(events.at(-1)?.data).toMatchObject({
      type: 'dropped',
      reason: expect.stringMatching(/token/),
    });
  });

  test('lets a reader go that does not read, and tells the others on', async () => {
    const checks = await Promise.all(Array.from({ length: 50 }, () => addCheck()));
    stream = await follow('?type=checkResult');
    const { events } = stream;
    const stalled = await request('GET', '/events?type=checkResult');
    const output = `big\n${'x'.repeat(60_000)}`;
    // In all more than the system itself keeps for a connection that is not read.
    for (let round = 0; round < 10; round++) {
      const results = checks.map(({ name }) => ({ host: name, plugin: name, exitCode: 0, output }));
      const before = events.length;
      await call('POST', '/results', results);
      await waitFor('the round', () => events.length >= before + checks.length);
    }
    const text = await stalled.text();
    expect(text).toContain('event: dropped');
    expect(text).toContain('too slow');
  });
});
