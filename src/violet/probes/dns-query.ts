/**
 * One question to one name server, for what Node's resolver keeps to itself: whether the server that
 * answered is in charge of the domain.
 */

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { UsageError } from './options.ts';
import type { ServiceContext } from './probe.ts';

/** Types that can be asked for. */
export const QUERY_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;

/** One of them. */
export type QueryType = (typeof QUERY_TYPES)[number];

const CODES: Readonly<Record<QueryType, number>> = {
  ...{ A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 },
};

const INTERNET = 1;
const HEADER_BYTES = 12;
const IS_ANSWER = 0x8000;
const IS_AUTHORITATIVE = 0x0400;
const RECURSION_DESIRED = 0x0100;
const MAX_LABEL_BYTES = 63;
const MAX_NAME_BYTES = 253;

/** A question and whom to ask. */
export interface Query {
  readonly name: string;
  readonly type: QueryType;
  /** `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`. */
  readonly server: string;
}

/** How to ask; `tryMs`: until the question is sent once more. */
type Asking = Pick<ServiceContext, 'clock' | 'signal'> & { readonly tryMs: number };

/**
 * Whether the server's answer is authoritative. Asks again and again until there is one, or until
 * `signal` aborts, at which it rejects, as it does with the system's error.
 */
export function isAuthoritative(query: Query, { clock, signal, tryMs }: Asking): Promise<boolean> {
  signal.throwIfAborted();
  const { address, port } = readServer(query.server);
  const id = randomInt(0x10000);
  const packet = encodeQuery(query, id);
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
    let cancel = () => {};
    const send = () => {
      socket.send(packet);
      cancel = clock.setTimer(tryMs, send);
    };
    const end = () => {
      cancel();
      signal.removeEventListener('abort', abort);
      socket.close();
    };
    const fail = (error: unknown) => {
      end();
      reject(error);
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', fail);
    socket.on('message', (answer) => {
      if (answer.length < HEADER_BYTES || answer.readUInt16BE(0) !== id) return;
      const flags = answer.readUInt16BE(2);
      if ((flags & IS_ANSWER) === 0) return;
      end();
      resolve((flags & IS_AUTHORITATIVE) !== 0);
    });
    // Connected, so that nobody else's answer is taken.
    socket.connect(port, address, (error?: Error) => (error ? fail(error) : send()));
  });
}

/** `isAuthoritative` of the first of some servers that can be reached. */
export async function askInTurn(
  servers: readonly string[],
  query: Omit<Query, 'server'>,
  context: Asking,
): Promise<boolean> {
  let failure: unknown;
  for (const server of servers) {
    try {
      return await isAuthoritative({ ...query, server }, context);
    } catch (error) {
      failure = error;
      if (context.signal.aborted) break;
    }
  }
  throw failure;
}

function readServer(server: string): { readonly address: string; readonly port: number } {
  const [, inBrackets, plain, port = '53'] =
    /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::(\d+))?$/.exec(server) ?? [];
  return { address: inBrackets ?? plain ?? server, port: Number(port) };
}

function encodeQuery({ name, type }: Query, id: number): Buffer {
  const labels = name.replace(/\.$/, '').split('.');
  const isName = labels.every((label) => {
    const length = Buffer.byteLength(label);
    return length > 0 && length <= MAX_LABEL_BYTES;
  });
  if (!isName || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new UsageError(`"${name}" is no domain name`);
  }
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const question = Buffer.alloc(5);
  question.writeUInt16BE(CODES[type], 1);
  question.writeUInt16BE(INTERNET, 3);
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  return Buffer.concat([header, ...parts, question]);
}
