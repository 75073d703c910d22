/** Echoes to real hosts in network namespaces, from processes with and without privileges. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ASK, allowPingSockets, PRELUDE, runScript } from '../../../test/servers/icmp-lab.ts';
import {
  canMakeNetworks,
  type LabHost,
  type LabNetwork,
  startLabNetwork,
} from '../../../test/servers/lab-network.ts';
import { needs } from '../../../test/servers/needs.ts';
import { startProcess, waitFor } from '../../../test/servers/temp.ts';

const at = (last: number) => [`198.51.100.${last}`, `2001:db8::${last.toString(16)}`];
const ECHOING: LabHost = { addresses: at(10), echoes: true };
const MUTE: LabHost = { addresses: at(11), echoes: false };
const ROGUE: LabHost = { addresses: at(12), echoes: false };
const SILENT: LabHost = { addresses: at(13), echoes: false, isSilent: true };
const NOBODY = 65_534;

/** Waits for the last of three echoes, then tells which have ended how. */
const WAIT = `${PRELUDE}
  let token = 100n;
  const icmp = openIcmp({ calls, createToken: () => ++token, clock, log: silentLog() });
  const ends = [];
  await new Promise((resolve) => {
    for (const number of [1, 2, 3]) {
      icmp.send({ address: order.address, timeoutMs: 60_000, onEnd: ({ kind }) => {
        ends.push(number + ' ' + kind);
        if (number === 3) resolve();
      } });
    }
    setImmediate(() => setImmediate(() => process.stdout.write('sent ')));
  });
  process.stdout.write(JSON.stringify(ends));
  icmp.close();
`;

/** Sends replies to nobody's requests. */
const FORGE = `${PRELUDE}
  const listener = { onPacket() {}, onComplaint() {}, onFailure(error) { throw error; } };
  const socket = openIcmpSocket(calls, order.family, listener);
  for (const { serial, token } of order.replies) {
    const packet = encodeRequest(order.family, { serial, token: BigInt(token) });
    packet[0] = order.family === 4 ? 0 : 129;
    if (order.family === 4) packet.writeUInt16BE(packet.readUInt16BE(2) + 0x0800, 2);
    socket.send(packet, order.to, (error) => { throw error; });
  }
  setImmediate(() => socket.close());
`;

const isAble = !needs('ip') && canMakeNetworks();

describe.skipIf(!isAble || needs('ip'))('in a network of real hosts', () => {
  let lab: LabNetwork;
  let onRogue: readonly string[] = [];
  let onMute: readonly string[] = [];

  const allow = (range: Parameters<typeof allowPingSockets>[1]) =>
    allowPingSockets(lab.within, range);

  beforeAll(() => {
    lab = startLabNetwork(at(1));
    lab.addHost(ECHOING);
    onMute = lab.addHost(MUTE);
    onRogue = lab.addHost(ROGUE);
    lab.addHost(SILENT);
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  test.each([
    ['root', 0, 'none', 'raw'],
    ['root', 0, 'all', 'ping'],
    ['nobody', NOBODY, 'all', 'ping'],
  ] as const)('%s (%i), ping sockets for %s: a %s socket', async (_name, uid, range, kind) => {
    allow(range);
    const addresses = [...at(1), ...at(10), ...at(11), ...at(13), '2001:0db8:0::0a'];
    const output = await runScript(lab.within, ASK, { uid, addresses, timeoutMs: 700 });
    const answered = { kind: 'answered' };
    const lost = { kind: 'lost', reason: null };
    expect(JSON.parse(output)).toEqual({
      sockets: [{ kind }, { kind }],
      ends: [answered, answered, answered, answered, lost, lost, lost, lost, answered],
    });
  });

  test('nobody, ping sockets for none: neither, and the reason says what to do', async () => {
    allow('none');
    const order = { uid: NOBODY, addresses: at(10), timeoutMs: 700 };
    const { ends } = JSON.parse(await runScript(lab.within, ASK, order));
    const end = { kind: 'unable', reason: expect.stringMatching(/net.ipv4.ping_group_range/) };
    expect(ends).toEqual([end, end]);
  });

  test('a host that is not there is lost with what the kernel says', async () => {
    allow('none');
    const addresses = [...at(99), '203.0.113.1', '2001:db9::1'];
    const output = await runScript(lab.within, ASK, { uid: 0, addresses, timeoutMs: 20_000 });
    const unreachable = { kind: 'lost', reason: 'Host Unreachable' };
    const withoutRoute = { kind: 'lost', reason: expect.objectContaining({ code: 'ENETUNREACH' }) };
    const ends = [unreachable, unreachable, withoutRoute, withoutRoute];
    expect(JSON.parse(output)).toMatchObject({ ends });
  });

  test.each([4, 6] as const)('no forged reply counts, IPv%i', async (family) => {
    // The kernel gives a raw socket every reply, a ping socket those of its identifier alone.
    allow('none');
    const index = family === 4 ? 0 : 1;
    const [file = '', ...words] = lab.within;
    const order = JSON.stringify({ address: at(11)[index] });
    const script = ['--input-type=module', '-e', WAIT, order];
    const waiting = await startProcess(file, [...words, process.execPath, ...script]);
    await waitFor('the echoes to be sent', () => waiting.output().includes('sent'));
    const forge = (within: readonly string[], ...replies: object[]) =>
      runScript(within, FORGE, { family, to: at(1)[index], replies });
    // The right mark from another host, then a wrong one from the right host.
    await forge(onRogue, { serial: 1, token: 101 });
    await forge(onMute, { serial: 2, token: 103 }, { serial: 9, token: 102 });
    await forge(onMute, { serial: 3, token: 103 }, { serial: 3, token: 103 });
    await waiting.exited;
    expect(waiting.output()).toBe('sent ["3 answered"]');
  });
});
