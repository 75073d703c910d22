/** What routers, and the system, say of echoes that do not get through: in network namespaces. */

import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ASK,
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
import { startProcess, waitFor } from '../../../test/servers/temp.ts';
import { encodeRequest, type Family } from './packet.ts';

/** Linux sends no more than some 50 messages at once, whatever the setting of a namespace. */
const BURST_MS = 500;

const at = (last: number) => [`198.51.100.${last}`, `2001:db8::${last.toString(16)}`];
const [MUTE_IPV4 = '', MUTE_IPV6 = ''] = at(11);
/** So long that no end of a test is one of its time. */
const NEVER_MS = 20_000;

const both = (targets: Readonly<Record<Family, string>>) => [targets[4], targets[6]];
const twice = (reason: unknown) => [1, 2].map(() => ({ kind: 'lost', reason }));

/** Tells how much of the processor an open socket costs once all that it is told of has been read. */
const REST = `${PRELUDE}
  let token = 100n;
  const icmp = openIcmp({ calls, createToken: () => ++token, clock, log: silentLog() });
  await Promise.all(order.addresses.map((address) => new Promise((onEnd) => {
    icmp.send({ address, timeoutMs: ${BURST_MS}, onEnd });
  })));
  const { eventLoopUtilization } = (await import('node:perf_hooks')).performance;
  const before = eventLoopUtilization();
  await new Promise((resolve) => setTimeout(resolve, 300));
  process.stdout.write(String(eventLoopUtilization(before).utilization));
  icmp.close();
`;

/** Waits for one echo with the token 101, and tells its end. */
const WAIT = `${PRELUDE}
  const icmp = openIcmp({ calls, createToken: () => 101n, clock, log: silentLog() });
  const { address, timeoutMs } = order;
  icmp.send({ address, timeoutMs, onEnd: ({ kind, reason }) => {
    process.stdout.write(kind + ': ' + reason);
    icmp.close();
  } });
  setImmediate(() => setImmediate(() => process.stdout.write('sent ')));
`;

/** Sends packets as they are, from a raw socket. */
const FORGE = `${PRELUDE}
  const listener = { onPacket() {}, onComplaint() {}, onFailure(error) { throw error; } };
  const socket = openIcmpSocket(calls, order.family, listener);
  for (const packet of order.packets) {
    socket.send(Buffer.from(packet, 'hex'), order.to, (error) => { throw error; });
  }
  setImmediate(() => socket.close());
`;

/** What a forged complaint quotes: an echo from `from` to `to`. */
interface Quote {
  readonly from: string;
  readonly to: string;
  readonly identifier: number;
  readonly token: number;
  readonly quotedBytes: number;
}

/** A router's message that a host cannot be reached. */
function forge(family: Family, { from, to, identifier, token, quotedBytes }: Quote): string {
  const request = encodeRequest(family, { serial: 1, token: BigInt(token) });
  request.writeUInt16BE(identifier, 4);
  const header = Buffer.alloc(family === 4 ? 20 : 40);
  if (family === 4) {
    header.set([0x45, 0, 0, 84, 0, 0, 0, 0, 64, 1]);
    header.set([...from.split('.').map(Number), ...to.split('.').map(Number)], 12);
  } else {
    header.set([0x60, 0, 0, 0, 0, 64, 58, 64]);
    for (const [index, address] of [from, to].entries()) {
      const [prefix = '', last = ''] = address.split('::');
      const start = prefix.split(':').map((group) => group.padStart(4, '0'));
      const bytes = `${start.join('').padEnd(28, '0')}${last.padStart(4, '0')}`;
      header.set(Buffer.from(bytes, 'hex'), 8 + index * 16);
    }
  }
  const said = Buffer.from(family === 4 ? [3, 1, 0, 0, 0, 0, 0, 0] : [1, 3, 0, 0, 0, 0, 0, 0]);
  const packet = Buffer.concat([said, header, request.subarray(0, quotedBytes)]);
  if (family === 4) packet.writeUInt16BE(checksum(packet), 2);
  return packet.toString('hex');
}

function checksum(packet: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < packet.length; offset += 2) sum += packet.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const isAble = !needs('ip') && canMakeNetworks();

describe.skipIf(!isAble || needs('ip'))('in a network with a router that refuses', () => {
  let lab: LabNetwork;
  let onRogue: readonly string[] = [];

  beforeAll(() => {
    lab = startLabNetwork(at(1));
    addRefusingRouter(lab, at(2));
    lab.addHost({ addresses: at(10), echoes: true });
    lab.addHost({ addresses: at(11), echoes: false });
    onRogue = lab.addHost({ addresses: at(12), echoes: false });
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  describe.each([
    ['raw', 'none'],
    ['ping', 'all'],
  ] as const)('a %s socket', (kind, range) => {
    test('is told why, in the words of check_ping, or by the code of the system', async () => {
      allowPingSockets(lab.within, range);
      const code = (name: string) => expect.objectContaining({ code: name });
      const expected = [
        [both(REFUSED.unreachable), twice('Host Unreachable')],
        [both(REFUSED.prohibited), twice('Packet Filtered')],
        [both(REFUSED.withoutRoute), twice('Network Unreachable')],
        [both(REFUSED.tooFar), twice('Time to live exceeded')],
        [both(REFUSED.unreachableHere), twice(code('EHOSTUNREACH'))],
        [both(REFUSED.prohibitedHere), twice(code('EACCES'))],
        [both(REFUSED.withoutRouteHere), twice(code('ENETUNREACH'))],
        // Nobody is there.
        [at(99), twice('Host Unreachable')],
      ] as const;
      const addresses = expected.flatMap(([targets]) => targets);
      const output = JSON.parse(
        await runScript(lab.within, ASK, { addresses, timeoutMs: NEVER_MS }),
      );
      // A router of IPv6 says of both that it has no route.
      const ends = expected.flatMap(([, ends]) => ends);
      ends[1] = { kind: 'lost', reason: 'Network Unreachable' };
      expect(output).toEqual({ sockets: [{ kind }, { kind }], ends });
    });

    test('nobody is disturbed by the refusals of others', async () => {
      allowPingSockets(lab.within, range);
      const refused = [REFUSED.tooFar, REFUSED.withoutRouteHere].flatMap(both);
      const round = [...refused, ...at(10), ...both(REFUSED.tooFar), ...at(1)];
      const addresses = Array.from({ length: 40 }, () => round).flat();
      const output = await runScript(lab.within, ASK, { addresses, timeoutMs: BURST_MS * 4 });
      const kinds = JSON.parse(output).ends.map(({ kind }: { kind: string }) => kind);
      const isAlive = (address: string) => [...at(1), ...at(10)].includes(address);
      expect(kinds).toEqual(addresses.map((address) => (isAlive(address) ? 'answered' : 'lost')));
    });

    test('nobody waits for the neighbours of others, which take the system 3 s to miss', async () => {
      allowPingSockets(lab.within, range);
      const missing = Array.from({ length: 200 }, (_, index) => `198.51.100.${index + 20}`);
      const dead = Array.from({ length: 5 }, () => missing).flat();
      const order = { addresses: [...dead, ...at(10), ...at(1)], timeoutMs: 1_500 };
      const { ends } = JSON.parse(await runScript(lab.within, ASK, order));
      const answered = { kind: 'answered' };
      expect(ends.slice(dead.length)).toEqual([answered, answered, answered, answered]);
    });

    test('rests when all that it was told has been read', async () => {
      allowPingSockets(lab.within, range);
      const addresses = Array.from({ length: 100 }, () => both(REFUSED.tooFar)).flat();
      const output = await runScript(lab.within, REST, { addresses: [...addresses, ...at(10)] });
      expect(Number(output)).toBeLessThan(0.5);
    });

    test.each([4, 6] as const)('no forged complaint counts, IPv%i', async (family) => {
      allowPingSockets(lab.within, range);
      const to = family === 4 ? MUTE_IPV4 : MUTE_IPV6;
      const [from = ''] = at(1).slice(family === 4 ? 0 : 1);
      const [other = ''] = at(10).slice(family === 4 ? 0 : 1);
      const [file = '', ...words] = lab.within;
      const order = JSON.stringify({ address: to, timeoutMs: NEVER_MS });
      const script = ['--input-type=module', '-e', WAIT, order];
      const waiting = await startProcess(file, [...words, process.execPath, ...script]);
      await waitFor('the echo to be sent', () => waiting.output().includes('sent'));
      const send = (...packets: string[]) =>
        runScript(onRogue, FORGE, { family, to: from, packets });
      const right = { from, to, identifier: findIdentifier(family), token: 101, quotedBytes: 64 };
      const wrong = [{ token: 102 }, { to: other }, { quotedBytes: 8 }, { quotedBytes: 0 }];
      await send(...wrong.map((change) => forge(family, { ...right, ...change })));
      expect(waiting.output()).toBe('sent ');
      await send(forge(family, right));
      await waiting.exited;
      expect(waiting.output()).toBe('sent lost: Host Unreachable');
    });
  });

  /** Which one the system gave to the only ping socket, if there is one; a raw one has any. */
  function findIdentifier(family: Family): number {
    const [file = '', ...words] = [
      ...lab.within,
      'cat',
      `/proc/net/icmp${family === 4 ? '' : '6'}`,
    ];
    const sockets = execFileSync(file, words, { encoding: 'utf8' });
    const [, identifier = '7070'] = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) /m.exec(sockets) ?? [];
    return Number.parseInt(identifier, 16);
  }
});
