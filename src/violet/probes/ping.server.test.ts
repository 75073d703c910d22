import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTestIcmp } from '../../../test/icmp.ts';
import { runProbe } from '../../../test/probing.ts';
import { type TempFolder, tempFolder } from '../../../test/servers/temp.ts';
import { loadSocketCalls } from '../icmp/socket-calls.ts';

const LIMITS = ['-w', '100,20%', '-c', '500,60%'];

/** A folder with a program of this name that records its arguments and runs `script`. */
async function install(name: 'fping' | 'ping', script: string): Promise<TempFolder> {
  const folder = await tempFolder();
  const record = `printf '%s\\n' "$@" > ${folder.path}/arguments`;
  await writeFile(join(folder.path, name), `#!/bin/sh\n${record}\n${script}\n`, { mode: 0o755 });
  return folder;
}

const fping = (summary: string) => install('fping', `echo '127.0.0.1 : ${summary}' >&2`);

describe('fping says', () => {
  test.each([
    [
      '2/2/0%, min/avg/max = 0.029/0.038/0.046',
      'ok',
      'OK - Packet loss = 0%, RTA = 0.04 ms',
      0.038,
    ],
    ['5/4/20%, min/avg/max = 1/2/3', 'warning', 'WARNING - Packet loss = 20%, RTA = 2.00 ms', 2],
    [
      '5/5/0%, min/avg/max = 1/100/300',
      'warning',
      'WARNING - Packet loss = 0%, RTA = 100.00 ms',
      100,
    ],
    ['5/2/60%, min/avg/max = 1/2/3', 'critical', 'CRITICAL - Packet loss = 60%, RTA = 2.00 ms', 2],
    [
      '5/5/0%, min/avg/max = 1/500.1/3',
      'critical',
      'CRITICAL - Packet loss = 0%, RTA = 500.10 ms',
      500.1,
    ],
    ['5/0/100%', 'critical', 'CRITICAL - Packet loss = 100%', null],
  ])('%s, which is %s', async (summary, state, text, rtt) => {
    await using folder = await fping(`xmt/rcv/%loss = ${summary}`);
    const run = await runProbe('ping', LIMITS, { path: folder.path });
    expect(run).toMatchObject({ state, output: `PING ${text}` });
    expect(run.perfdata).toMatchObject([
      { label: 'rta', value: rtt, warn: '100', crit: '500', min: 0, max: null },
      { label: 'pl', unit: '%', warn: '20', crit: '60', min: 0, max: null },
    ]);
  });

  test.each([
    ['nosuch: Name or service not known', 2, 'PING UNKNOWN - Invalid hostname/address - 127.0.0.1'],
    ['fping: no | permission', 4, 'PING UNKNOWN - fping failed: fping: no ¦ permission'],
    ['', 3, 'PING UNKNOWN - fping failed: it said nothing'],
  ])('%j, which is unknown', async (complaint, code, output) => {
    await using folder = await install('fping', `echo '${complaint}' >&2; exit ${code}`);
    const run = await runProbe('ping', LIMITS, { path: folder.path });
    expect(run).toMatchObject({ state: 'unknown', output, perfdata: [] });
  });
});

test.each([
  [
    '5 packets transmitted, 5 received, 0% packet loss, time 805ms\nrtt min/avg/max/mdev = 0.028/0.037/0.047/0.009 ms',
    'PING OK - Packet loss = 0%, RTA = 0.04 ms',
  ],
  [
    '3 packets transmitted, 1 packets received, 66% packet loss\nround-trip min/avg/max = 0.1/0.2/0.3 ms',
    'PING CRITICAL - Packet loss = 66%, RTA = 0.20 ms',
  ],
  [
    '2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 5ms',
    'PING CRITICAL - Packet loss = 100%',
  ],
])('ping says %j', async (text, output) => {
  await using folder = await install('ping', `printf '%s\\n' '${text}'`);
  expect(await runProbe('ping', LIMITS, { path: folder.path })).toMatchObject({ output });
});

describe('why nothing comes back, as the plugin says it,', () => {
  const said = (text: string) => `PING CRITICAL - ${text} (127.0.0.1)`;

  test.each([
    ['Host Unreachable', 'Host Unreachable'],
    ['Protocol Unreachable', 'Bogus ICMP: Protocol Unreachable'],
    ['Unreachable (Communication with Host Prohibited)', 'Host Prohibited'],
    ['Unreachable (Fragmentation Needed)', 'Destination Unreachable'],
    ['Unreachable (Invalid Code)', 'Destination Unreachable'],
    ['Time Exceeded', 'Time to live exceeded'],
  ])('fping tells by %j', async (text, reason) => {
    const complaint = `ICMP ${text} from 192.0.2.254 for ICMP Echo sent to 127.0.0.1`;
    const summary = '127.0.0.1 : xmt/rcv/%loss = 2/0/100%';
    await using folder = await install(
      'fping',
      `printf '%s\\n' '${complaint}' '${summary}' >&2; exit 1`,
    );
    const run = await runProbe('ping', LIMITS, { path: folder.path });
    expect(run).toMatchObject({ state: 'critical', output: said(reason) });
    expect(run.perfdata).toMatchObject([{ value: null }, { value: 100 }]);
  });

  const summary = '2 packets transmitted, 0 received, +1 errors, 100% packet loss, time 5ms';
  test.each([
    [`From 192.0.2.254 icmp_seq=1 Destination Net Unreachable\n${summary}`, 'Network Unreachable'],
    [
      `From 2001:db8::1 icmp_seq=1 Destination unreachable: Beyond scope\n${summary}`,
      'Destination Unreachable',
    ],
    [
      `From 2001:db8::1 icmp_seq=1 Destination unreachable: Address unreachable\n${summary}`,
      'Host Unreachable',
    ],
    [`From 2001:db8::1 icmp_seq=1 Time exceeded: Hop limit\n${summary}`, 'Time to live exceeded'],
    ['ping: connect: Network is unreachable', 'Network Unreachable'],
    ['ping: connect: No route to host', 'Network Unreachable'],
  ])('ping tells by %j', async (text, reason) => {
    await using folder = await install('ping', `printf '%s\\n' '${text}'; exit 1`);
    const run = await runProbe('ping', LIMITS, { path: folder.path });
    expect(run).toMatchObject({ state: 'critical', output: said(reason) });
  });

  test('is not said when something did', async () => {
    const complaint = 'From 192.0.2.254 icmp_seq=1 Destination Host Unreachable';
    const end = '2 packets transmitted, 1 received, 50% packet loss\nrtt min/avg/max = 1/1/1 ms';
    await using folder = await install('ping', `printf '%s\\n' '${complaint}' '${end}'`);
    const run = await runProbe('ping', LIMITS, { path: folder.path });
    expect(run.output).toBe('PING WARNING - Packet loss = 50%, RTA = 1.00 ms');
  });
});

describe('the program', () => {
  const summary = 'xmt/rcv/%loss = 5/5/0%, min/avg/max = 1/2/3';

  test.each([
    ['fping', ['-6', '-c', '3', '-p', '500', '-t', '3500', '--', '2001:db8::1']],
    ['ping', ['-6', '-n', '-c', '3', '-i', '0.5', '-W', '3', '--', '2001:db8::1']],
  ] as const)('%s is called with the address behind all options', async (name, expected) => {
    await using folder = await install(name, 'exit 3');
    const args = [...LIMITS, '-6', '-p', '3', '-H', '2001:db8::1'];
    await runProbe('ping', args, { path: folder.path, timeoutMs: 10_000 });
    const given = await readFile(join(folder.path, 'arguments'), 'utf8');
    expect(given.trimEnd().split('\n')).toEqual(expected);
  });

  test('has time to wait for what is slow but allowed', async () => {
    await using folder = await install('fping', 'exit 3');
    const given = () => readFile(join(folder.path, 'arguments'), 'utf8');
    const args = ['-w', '100,20%', '-c', '5000,60%', '-p', '2'];
    await runProbe('ping', args, { path: folder.path, timeoutMs: 10_000 });
    expect(await given()).toContain('-t\n5000\n');
    await runProbe('ping', args, { path: folder.path, timeoutMs: 1_000 });
    expect(await given()).toContain('-p\n200\n-t\n600\n');
  });

  test('is not called for what is no address, so that nothing becomes an option', async () => {
    await using folder = await fping(summary);
    for (const address of [
      '-f',
      '--help',
      '-oProxyCommand=x',
      'a b',
      '$(id)',
      'x\ny',
      '1.2.3',
      '::g',
    ]) {
      const run = await runProbe('ping', LIMITS, { path: folder.path, address });
      expect(run.state).toBe('unknown');
      expect(run.output).toMatch(/^PING UNKNOWN - Invalid hostname\/address/);
    }
    for (const address of ['localhost', 'a_b.example', '::1', 'fe80::1%eth0', '10.0.0.1']) {
      const run = await runProbe('ping', LIMITS, { path: folder.path, address });
      expect(run.state).toBe('ok');
    }
  });

  test('is missing: the remedy is told', async () => {
    const run = await runProbe('ping', LIMITS, { path: '/absent:relative' });
    expect(run.state).toBe('unknown');
    expect(run.output).toMatch(/neither fping nor ping is installed: install one of them/);
  });

  test('hangs: the check times out and it is killed', async () => {
    await using folder = await install('fping', '/bin/sleep 600');
    const run = await runProbe('ping', LIMITS, { path: folder.path, timeoutMs: 300 });
    expect(run.outcome).toEqual({ kind: 'timedOut', timeoutMs: 300, stdout: '' });
  });
});

test('a socket that is gone leaves the check to a program', async () => {
  const icmp = openTestIcmp(await loadSocketCalls());
  icmp.close();
  await using folder = await fping('xmt/rcv/%loss = 5/5/0%, min/avg/max = 1/2/3');
  const run = await runProbe('ping', LIMITS, { path: folder.path, icmp });
  expect(run.output).toBe('PING OK - Packet loss = 0%, RTA = 2.00 ms');
});

test.each([
  [[], 'there is no limit: give -w RTA_MS,LOSS%'],
  [['-w', '1,1%'], 'there is no limit: give -c RTA_MS,LOSS%'],
  [['-w', '100', '-c', '1,1%'], '"100" is no RTA_MS,LOSS%, such as 100.0,20%'],
  [['-w', '1,101%', '-c', '1,1%'], '"1,101%" is no RTA_MS,LOSS%, such as 100.0,20%'],
  [['-w', '100,20%', '-c', '50,60%'], 'a limit of -w is beyond that of -c'],
  [['-w', '10,70%', '-c', '50,60%'], 'a limit of -w is beyond that of -c'],
  [[...LIMITS, '-t', 'x'], '"x" is no number of seconds: it must be a number up to 86400'],
  [[...LIMITS, '-p', '0'], '0 packets are none'],
  [[...LIMITS, '-p', '101'], '"101" is no number of packets: it must be a whole number up to 100'],
])('with %j it is unknown and shows the usage', async (args, problem) => {
  const run = await runProbe('ping', args);
  const output = `PING UNKNOWN - ${problem}`;
  expect(run).toMatchObject({ state: 'unknown', output, perfdata: [] });
  expect(run.longOutput).toMatch(/^usage: ping /);
});
