/** Discovery of real hosts: a lab of network namespaces, the built program and `ppadm` inside it. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DiscoveryJson } from '../../src/contract/discoveries.ts';
import type { HostJson } from '../../src/contract/hosts.ts';
import {
  canMakeNetworks,
  type LabHost,
  type LabNetwork,
  startLabNetwork,
} from '../servers/lab-network.ts';
import { needs } from '../servers/needs.ts';
import { runPpadm, startPpalette } from '../servers/program.ts';
import {
  type RunningProcess,
  startProcess,
  type TempFolder,
  tempFolder,
  waitFor,
} from '../servers/temp.ts';

const at = (last: number) => [`198.51.100.${last}`, `2001:db8::${last.toString(16)}`];
const ECHOING: LabHost = { addresses: at(10), echoes: true };
const LISTENING: LabHost = { addresses: at(11), echoes: false };
const REFUSING: LabHost = { addresses: at(12), echoes: false };
const SILENT: LabHost = { addresses: at(13), echoes: false, isSilent: true };
const EXCLUDED: LabHost = { addresses: at(20), echoes: true };
const LEAVING: LabHost = { addresses: at(30), echoes: true };

const isAble = !needs('ip', 'fping') && canMakeNetworks();

describe.skipIf(!isAble || needs('ip', 'fping'))('in a network of real hosts', () => {
  let folder: TempFolder;
  let lab: LabNetwork;
  const running: RunningProcess[] = [];

  const ppadm = (...args: string[]) =>
    runPpadm(['--url', 'http://127.0.0.1:5000', '--token-file', 'var/admin.token', ...args], {
      cwd: folder.path,
      within: lab.within,
    });
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await ppadm(...args);
    if (code !== 0) throw new Error(`ppadm ${args.join(' ')}: ${code} ${stderr}`);
    return stdout;
  };
  const discover = async (subnet: string): Promise<DiscoveryJson> =>
    JSON.parse(await run('run', 'discovery', subnet, '--wait', '-o', 'json'));

  beforeAll(async () => {
    folder = await tempFolder();
    lab = startLabNetwork(at(1));
    for (const host of [ECHOING, REFUSING, SILENT, EXCLUDED, LEAVING]) lab.addHost(host);
    const [ip = '', ...words] = lab.addHost(LISTENING);
    const listen = "require('node:net').createServer().listen(22, '::')";
    running.push(await startProcess(ip, [...words, process.execPath, '-e', listen]));
    const options = ['up', '--no-starter', '--listen', '127.0.0.1:5000'];
    running.push(await startPpalette(options, { cwd: folder.path, within: lab.within }));
    await waitFor('the API', async () => (await ppadm('show', 'status')).code === 0, 30_000);
  });
  afterAll(async () => {
    await Promise.all(running.map((one) => one.stop()));
    await lab?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test('a /24 of mostly dead addresses is searched within a minute', {
    timeout: 90_000,
  }, async () => {
    const cidr = ['--cidr', '198.51.100.0/24', '--exclude', '198.51.100.20,198.51.100.64/26'];
    await run('add', 'subnet', 'office', ...cidr);
    const discovery = await discover('office');
    expect(discovery).toMatchObject({ state: 'done', scanned: 189, total: 189, found: 5 });
    const tookMs = Date.parse(discovery.finishedAt ?? '') - Date.parse(discovery.startedAt);
    expect(tookMs).toBeLessThan(60_000);
    const hosts: HostJson[] = JSON.parse(await run('list', 'hosts', '-o', 'json'));
    expect(hosts.map(({ address }) => address).sort()).toEqual(
      [1, 10, 11, 12, 30].map((last) => at(last)[0]),
    );
    // No name server can be reached from here, so they are called by their addresses.
    expect(hosts.every(({ name, address }) => name === address)).toBe(true);
  });

  test('a host that is gone is noted and stays', { timeout: 90_000 }, async () => {
    lab.removeHost(LEAVING);
    const discovery = await discover('office');
    expect(discovery).toMatchObject({ found: 4, addedCount: 0, gone: ['198.51.100.30'] });
    expect(await run('list', 'hosts', '-o', 'name')).toContain('198.51.100.30\n');
  });

  test('hosts are found by IPv6', { timeout: 90_000 }, async () => {
    await run('add', 'subnet', 'six', '--cidr', '2001:db8::/120', '--exclude', '2001:db8::20/123');
    const discovery = await discover('six');
    expect(discovery).toMatchObject({ state: 'done', total: 223, found: 5 });
    expect([...discovery.added].sort()).toEqual(
      [1, 10, 11, 12, 20].map((last) => at(last)[1]).sort(),
    );
  });
});
