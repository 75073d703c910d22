/** The probe ping beside the Debian plugin, where a router or the system says why nothing comes back. */

import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../../../scripts/programs.mjs';
import {
  addRefusingRouter,
  allowPingSockets,
  PRELUDE,
  REFUSED,
  runScript,
} from '../../../test/servers/icmp-lab.ts';
import {
  canMakeNetworks,
  type LabNetwork,
  startLabNetwork,
} from '../../../test/servers/lab-network.ts';
import { needs } from '../../../test/servers/needs.ts';
import { tempFolder } from '../../../test/servers/temp.ts';

const at = (last: number) => [`198.51.100.${last}`, `2001:db8::${last.toString(16)}`];
/** A router of IPv4 says no more than 5 of its routes at once. The time is for the program ping. */
const ARGUMENTS = ['-w', '100,20%', '-c', '5000,60%', '-p', '1', '-t', '10'];
const LOSS = 'PING CRITICAL - Packet loss = 100%';
const PERFDATA = 'rta=U;100;5000;0 pl=100%;20;60;0';

const both = (...names: (keyof typeof REFUSED)[]) =>
  names.flatMap((name) => [REFUSED[name][4], REFUSED[name][6]]);
const BY_NETWORK = [...both('unreachable', 'prohibited', 'withoutRoute', 'tooFar'), ...at(99)];
const TARGETS = [...BY_NETWORK, ...both('unreachableHere', 'withoutRouteHere')];
/** The plugin cannot read what ping says of them. */
const UNREADABLE = both('prohibitedHere');

/** Probes all addresses at once, and tells what it said of each. */
const PROBE = `${PRELUDE}
  const log = silentLog();
  let token = 100n;
  const icmp = openIcmp({ calls: order.path === '' ? calls : null, createToken: () => ++token, clock, log });
  const executor = openChildProcessExecutor({ clock, log });
  const said = await Promise.all(order.addresses.map(async (address) => {
    const { exitCode, stdout } = await findProbe('ping')(order.args, {
      icmp, clock, executor, host: { name: 'target', address }, timeoutMs: 10_000,
      signal: new AbortController().signal, environment: { PATH: order.path, LANG: 'C' },
    });
    return [address, exitCode + ' ' + stdout.trim()];
  }));
  icmp.close();
  await executor.close();
  process.stdout.write(JSON.stringify(Object.fromEntries(said)));
`;

const isAble = !needs('ip') && !needs('plugins') && canMakeNetworks();

describe.skipIf(!isAble || needs('ip', 'plugins'))('why nothing comes back', () => {
  let lab: LabNetwork;
  let byPlugin: Readonly<Record<string, string>>;

  /** What the plugin says of each, the state's number before it. */
  const runPlugin = async (addresses: readonly string[]) => {
    const [file = '', ...words] = [...lab.within, '/usr/lib/nagios/plugins/check_ping'];
    const said = addresses.map(async (address) => {
      const args = [...words, ...ARGUMENTS, '-H', address];
      const run = promisify(execFile)(file, args, { env: { LANG: 'C', PATH: '/usr/bin:/bin' } });
      const { code, stdout } = await run.then(
        ({ stdout }) => ({ code: 0, stdout }),
        (error: { code: number; stdout: string }) => error,
      );
      return [address, `${code} ${stdout.trim()}`];
    });
    return Object.fromEntries(await Promise.all(said));
  };
  const runOwn = async (addresses: readonly string[], path: string) =>
    JSON.parse(await runScript(lab.within, PROBE, { addresses, path, args: ARGUMENTS }));
  /** As the plugin, with the name before the state as in every line, and with performance data. */
  const expectedOf = (address: string) =>
    byPlugin[address]?.replace(/^2 CRITICAL/, '2 PING CRITICAL').concat(`|${PERFDATA}`);

  beforeAll(async () => {
    lab = startLabNetwork(at(1));
    addRefusingRouter(lab, at(2));
    byPlugin = await runPlugin(TARGETS);
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  test('the plugin says it', () => {
    const { unreachable, prohibited, withoutRoute, tooFar } = REFUSED;
    expect(byPlugin).toMatchObject({
      [unreachable[4]]: `2 CRITICAL - Host Unreachable (${unreachable[4]})`,
      [prohibited[6]]: `2 CRITICAL - Packet Filtered (${prohibited[6]})`,
      [withoutRoute[4]]: `2 CRITICAL - Network Unreachable (${withoutRoute[4]})`,
      [tooFar[6]]: `2 CRITICAL - Time to live exceeded (${tooFar[6]})`,
    });
  });

  test.each(['none', 'all'] as const)('as the plugin, ping sockets for %s', async (range) => {
    allowPingSockets(lab.within, range);
    const expected = TARGETS.map((address) => [address, expectedOf(address)]);
    expect(await runOwn(TARGETS, '')).toEqual(Object.fromEntries(expected));
  });

  test('what this machine forbids is critical with its reason', async () => {
    const said = await runOwn(UNREADABLE, '');
    for (const address of UNREADABLE) {
      expect(said[address]).toBe(`2 PING CRITICAL - Permission denied (${address})|${PERFDATA}`);
    }
    for (const text of Object.values(await runPlugin(UNREADABLE))) {
      expect(text).toMatch(/Could not interpret output from ping command$/);
    }
  });

  describe.each(['fping', 'ping'] as const)('by %s', (program) => {
    beforeEach((context) => {
      if (needs(program)) context.skip(`${program} is not installed`);
    });

    test('as the plugin, as far as the program says it', async () => {
      await using folder = await tempFolder();
      await symlink(findProgram(program) ?? '', join(folder.path, program));
      const isSaid = (address: string) =>
        program === 'ping' || (!address.includes(':') && BY_NETWORK.includes(address));
      const expected = TARGETS.map((address) => [
        address,
        isSaid(address) ? expectedOf(address) : `2 ${LOSS}|${PERFDATA}`,
      ]);
      expect(await runOwn(TARGETS, folder.path)).toEqual(Object.fromEntries(expected));
    });
  });
});
