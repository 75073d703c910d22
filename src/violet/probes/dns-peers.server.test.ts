/** The probe dns beside the Debian plugin, which asks port 53 and no other. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NameServer, startNameServer } from '../../../test/name-server.ts';
import { runPeer, runProbe, shapeOf } from '../../../test/probing.ts';
import { needs } from '../../../test/servers/needs.ts';

const ZONE = {
  'one.test A': ['192.0.2.1'],
  'two.test A': ['192.0.2.9', '192.0.2.10'],
  '1.2.0.192.in-addr.arpa PTR': ['one.test'],
  'broken.test A': 2,
  'private.test A': 5,
};
const [PLAIN, OWNER] = ['127.0.0.153', '127.0.0.154'];
/** Only root may have port 53. */
const isSkipped = needs('dnsPlugin') || process.getuid?.() !== 0;

const servers: NameServer[] = [];

beforeAll(async () => {
  if (isSkipped) return;
  servers.push(await startNameServer({ zone: ZONE, address: PLAIN, port: 53 }));
  servers.push(
    await startNameServer({ zone: ZONE, address: OWNER, port: 53, isAuthoritative: true }),
  );
});

afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
});

describe.skipIf(isSkipped)('as the plugin', () => {
  test.each([
    '-H one.test',
    '-H two.test',
    '-H one.test -w 4 -c 5',
    '-H one.test -w 0.000001',
    '-H one.test -c 0.000001',
    '-H one.test -a 192.0.2.1',
    '-H one.test -a 192.0.2.2',
    '-H two.test -a 192.0.2.9',
    '-H two.test -a 192.0.2.9 -L',
    '-H two.test -a 192.0.2.9,192.0.2.10 -L',
    '-H two.test -a 192.0.2.10 -a 192.0.2.9 -L',
    '-H two.test -a 192.0.2.0/24',
    '-H two.test -a 192.0.3.0/24',
    '-H two.test -a 192.0.2.0/24 -L',
    '-H one.test -L',
    '-H 192.0.2.1',
    '-H 192.0.2.1 -a one.test.',
    '-H 192.0.2.1 -a two.test.',
    '-H nope.test',
    '-H nope.test -n',
    '-H one.test -n',
    '-H one.test -n -a 192.0.2.1',
    '-H one.test -A',
    `-H one.test -A -s ${OWNER}`,
    '-H private.test',
    '-H broken.test',
    '-H one.test -Z',
  ])('dns %s', async (line) => {
    const args = ['-s', PLAIN, ...line.split(' ')];
    const own = await runProbe('dns', args, { timeoutMs: 10_000 });
    const peer = await runPeer('dns', args);
    expect(shapeOf(own)).toEqual(shapeOf(peer));
  });
});
