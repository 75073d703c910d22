/** A name server for tests, with records by name and type. */

import { createSocket } from 'node:dgram';

const TYPES = {
  ...{ A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33 },
} as const;
const NO_SUCH_DOMAIN = 3;

/** What a name server knows. */
export interface NameServerOptions {
  /** Records by `NAME TYPE`; the code of an error in place of records. */
  readonly zone: Readonly<Record<string, readonly string[] | number>>;
  /** Default: 127.0.0.1. */
  readonly address?: string;
  /** Default: any that is free. */
  readonly port?: number;
  readonly isAuthoritative?: boolean;
}

/** A running name server. */
export interface NameServer extends AsyncDisposable {
  readonly port: string;
}

/** Starts one. Rejects when it may not have the port. */
export async function startNameServer(options: NameServerOptions): Promise<NameServer> {
  const server = createSocket('udp4');
  server.on('message', (query, { address, port }) => {
    const reply = answer(query, options);
    if (reply !== null) server.send(reply, port, address);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.bind(options.port ?? 0, options.address ?? '127.0.0.1', resolve);
  });
  return {
    port: String(server.address().port),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** It says nothing for names that begin with `silent`. */
function answer(
  query: Buffer,
  { zone, isAuthoritative = false }: NameServerOptions,
): Buffer | null {
  const labels: string[] = [];
  let position = 12;
  for (let length = query[position] ?? 0; length > 0; length = query[position] ?? 0) {
    labels.push(query.toString('latin1', position + 1, position + 1 + length));
    position += length + 1;
  }
  const name = labels.join('.').toLowerCase();
  const type = query.readUInt16BE(position + 1);
  const question = query.subarray(12, position + 5);
  if (name.startsWith('silent')) return null;
  const typeName = Object.entries(TYPES).find(([, code]) => code === type)?.[0];
  const isKnown = Object.keys(zone).some((key) => key.startsWith(`${name} `));
  const found = zone[`${name} ${typeName}`] ?? (isKnown ? [] : NO_SUCH_DOMAIN);
  const records = typeof found === 'number' ? [] : found.map((value) => encodeRecord(type, value));
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(
    (isAuthoritative ? 0x8580 : 0x8180) | (typeof found === 'number' ? found : 0),
    2,
  );
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question, ...records]);
}

function encodeRecord(type: number, value: string): Buffer {
  const content = encodeValue(type, value);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(content.length, 10);
  return Buffer.concat([head, content]);
}

function encodeValue(type: number, value: string): Buffer {
  if (type === TYPES.MX) {
    const [priority = '', exchange = ''] = value.split(' ');
    return Buffer.concat([Buffer.from([0, Number(priority)]), encodeName(exchange)]);
  }
  if (type === TYPES.TXT) return Buffer.from(`${String.fromCharCode(value.length)}${value}`);
  if (type === TYPES.SRV) {
    const [target = '', ...numbers] = value.split(' ').reverse();
    return Buffer.concat([
      ...numbers
        .reverse()
        .map((number) => Buffer.from([Number(number) >> 8, Number(number) & 255])),
      encodeName(target),
    ]);
  }
  if (type === TYPES.SOA) {
    const [primary = '', mail = '', serial = ''] = value.split(' ');
    const numbers = Buffer.alloc(20);
    numbers.writeUInt32BE(Number(serial), 0);
    return Buffer.concat([encodeName(primary), encodeName(mail), numbers]);
  }
  if (type === TYPES.A) return Buffer.from(value.split('.').map(Number));
  if (type === TYPES.AAAA) {
    const groups = value.split(':').map((group) => group.padStart(4, '0'));
    return Buffer.from(groups.join(''), 'hex');
  }
  return encodeName(value);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => `${String.fromCharCode(label.length)}${label}`);
  return Buffer.from(`${labels.join('')}\0`, 'latin1');
}
