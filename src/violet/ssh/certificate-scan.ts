/**
 * Asks a server for its host certificate, over a connection of its own: the library that checks run
 * over (ssh2) has no certificates. It needs no secret and proves nothing by itself; the server then
 * proves in the check's connection that it has the key that the certificate vouches for.
 *
 * The beginning of a key exchange (RFC 4253 sections 4.2, 6 and 7, RFC 5656 section 4) that offers
 * certificates only, up to the server's answer, in which the certificate is.
 */

import { createECDH, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { CERTIFICATE_SUFFIX } from './host-certificate.ts';
import { MalformedWire, WireReader, wireString } from './wire.ts';

const KEXINIT = 20;
const KEX_ECDH_INIT = 30;
const KEX_ECDH_REPLY = 31;

/** In order of preference: what a server has all of is decided by the first of these. */
const CERTIFIED_TYPES = [
  ...['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ...['rsa-sha2-512', 'rsa-sha2-256'],
].map((type) => type + CERTIFICATE_SUFFIX);
const KEY_EXCHANGES = ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'];
/** Never used; but a server hangs up when there is none that it has too. */
const CIPHERS = [
  ...['aes128-ctr', 'aes256-ctr', 'aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'],
  'chacha20-poly1305@openssh.com',
];
const MACS = [
  ...['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  ...['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1'],
];
/** What a server may send until then; OpenSSH sends two kilobytes. */
const MAX_BYTES = 65_536;

/**
 * The certificate of the server at the other end, as bytes to be checked. Null when it shows none,
 * for whatever reason; destroying the stream ends the wait. The stream is destroyed in any case.
 */
export async function readHostCertificate(stream: Duplex): Promise<Buffer | null> {
  const incoming = new Incoming(stream);
  try {
    stream.write('SSH-2.0-ppalette\r\n');
    stream.write(formatPacket(formatKexInit()));
    await incoming.skipGreeting();
    const reader = new WireReader((await incoming.packet(KEXINIT)).subarray(16));
    const exchanges = reader.text().split(',');
    const exchange = KEY_EXCHANGES.find((name) => exchanges.includes(name));
    const types = reader.text().split(',');
    if (exchange === undefined || !CERTIFIED_TYPES.some((type) => types.includes(type)))
      return null;
    const ephemeral = wireString(makeEphemeralKey(exchange));
    stream.write(formatPacket(Buffer.concat([Buffer.of(KEX_ECDH_INIT), ephemeral])));
    return Buffer.from(new WireReader(await incoming.packet(KEX_ECDH_REPLY)).string());
  } catch (error) {
    // A connection that broke is found, and told, by the check's own connection.
    if (error instanceof MalformedWire || stream.destroyed) return null;
    throw error;
  } finally {
    stream.destroy();
  }
}

function formatKexInit(): Buffer {
  const lists = [
    ...[KEY_EXCHANGES, CERTIFIED_TYPES, CIPHERS, CIPHERS, MACS, MACS],
    ...[['none'], ['none'], [], []],
  ];
  return Buffer.concat([
    Buffer.of(KEXINIT),
    randomBytes(16),
    ...lists.map((names) => wireString(names.join(','))),
    Buffer.alloc(5), // no guess follows; reserved
  ]);
}

/** Any 32 bytes are a point of curve 25519. */
function makeEphemeralKey(exchange: string): Buffer {
  return exchange.startsWith('curve25519')
    ? randomBytes(32)
    : createECDH('prime256v1').generateKeys();
}

/** Length, padding to a multiple of 8 bytes, no encryption yet. */
function formatPacket(payload: Buffer): Buffer {
  const paddingLength = 4 + ((8 - ((payload.length + 9) % 8)) % 8);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + paddingLength + 1);
  head.writeUInt8(paddingLength, 4);
  return Buffer.concat([head, payload, Buffer.alloc(paddingLength)]);
}

/** What the server sends, taken apart; throws `MalformedWire` at its end and beyond the limit. */
class Incoming {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #receivedBytes = 0;

  constructor(stream: Duplex) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Up to the line with the server's version; others may come before it. */
  async skipGreeting(): Promise<void> {
    for (;;) {
      const end = this.#held.indexOf('\n');
      if (end === -1) {
        await this.#receive();
        continue;
      }
      const line = this.#held.subarray(0, end).toString('latin1');
      this.#held = this.#held.subarray(end + 1);
      if (line.startsWith('SSH-')) return;
    }
  }

  /** What is in the next packet of this kind, without the kind. */
  async packet(kind: number): Promise<Buffer> {
    for (;;) {
      const length = (await this.#take(4)).readUInt32BE();
      const body = new WireReader(await this.#take(length));
      const paddingLength = body.bytes(1).readUInt8();
      const payload = body.bytes(length - 1 - paddingLength);
      if (payload[0] === kind) return payload.subarray(1);
    }
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#held.length < length) await this.#receive();
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  async #receive(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done) throw new MalformedWire('the connection ended');
    this.#receivedBytes += value.length;
    if (this.#receivedBytes > MAX_BYTES) throw new MalformedWire('too much was sent');
    this.#held = Buffer.concat([this.#held, value]);
  }
}
