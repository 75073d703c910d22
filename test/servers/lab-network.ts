/**
 * A network of real hosts of its own: network namespaces on one bridge, apart from the machine's own
 * network. Only root may make them.
 */

import { execFileSync } from 'node:child_process';

/** What a host in the lab does. */
export interface LabHost {
  /** Without prefix length: IPv4 of the lab, and IPv6 if it has one. */
  readonly addresses: readonly string[];
  /** Whether it answers ICMP echo. */
  readonly echoes: boolean;
  /** Whether nothing ever comes back from it, be it there or not. */
  readonly isSilent?: boolean;
}

/** A running lab; its namespaces are gone at the end of the scope. */
export interface LabNetwork extends AsyncDisposable {
  /** Words before a command that run it on the bridge, from where all hosts can be reached. */
  readonly within: readonly string[];
  /** Adds a host; resolves to the words that run a command on it. */
  addHost(host: LabHost): readonly string[];
  /** Pulls the plug of a host. */
  removeHost(host: LabHost): void;
}

const PREFIX_LENGTHS = { ipv4: 24, ipv6: 120 };
const namespaces = new Set<string>();
let labCount = 0;
process.once('exit', () => {
  for (const name of namespaces) deleteNamespace(name);
});

/** Whether this machine lets us make network namespaces. */
export function canMakeNetworks(): boolean {
  const name = `pplab-${process.pid}-try`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return true;
  } catch {
    return false;
  }
}

/** Makes a lab whose bridge has these addresses. */
export function startLabNetwork(addresses: readonly string[]): LabNetwork {
  const lab = `pplab-${process.pid}-${++labCount}`;
  const names = new Map<LabHost, string>();
  addNamespace(lab);
  ip('-n', lab, 'link', 'add', 'br0', 'type', 'bridge');
  for (const device of ['lo', 'br0']) ip('-n', lab, 'link', 'set', device, 'up');
  for (const address of addresses) addAddress(lab, 'br0', address);
  return {
    within: ['ip', 'netns', 'exec', lab],
    addHost(host) {
      const name = `${lab}-${names.size + 1}`;
      const port = `v${names.size + 1}`;
      names.set(host, name);
      addNamespace(name);
      const peer = ['peer', 'name', 'eth0', 'netns', name];
      ip('-n', lab, 'link', 'add', port, 'type', 'veth', ...peer);
      ip('-n', lab, 'link', 'set', port, 'master', 'br0', 'up');
      for (const device of ['lo', 'eth0']) ip('-n', name, 'link', 'set', device, 'up');
      for (const address of host.addresses) addAddress(name, 'eth0', address);
      if (!host.echoes) {
        for (const setting of ['ipv4/icmp_echo_ignore_all', 'ipv6/icmp/echo_ignore_all']) {
          const args = ['netns', 'exec', name, 'tee', `/proc/sys/net/${setting}`];
          execFileSync('ip', args, { input: '1', stdio: 'pipe' });
        }
      }
      if (host.isSilent) {
        for (const address of addresses) ip('-n', name, 'route', 'add', 'blackhole', address);
      }
      return ['ip', 'netns', 'exec', name];
    },
    removeHost(host) {
      deleteNamespace(names.get(host) ?? '');
    },
    async [Symbol.asyncDispose]() {
      for (const name of [...names.values(), lab]) deleteNamespace(name);
    },
  };
}

function addNamespace(name: string): void {
  ip('netns', 'add', name);
  namespaces.add(name);
}

function addAddress(namespace: string, device: string, address: string): void {
  const isIpv6 = address.includes(':');
  const length = isIpv6 ? PREFIX_LENGTHS.ipv6 : PREFIX_LENGTHS.ipv4;
  // Without the search for another host of the same address, which takes a second.
  const options = isIpv6 ? ['nodad'] : [];
  ip('-n', namespace, 'addr', 'add', `${address}/${length}`, 'dev', device, ...options);
}

function deleteNamespace(name: string): void {
  if (namespaces.delete(name)) ip('netns', 'del', name);
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}
