/** Fields of the ssh protocol (RFC 4251 section 5) out of bytes; for keys and certificates. */

/** The bytes end before the field does. */
export class MalformedWire extends Error {
  override name = 'MalformedWire';
}

/** Reads field after field; every method throws `MalformedWire` when there is too little left. */
export class WireReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes that were read so far. */
  get position(): number {
    return this.#position;
  }

  /** True when everything was read. */
  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64BE();
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Buffer {
    return this.#take(length);
  }

  /** A view of a counted field. */
  string(): Buffer {
    return this.#take(this.uint32());
  }

  /** A counted field as text. */
  text(): string {
    return this.string().toString('utf8');
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new MalformedWire('a field is longer than what is left');
    const field = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return field;
  }
}

/** A counted field. */
export function wireString(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
