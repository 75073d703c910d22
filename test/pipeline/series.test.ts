/** Series over HTTP as JSON, CSV and graphs: of a check, of the site and of a worker. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRunningSite } from '../running-site.ts';
import { waitFor } from '../servers/temp.ts';

type Site = Awaited<ReturnType<typeof openRunningSite>>;

let site: Site;
let path: string;
const MINUTE_MS = 60_000;
const startMs = Math.floor(Date.now() / 600_000) * 600_000 - 60 * MINUTE_MS;
const instant = (minute: number) => new Date(startMs + minute * MINUTE_MS).toISOString();
const span = `from=${instant(0)}&to=${instant(8)}&step=60`;
const HOSTILE = `=cmd"</text><script>`;

beforeAll(async () => {
  site = await openRunningSite();
  ({ path } = await site.addCheck({}, { interval: 60 }));
  await site.call('PATCH', `/hosts/${path.split('/')[2]}`, { maintenance: false });
  for (let minute = 0; minute < 8; minute++) {
    if (minute === 4) continue;
    const perfdata = `time=${minute * 10}ms;50;~:70 '${HOSTILE}'=${minute}`;
    const result = { exitCode: 0, output: 'fine', perfdata, at: instant(minute) };
    const { status } = await site.call('POST', `${path}/results?wait=true`, result);
    expect(status).toBe(200);
  }
  await waitFor('the values', async () => {
    const { status, body } = await site.call('GET', `${path}/perfdata?${span}`);
    return status === 200 && body.metrics[0]?.values.at(-1) !== null && body.metrics[0];
  });
});
afterAll(() => site.close());

const get = async (address: string, accept?: string) => {
  const response = await site.request('GET', address, undefined, {
    headers: accept === undefined ? {} : { accept },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get('content-type')?.split(';')[0];
  return {
    status: response.status,
    type,
    bytes,
    text: bytes.toString(),
    headers: response.headers,
  };
};

/** Rows of a table whose cells hold no commas but in quotes. */
function readCsv(text: string): string[][] {
  return text
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map(([, cell = '']) => cell),
    );
}

describe('the performance data of a check', () => {
  test('has the same values as CSV and as JSON, with the limits of the newest result', async () => {
    const { body } = await site.call('GET', `${path}/perfdata?${span}`);
    expect(body.metrics).toMatchObject([
      { label: 'time', unit: 'ms', warn: '50', crit: '~:70' },
      { label: HOSTILE, warn: null, crit: null },
    ]);
    const { type, text } = await get(`${path}/perfdata.csv?${span}`);
    expect(type).toBe('text/csv');
    const [names, ...rows] = readCsv(text);
    expect(names).toEqual(['time', 'time (ms)', `"'=cmd""</text><script>"`]);
    expect(rows.map(([at]) => at)).toEqual(
      rows.map((_, index) =>
        new Date(Date.parse(body.start) + index * body.step * 1_000).toISOString(),
      ),
    );
    const values = rows.map(([, value = '']) => (value === '' ? null : Number(value)));
    expect(values).toEqual(body.metrics[0].values);
    expect(values.filter((value) => value !== null).length).toBeGreaterThan(3);
  });

  test('is a graph with its limits as lines, a panel for each unit, and every label as text', async () => {
    const { type, text, headers } = await get(`${path}/perfdata.svg?${span}`);
    expect(type).toBe('image/svg+xml');
    expect(headers.get('content-security-policy')).toContain("style-src 'unsafe-inline'");
    expect(text.match(/class="panel"/g)).toHaveLength(2);
    expect(text).toContain('warning 50 ms, critical 70 ms');
    expect(text.match(/class="limit/g)).toHaveLength(2);
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toContain('<script');
    const one = await get(`${path}/perfdata.svg?${span}&metric=time`);
    expect(one.text.match(/class="panel"/g)).toHaveLength(1);
  });

  test('shows in its legend the values of the JSON', async () => {
    const { body } = await site.call('GET', `${path}/perfdata?${span}&metric=time`);
    const known = body.metrics[0].values.filter((value: number | null) => value !== null);
    const { text } = await get(`${path}/perfdata.svg?${span}&metric=time`);
    const [last, least] = [...text.matchAll(/<text class="num"[^>]*>([\d.]+) ms</g)].map(
      ([, figure]) => Number(figure),
    );
    expect(last).toBeCloseTo(known.at(-1), 1);
    expect(least).toBeCloseTo(Math.min(...known), 1);
  });
});

describe('the series of the site and of a worker', () => {
  test.each(['1h', '1d', '1w', '1mo', '1y'])(
    'are there for the last %s in each form',
    async (period) => {
      await waitFor('statistics', async () => {
        const { status, body } = await site.call('GET', '/stats/common');
        return status === 200 && 'hosts_down' in body.values;
      });
      const { status, body } = await site.call('GET', `/stats/common?period=${period}`);
      expect(status).toBe(200);
      for (const name of ['checks_ok', 'hosts_unreachable', 'lateness_p99', 'missed_per_second']) {
        expect(body.values).toHaveProperty(name);
      }
      for (const [ending, type] of [
        ['csv', 'text/csv'],
        ['svg', 'image/svg+xml'],
        ['png', 'image/png'],
      ] as const) {
        const answer = await get(`/stats/common.${ending}?period=${period}`);
        expect([answer.status, answer.type]).toEqual([200, type]);
        const asked = await get(`/stats/common?period=${period}`, type);
        expect(asked.type).toBe(type);
      }
    },
  );

  test('draw every field in some panel', async () => {
    const { body } = await site.call('GET', '/stats/common');
    for (const name of Object.keys(body.values)) {
      const { text } = await get(`/stats/common.svg?metrics=${name}`);
      expect(text.match(/class="panel"/g), name).toHaveLength(1);
    }
    const { body: workers } = await site.call('GET', '/workers');
    const worker = `/stats/workers/${workers.items[0].id}`;
    const own = await waitFor('statistics of the worker', async () => {
      const answer = await site.call('GET', worker);
      return answer.status === 200 && answer.body;
    });
    for (const name of Object.keys(own.values)) {
      const { text } = await get(`${worker}.svg?metrics=${name}`);
      expect(text.match(/class="panel"/g), name).toHaveLength(1);
    }
  });

  test('are drawn in the size asked for', async () => {
    const { bytes } = await get('/stats/common.png?width=640&height=333');
    expect(bytes.toString('latin1', 1, 4)).toBe('PNG');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([640, 333]);
    const { text } = await get('/stats/common.svg?width=640&height=333&theme=dark');
    expect(text).toContain('width="640" height="333"');
  });

  test('are refused without a token, beyond the bounds, and where there is nothing', async () => {
    const bare = await fetch(`${site.url}/stats/common.svg`);
    expect(bare.status).toBe(401);
    for (const wrong of ['width=2001', 'height=10', 'period=2h', `period=1h&from=${instant(0)}`]) {
      expect((await site.call('GET', `/stats/common?${wrong}`)).status, wrong).toBe(400);
    }
    expect((await get('/stats/workers/none.svg')).status).toBe(404);
    expect((await get('/stats/common.gif')).status).toBe(404);
  });
});
