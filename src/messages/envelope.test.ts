import { describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '../broker/broker.ts';
import { bytesOf } from '../lib/lazy-bytes.ts';
import { PoisonMessage } from '../model/errors.ts';
import { CHECK_REQUEST, type CheckRequest } from './check-request.ts';
import { CHECK_RESULT } from './check-result.ts';
import { createEnvelope } from './envelope.ts';

const REQUEST: CheckRequest = {
  id: '7-1700000000000',
  checkId: 7,
  scheduledAt: 1_700_000_000_000,
  expiresAt: 1_700_000_030_000,
  shard: 3,
  keepHistory: true,
  timeoutMs: 10_000,
  run: { script: 'check_x' },
  params: '-H $HOSTADDRESS$',
  host: { name: 'web1', address: '192.0.2.1', vars: { A: 'b' } },
  plugin: { name: 'x' },
};

function deliver(message: OutgoingMessage) {
  return { ...message, redelivered: false };
}

type Wire = Record<string, unknown> & { payload: Record<string, unknown> };

/** The sealed request with its wire form changed. */
function tampered(change: (wire: Wire) => unknown) {
  const sealed = createEnvelope(null).seal(CHECK_REQUEST, REQUEST.id, REQUEST);
  const wire = JSON.parse(bytesOf(sealed.body).toString()) as Wire;
  return deliver({ ...sealed, body: Buffer.from(JSON.stringify(change(wire) ?? wire)) });
}

function set(wire: Wire, fields: Record<string, unknown>): Wire {
  return { ...wire, payload: { ...wire.payload, ...fields } };
}

describe('envelope', () => {
  test.each([null, 'a key'])('what was sealed opens the same (key %j)', (key) => {
    const envelope = createEnvelope(key);
    const sealed = envelope.seal(CHECK_REQUEST, REQUEST.id, REQUEST, REQUEST.expiresAt);
    expect(sealed).toMatchObject({ id: REQUEST.id, expiresAt: REQUEST.expiresAt });
    expect(envelope.open(CHECK_REQUEST, deliver(sealed))).toMatchObject(REQUEST);
  });

  test('what never left the process is the very payload, which nobody can change any more', () => {
    const envelope = createEnvelope(null);
    const payload = { ...REQUEST };
    const delivery = deliver(envelope.seal(CHECK_REQUEST, payload.id, payload));
    const opened = envelope.open(CHECK_REQUEST, delivery);
    expect(opened).toBe(payload);
    expect(() => Object.assign(opened, { checkId: 8 })).toThrow(TypeError);
    expect(() => envelope.open(CHECK_RESULT, delivery)).toThrow('kind is "checkRequest"');
  });

  test('instants are ISO 8601 UTC on the wire', () => {
    const sealed = createEnvelope(null).seal(CHECK_REQUEST, REQUEST.id, REQUEST);
    const wire = JSON.parse(bytesOf(sealed.body).toString());
    expect(wire).toMatchObject({
      kind: 'checkRequest',
      version: 1,
      payload: { scheduledAt: '2023-11-14T22:13:20.000Z' },
    });
  });

  test('fields of a later release are ignored', () => {
    const message = tampered(({ payload, ...wire }) => ({
      ...wire,
      later: 1,
      payload: { ...payload, later: { any: 'thing' } },
    }));
    expect(createEnvelope(null).open(CHECK_REQUEST, message)).toMatchObject(REQUEST);
  });

  test.each<[string, (wire: Wire) => unknown, RegExp]>([
    ['a newer version', (wire) => ({ ...wire, version: 2 }), /version 2 is newer than 1: upgrade/],
    ['no version', (wire) => ({ ...wire, version: undefined }), /version is missing/],
    ['another kind', (wire) => ({ ...wire, kind: 'checkResult' }), /kind is "checkResult"/],
    ['a missing field', (wire) => set(wire, { checkId: undefined }), /checkId/],
    ['a wrong type', (wire) => set(wire, { params: 7 }), /params/],
    ['a wrong instant', (wire) => set(wire, { scheduledAt: 'soon' }), /scheduledAt/],
    ['no payload', (wire) => ({ ...wire, payload: undefined }), /checkRequest: /],
    ['an array', () => [], /not a JSON object/],
  ])('%s is refused with the reason', (_, change, reason) => {
    const open = () => createEnvelope(null).open(CHECK_REQUEST, tampered(change));
    expect(open).toThrow(PoisonMessage);
    expect(open).toThrow(reason);
  });

  test.each(['', 'no json', '\u0000', '[[[['])('%j is refused', (text) => {
    const message = deliver({ id: 'x', headers: {}, body: Buffer.from(text) });
    expect(() => createEnvelope(null).open(CHECK_REQUEST, message)).toThrow(/not JSON/);
  });

  test('with a key, what is unsigned, signed otherwise or changed is refused', () => {
    const envelope = createEnvelope('ours');
    const open = (message: OutgoingMessage) => () => envelope.open(CHECK_REQUEST, deliver(message));
    const seal = (key: string | null) =>
      createEnvelope(key).seal(CHECK_REQUEST, REQUEST.id, REQUEST);
    expect(open(seal(null))).toThrow('it is not signed');
    expect(open(seal('theirs'))).toThrow('its signature is wrong');
    const signed = seal('ours');
    const body = Buffer.from(bytesOf(signed.body).toString().replace('check_x', 'check_y'));
    expect(open({ ...signed, body })).toThrow('its signature is wrong');
    expect(open({ ...signed, headers: { 'x-ppalette-signature': '' } })).toThrow('wrong');
    expect(open(signed)).not.toThrow();
  });

  test('sealing something that does not fit is a bug of the sender', () => {
    const envelope = createEnvelope(null);
    expect(() => envelope.seal(CHECK_RESULT, 'x', REQUEST as never)).toThrow(/fits its schema/);
  });
});
