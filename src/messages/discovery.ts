/** red -> violet: search these addresses for hosts. violet -> grey: these answered. */

import Type, { type Static } from 'typebox';
import { defineMessage } from './envelope.ts';
import { WORKER_ID } from './heartbeat.ts';

/** Addresses of a slice: few, so that the work is spread and little is lost with a worker. */
export const SLICE_SIZE = 64;

/** The most that a reader takes. */
const MAX_SLICE_SIZE = 256;

const Address = Type.String({ minLength: 2, maxLength: 45 });

/** What tells a slice from all others. */
const identity = {
  /** The discovery's id. */
  discovery: Type.String({ minLength: 1, maxLength: 36 }),
  /** Counts from 0 within the discovery. */
  slice: Type.Integer({ minimum: 0 }),
};

const DiscoverySliceSchema = Type.Object({
  ...identity,
  /** A slice that has not been begun by then is sent again. */
  expiresAt: Type.Integer(),
  addresses: Type.Array(Address, { minItems: 1, maxItems: MAX_SLICE_SIZE }),
});

/** A part of a sweep; instants are milliseconds since the epoch. */
export type DiscoverySlice = Static<typeof DiscoverySliceSchema>;

/** The message type of a slice. */
export const DISCOVERY_SLICE = defineMessage({
  kind: 'discoverySlice',
  version: 1,
  schema: DiscoverySliceSchema,
  instants: ['expiresAt'],
});

const SliceResultSchema = Type.Object({
  ...identity,
  /** The violet that searched it. */
  worker: Type.String({ pattern: WORKER_ID }),
  /** Those that answered, and what the name server calls them; null = it does not know them. */
  answered: Type.Array(
    Type.Object({
      address: Address,
      name: Type.Union([Type.String({ minLength: 1, maxLength: 253 }), Type.Null()]),
    }),
    { maxItems: MAX_SLICE_SIZE },
  ),
});

/** What was found in a slice. */
export type SliceResult = Static<typeof SliceResultSchema>;

/** The message type of what was found in a slice. */
export const SLICE_RESULT = defineMessage({
  kind: 'sliceResult',
  version: 1,
  schema: SliceResultSchema,
  instants: [],
});
