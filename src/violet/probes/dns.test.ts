import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NameServer, startNameServer } from '../../../test/name-server.ts';
import { runProbe } from '../../../test/probing.ts';
import { freePort } from '../../../test/servers/temp.ts';
import { systemClock } from '../../lib/clock.ts';
import { StopSource } from '../../lib/stop-signal.ts';
import { askInTurn, isAuthoritative } from './dns-query.ts';

/** Records by name and type; the codes of an error in place of records. */
const ZONE: Readonly<Record<string, readonly string[] | number>> = {
  'one.test A': ['192.0.2.1'],
  'two.test A': ['192.0.2.9', '192.0.2.10'],
  'two.test AAAA': ['2001:0db8:0:0:0:0:0:1'],
  '1.2.0.192.in-addr.arpa PTR': ['One.Test'],
  'all.test MX': ['10 mail.test', '20 Other.test'],
  'all.test TXT': ['v=spf1 -all'],
  'all.test SRV': ['1 2 443 web.test'],
  'all.test SOA': ['ns.test admin.test 7'],
  'all.test NS': ['ns.test'],
  'all.test CNAME': ['one.test'],
  'empty.test TXT': ['no address'],
  'broken.test A': 2,
  'broken.test AAAA': 2,
  'private.test A': 5,
  'private.test AAAA': 5,
  'absent.test A': 3,
  'absent.test AAAA': 3,
};

let server: NameServer;
let port = '';

beforeAll(async () => {
  server = await startNameServer({ zone: ZONE });
  port = server.port;
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const ask = (...args: string[]) => runProbe('dns', ['-s', '127.0.0.1', '-p', port, ...args]);

test('a name that has addresses is ok, with the time it took', async () => {
  const run = await ask('-H', 'two.test', '-w', '1', '-c', '5');
  expect(run.output).toMatch(
    /^DNS OK: 0\.\d{3} seconds response time\. two\.test returns 192\.0\.2\.10,192\.0\.2\.9,2001:db8::1$/,
  );
  expect(run.perfdata).toMatchObject([
    { label: 'time', unit: 's', warn: '1', crit: '5', min: 0, max: null },
  ]);
});

test('one family is enough', async () => {
  expect((await ask('-H', 'one.test')).output).toMatch(/one\.test returns 192\.0\.2\.1$/);
});

test('an address is looked up the other way round', async () => {
  expect((await ask('-H', '192.0.2.1')).output).toMatch(/192\.0\.2\.1 returns one\.test$/);
  expect((await ask('-H', '192.0.2.1', '-a', 'ONE.test.')).state).toBe('ok');
});

test('without -H the address of the host is looked up, and a server may be a name', async () => {
  const args = ['-s', 'localhost', '-p', port];
  const run = await runProbe('dns', args, { address: 'one.test' });
  expect(run.output).toMatch(/one\.test returns 192\.0\.2\.1$/);
});

test.each([
  [['-a', '192.0.2.9'], 'ok'],
  [['-a', '192.0.2.1,192.0.2.9'], 'ok'],
  [['-a', '192.0.2.1', '-a', '2001:db8:0::0001'], 'ok'],
  [['-a', '192.0.2.1'], 'critical'],
  [['-L', '-a', '192.0.2.9'], 'critical'],
  [['-L', '-a', '192.0.2.9,192.0.2.10,2001:db8::1'], 'ok'],
  [['-w', '0.0000001'], 'warning'],
  [['-c', '0.0000001'], 'critical'],
])('two.test with %j is %s', async (args, state) => {
  expect(await ask('-H', 'two.test', ...args)).toMatchObject({ state });
});

test('another answer than expected is told', async () => {
  const run = await ask('-H', 'one.test', '-a', '192.0.2.2,192.0.2.3');
  expect(run.output).toBe("DNS CRITICAL - expected '192.0.2.2,192.0.2.3' but got '192.0.2.1'");
});

describe('without an answer it is critical', () => {
  test.each([
    ['absent.test', "Domain 'absent.test' was not found by DNS server '127.0.0.1'"],
    ['empty.test', "Domain 'empty.test' has no address at DNS server '127.0.0.1'"],
    ['192.0.2.77', "Domain '192.0.2.77' was not found by DNS server '127.0.0.1'"],
    ['broken.test', "Failure of DNS server '127.0.0.1' for 'broken.test'"],
    ['private.test', "DNS server '127.0.0.1' refused to answer for 'private.test'"],
  ])('%s', async (name, problem) => {
    const run = await ask('-H', name);
    expect(run).toMatchObject({ state: 'critical', output: `DNS CRITICAL - ${problem}` });
  });

  test('a server that is not there', async () => {
    const closed = String(await freePort());
    const run = await runProbe('dns', ['-H', 'one.test', '-s', '127.0.0.1', '-p', closed]);
    expect(run.output).toBe("DNS CRITICAL - Connection to DNS server '127.0.0.1' was refused");
  });

  test('a server that nobody knows', async () => {
    const run = await runProbe('dns', ['-H', 'one.test', '-s', 'nosuch.invalid']);
    expect(run.state).toBe('critical');
  });

  test('a server that says nothing, in time for the check', async () => {
    const args = ['-s', '127.0.0.1', '-p', port, '-H', 'silent.test'];
    const run = await runProbe('dns', args, { timeoutMs: 1_000 });
    // The resolver spreads its tries by chance, so the check's own limit may come first.
    expect(run.output).toMatch(/No response from DNS server|no answer within|timed out after/);
    expect(run.state).toBe('critical');
  });

  test('after -t', async () => {
    const run = await ask('-H', 'silent.test', '-t', '0.01');
    expect(run.output).toMatch(/^DNS CRITICAL - (No response|no answer within 0\.01 seconds)/);
  });
});

test.each([
  [['-H', ''], 'there is no host: its name is empty'],
  [['-p', 'x'], '"x" is no port: it must be a whole number up to 65535'],
  [['-Z'], 'there is no option -Z'],
])('with %j it is unknown and shows the usage', async (args, problem) => {
  const run = await runProbe('dns', args);
  expect(run).toMatchObject({ state: 'unknown', output: `DNS UNKNOWN - ${problem}` });
  expect(run.longOutput).toMatch(/^usage: dns /);
});

test.each(['a b|c=1', '-x', 'x'.repeat(300), 'a..b'])('the name %j leads nowhere', async (name) => {
  const run = await ask('-H', name);
  expect(['critical', 'unknown']).toContain(run.state);
  expect(run.perfdata).toEqual([]);
});

test.each([
  ['MX', '10 mail.test,20 other.test'],
  ['mx', '10 mail.test,20 other.test'],
  ['TXT', 'v=spf1 -all'],
  ['SRV', '1 2 443 web.test'],
  ['SOA', 'ns.test admin.test 7'],
  ['NS', 'ns.test'],
  ['CNAME', 'one.test'],
])('records of type %s are asked for', async (type, found) => {
  expect((await ask('-H', 'all.test', '-q', type)).output).toMatch(
    new RegExp(`all\\.test returns ${found}$`),
  );
});

test('a type of which there are no records is critical', async () => {
  expect((await ask('-H', 'all.test', '-q', 'AAAA')).state).toBe('critical');
  expect((await ask('-H', 'all.test', '-q', 'MX', '-a', '10 mail.test')).state).toBe('ok');
  expect((await ask('-H', 'all.test', '-q', 'MX', '-a', '10 mail.test', '-L')).state).toBe(
    'critical',
  );
});

test('authority is asked for at the first server that can be reached', async () => {
  await using own = await startNameServer({ zone: ZONE, isAuthoritative: true });
  const context = { clock: systemClock, signal: new StopSource(), tryMs: 200 };
  const query = { name: 'one.test', type: 'A' as const };
  // Not to be connected to: it is for broadcasts.
  const unreachable = '255.255.255.255:53';
  const reachable = `127.0.0.1:${own.port}`;
  await expect(isAuthoritative({ ...query, server: unreachable }, context)).rejects.toThrow(
    /EACCES/,
  );
  expect(await askInTurn([unreachable, reachable], query, context)).toBe(true);
  await expect(askInTurn([unreachable], query, context)).rejects.toThrow(/EACCES/);
});

test('authority is asked for until there is an answer', async () => {
  await using own = await startNameServer({ zone: ZONE, isAuthoritative: true });
  const run = await runProbe('dns', ['-s', '127.0.0.1', '-p', own.port, '-H', 'one.test', '-A']);
  expect(run.state).toBe('ok');
  expect(await ask('-H', 'one.test', '-A')).toMatchObject({
    output: 'DNS CRITICAL - server 127.0.0.1 is not authoritative for one.test',
  });
  expect((await ask('-H', '192.0.2.1', '-A')).state).toBe('unknown');
});
