/**
 * Sealing and opening what travels on the broker: JSON with kind and version, validated at both
 * ends, signed when a key is set. The signature covers the body's bytes, so every field with it.
 * What is sealed and opened in one process without a key never becomes JSON.
 *
 * Version rule: a reader takes its own version and older ones; unknown fields are ignored, so adding
 * an optional field keeps the version. A newer version is refused: the sender knows something that
 * this reader would lose.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Static, TObject } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Delivery, OutgoingMessage } from '../broker/broker.ts';
import { assert } from '../lib/assert.ts';
import { formatInstant, parseInstant } from '../lib/instant.ts';
import { bytesOf, type LazyBytes } from '../lib/lazy-bytes.ts';
import { PoisonMessage } from '../model/errors.ts';

const SIGNATURE_HEADER = 'x-ppalette-signature';

/** A kind of message: its name, version, shape, and which of its fields are instants. */
export interface MessageType<Schema extends TObject> {
  readonly kind: string;
  readonly version: number;
  readonly instants: readonly (keyof Static<Schema> & string)[];
  /** Says what is wrong with a payload; null when nothing is. */
  readonly findProblem: (payload: unknown) => string | null;
  /** Carries the payload's type; has no value. */
  readonly payload?: Static<Schema>;
}

/** Defines a kind of message. `instants` are numbers inside and ISO 8601 text on the wire. */
export function defineMessage<Schema extends TObject>(definition: {
  kind: string;
  version: number;
  schema: Schema;
  instants: readonly (keyof Static<Schema> & string)[];
}): MessageType<Schema> {
  const validator = Compile(definition.schema);
  return {
    kind: definition.kind,
    version: definition.version,
    instants: definition.instants,
    findProblem(payload) {
      if (validator.Check(payload)) return null;
      const [first] = validator.Errors(payload);
      return first ? `${first.instancePath || '/'} ${first.message}` : 'does not fit its schema';
    },
  };
}

/** Seals and opens messages with one key, or without when it is null. */
export interface Envelope {
  /** The message for the broker. Throws an assertion when the payload does not fit its type. */
  seal<Schema extends TObject>(
    type: MessageType<Schema>,
    id: string,
    payload: Static<Schema>,
    expiresAt?: number,
  ): OutgoingMessage;
  /** The payload. Throws `PoisonMessage` when it cannot be trusted or understood. */
  open<Schema extends TObject>(type: MessageType<Schema>, delivery: Delivery): Static<Schema>;
}

/** Creates the envelope for `security.messageKey`. */
export function createEnvelope(key: string | null): Envelope {
  const sign = (body: Buffer) =>
    createHmac('sha256', key ?? '')
      .update(body)
      .digest();
  return {
    seal(type, id, payload, expiresAt) {
      const problem = type.findProblem(payload);
      assert(problem === null, `a ${type.kind} message fits its schema: ${problem}`);
      const sealed = new SealedBody(type, payload);
      if (key === null) return toMessage(id, sealed, {}, expiresAt);
      const body = sealed.toBytes();
      return toMessage(id, body, { [SIGNATURE_HEADER]: sign(body).toString('base64') }, expiresAt);
    },

    open(type, delivery) {
      const { body } = delivery;
      if (key === null && body instanceof SealedBody && body.type === type) {
        return body.payload as Static<(typeof type)['payload'] & TObject>;
      }
      const bytes = bytesOf(body);
      if (key !== null) verifySignature(delivery, sign(bytes));
      const { kind, version, payload } = parseObject(bytes);
      if (kind !== type.kind) {
        throw new PoisonMessage(`kind is ${describe(kind)}, expected "${type.kind}"`);
      }
      if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
        throw new PoisonMessage(`version is ${describe(version)}, expected a whole number`);
      }
      if (version > type.version) {
        throw new PoisonMessage(
          `${kind} version ${version} is newer than ${type.version}: upgrade this service`,
        );
      }
      if (isObject(payload)) readInstants(payload, type.instants);
      const problem = type.findProblem(payload);
      if (problem !== null) throw new PoisonMessage(`${type.kind}: ${problem}`);
      return payload as Static<(typeof type)['payload'] & TObject>;
    },
  };
}

/** A payload that was validated. In this process it is passed on as it is; nobody may change it. */
class SealedBody {
  readonly type: Pick<MessageType<TObject>, 'kind' | 'version' | 'instants'>;
  readonly payload: object;
  #bytes: Buffer | null = null;

  constructor(type: SealedBody['type'], payload: object) {
    this.type = type;
    this.payload = Object.freeze(payload);
  }

  /** As it is on the wire. */
  toBytes(): Buffer {
    this.#bytes ??= Buffer.from(JSON.stringify(this.#toWire()), 'utf8');
    return this.#bytes;
  }

  #toWire(): object {
    const { kind, version, instants } = this.type;
    const payload: Record<string, unknown> = { ...this.payload };
    for (const field of instants) {
      if (typeof payload[field] === 'number') payload[field] = formatInstant(payload[field]);
    }
    return { kind, version, payload };
  }
}

function toMessage(
  id: string,
  body: LazyBytes,
  headers: OutgoingMessage['headers'],
  expiresAt: number | undefined,
): OutgoingMessage {
  return expiresAt === undefined ? { id, body, headers } : { id, body, headers, expiresAt };
}

function verifySignature(delivery: Delivery, expected: Buffer): void {
  const given = delivery.headers[SIGNATURE_HEADER];
  if (given === undefined) throw new PoisonMessage('it is not signed');
  const signature = Buffer.from(given, 'base64');
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    throw new PoisonMessage('its signature is wrong');
  }
}

function parseObject(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new PoisonMessage('it is not JSON');
  }
  if (!isObject(value)) throw new PoisonMessage('it is not a JSON object');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readInstants(payload: Record<string, unknown>, fields: readonly string[]): void {
  for (const field of fields) {
    const text = payload[field];
    if (typeof text === 'string') payload[field] = parseInstant(text);
  }
}

function describe(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 40);
}
