import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openApiSite } from '../../../test/api-site.ts';

const FIXTURES = join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'tls');
const read = (name: string) => readFile(join(FIXTURES, name), 'utf8');

/** The status of a request over TLS; rejects with what the client says of the connection. */
function getStatus(url: string, options: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/healthz`, options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('the API is served over TLS 1.2 and later, and over nothing older', async () => {
  const tls = { certificate: await read('server.crt'), key: await read('server.key') };
  const site = await openApiSite({ tls });
  try {
    const url = await site.server.listen({ host: '127.0.0.1', port: 0 });
    const ca = await read('authority.crt');
    expect(await getStatus(url, { ca })).toBe(200);
    const old = { ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' };
    await expect(getStatus(url, old)).rejects.toThrow();
    await expect(getStatus(url, {})).rejects.toThrow(/certificate/);
  } finally {
    await site.close();
  }
});

test('a trusted proxy tells who asks, nobody else does', async () => {
  const from = '192.0.2.7';
  const site = await openApiSite({ trustedProxies: [from] });
  const guess = async (client: string, proxy: string) => {
    const headers = { 'x-forwarded-for': client };
    const options = { token: 'pp_guess', from: proxy, headers };
    return (await site.call('GET', '/hosts', undefined, options)).status;
  };
  for (let count = 0; count < 10; count++) await guess('198.51.100.1', from);
  expect(await guess('198.51.100.1', from)).toBe(429);
  expect(await guess('198.51.100.2', from)).toBe(401);
  for (let count = 0; count < 10; count++) await guess(`198.51.100.${count}`, '192.0.2.8');
  expect(await guess('198.51.100.99', '192.0.2.8')).toBe(429);
  await site.close();
});
