/** Echoes in a lab: scripts that send them with and without privileges, and a router that refuses. */

import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LabNetwork } from './lab-network.ts';

const DIST = join(import.meta.dirname, '../../dist');
/** Nobody may open a ping socket, or everybody may. */
const RANGES = { none: '1 0', all: '0 2147483647' } as const;

/** What every script begins with; what it loads it loads before it becomes somebody else. */
export const PRELUDE = `
  const { openIcmp } = await import('${DIST}/violet/icmp/icmp.js');
  const { openIcmpSocket } = await import('${DIST}/violet/icmp/icmp-socket.js');
  const { encodeRequest } = await import('${DIST}/violet/icmp/packet.js');
  const { loadSocketCalls } = await import('${DIST}/violet/icmp/socket-calls.js');
  const { findProbe } = await import('${DIST}/violet/probes/probes.js');
  const { openChildProcessExecutor } = await import('${DIST}/violet/executor/child-process.js');
  const { systemClock: clock } = await import('${DIST}/lib/clock.js');
  const { silentLog } = await import('${DIST}/lib/log.js');
  const calls = await loadSocketCalls();
  const order = JSON.parse(process.argv[1]);
  if (order.uid) { process.setgroups([]); process.setgid(order.uid); process.setuid(order.uid); }
`;

/** Asks all addresses, closes the sockets, and ends by itself if nothing is left. */
export const ASK = `${PRELUDE}
  let token = 100n;
  const icmp = openIcmp({ calls, createToken: () => ++token, clock, log: silentLog() });
  const ask = (address) => new Promise((onEnd) => {
    icmp.send({ address, timeoutMs: order.timeoutMs, onEnd: ({ kind, reason }) => onEnd({ kind, reason }) });
  });
  const ends = await Promise.all(order.addresses.map(ask));
  const sockets = [icmp.socketOf(4), icmp.socketOf(6)];
  icmp.close();
  process.stdout.write(JSON.stringify({ sockets, ends }));
`;

/** Runs a script within a namespace; resolves to its output. */
export async function runScript(
  within: readonly string[],
  script: string,
  order: object,
): Promise<string> {
  const [file = '', ...args] = within;
  const words = ['--input-type=module', '-e', script, JSON.stringify(order)];
  return (await promisify(execFile)(file, [...args, process.execPath, ...words])).stdout;
}

/** Sets who may open ping sockets within a namespace. */
export function allowPingSockets(within: readonly string[], range: keyof typeof RANGES): void {
  write(within, 'ipv4/ping_group_range', RANGES[range]);
}

/** What becomes of an echo from the lab's bridge to an address, by family. */
export const REFUSED = {
  /** By a router. */
  unreachable: { 4: '203.0.113.1', 6: '2001:db8:9::1' },
  prohibited: { 4: '203.0.113.2', 6: '2001:db8:9::2' },
  withoutRoute: { 4: '203.0.113.3', 6: '2001:db8:9::3' },
  dropped: { 4: '203.0.113.4', 6: '2001:db8:9::4' },
  tooFar: { 4: '203.0.113.5', 6: '2001:db8:9::5' },
  /** By the bridge itself. */
  unreachableHere: { 4: '192.0.2.1', 6: '2001:db8:a::1' },
  prohibitedHere: { 4: '192.0.2.2', 6: '2001:db8:a::2' },
  withoutRouteHere: { 4: '192.0.2.3', 6: '2001:db8:a::3' },
} as const;

/** Adds a router with these addresses, IPv4 and IPv6, that forwards to nobody. */
export function addRefusingRouter(lab: LabNetwork, addresses: readonly string[]): void {
  const router = lab.addHost({ addresses, echoes: true });
  const settings = {
    ...{ 'ipv4/ip_forward': '1', 'ipv6/conf/all/forwarding': '1' },
    // It would say no more than one a second. What routes of IPv4 refuse remains limited: to 5.
    ...{ 'ipv4/icmp_ratemask': '0', 'ipv6/icmp/ratelimit': '0' },
  };
  for (const [name, value] of Object.entries(settings)) write(router, name, value);
  const [ipv4 = '', ipv6 = ''] = addresses;
  const add = (within: readonly string[], ...route: string[]) => {
    const [file = '', ...words] = [...within, 'ip', 'route', 'add', ...route];
    execFileSync(file, words, { stdio: 'pipe' });
  };
  add(lab.within, '203.0.113.0/24', 'via', ipv4);
  add(lab.within, '2001:db8:9::/64', 'via', ipv6);
  for (const family of [4, 6] as const) {
    const via = family === 4 ? ipv4 : ipv6;
    add(router, 'unreachable', REFUSED.unreachable[family]);
    add(router, 'prohibit', REFUSED.prohibited[family]);
    add(router, 'blackhole', REFUSED.dropped[family]);
    add(router, REFUSED.tooFar[family], 'dev', 'eth0');
    add(lab.within, REFUSED.tooFar[family], 'via', via, 'hoplimit', '1');
    add(lab.within, 'unreachable', REFUSED.unreachableHere[family]);
    add(lab.within, 'prohibit', REFUSED.prohibitedHere[family]);
  }
}

function write(within: readonly string[], setting: string, value: string): void {
  const [file = '', ...words] = [...within, 'tee', `/proc/sys/net/${setting}`];
  execFileSync(file, words, { input: value, stdio: 'pipe' });
}
