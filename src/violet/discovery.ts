/**
 * The middle of a discovery's way: a slice of addresses -> those that answer ICMP, else TCP -> their
 * names -> a result that the broker has confirmed -> ack. It takes no slots from checks.
 */

import { setMaxListeners } from 'node:events';
import { ACK, type Broker, type Delivery, type Settlement } from '../broker/broker.ts';
import type { Topology } from '../broker/topology.ts';
import type { Clock } from '../lib/clock.ts';
import { parseIpAddress } from '../lib/ip.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import { createSlots } from '../lib/slots.ts';
import type { StopSignal } from '../lib/stop-signal.ts';
import {
  DISCOVERY_SLICE,
  type DiscoverySlice,
  SLICE_RESULT,
  SLICE_SIZE,
  type SliceResult,
} from '../messages/discovery.ts';
import type { Envelope } from '../messages/envelope.ts';
import { PoisonMessage, Unavailable } from '../model/errors.ts';
import type { Executor } from './executor/executor.ts';
import type { Icmp } from './icmp/icmp.ts';
import { findEchoing } from './sweep/echo.ts';
import { findNames } from './sweep/names.ts';
import { createPace } from './sweep/pace.ts';
import { findListening } from './sweep/ports.ts';

/** How often a slice waits for answers: twice for ICMP, once for TCP. */
const WAITS = 3;
/** What a slice waits for besides: programs, and the name server as a rule. */
const OTHER_MS = 2_000;
const MAX_PROGRAMS = 32;
const MAX_SOCKETS = 3_000;

/** What searching works with. */
export interface DiscoveryOptions {
  /** This worker's id. */
  readonly id: string;
  readonly zones: readonly string[];
  readonly broker: Broker;
  readonly topology: Topology;
  readonly envelope: Envelope;
  readonly executor: Executor;
  readonly icmp: Icmp;
  /** Of programs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: {
    /** Addresses in a second, by ICMP as well as by TCP. */
    readonly ratePerS: number;
    readonly ports: readonly number[];
    readonly timeoutMs: number;
  };
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts taking slices of every zone. `stop` hands those in hand back at once. */
export async function startDiscovery(
  options: DiscoveryOptions,
): Promise<{ stop(): Promise<void> }> {
  const { broker, topology, envelope, clock, log, metrics } = options;
  const addressCount = metrics.counter(
    'ppalette_violet_discovery_addresses_total',
    'Addresses searched, by whether something answered.',
    ['answered'],
  );
  const stopping = new AbortController();
  // Whatever waits listens to it; the slots bound how much that is.
  setMaxListeners(0, stopping.signal);
  const search = createSearch(options, stopping.signal);

  const handle = async (delivery: Delivery): Promise<Settlement> => {
    try {
      const slice = readSlice(envelope, delivery);
      if (clock.now() >= slice.expiresAt) return ACK;
      const answered = await search(slice.addresses);
      const { discovery, slice: number, addresses } = slice;
      const result: SliceResult = { discovery, slice: number, worker: options.id, answered };
      const message = envelope.seal(SLICE_RESULT, delivery.id, result);
      await broker.publish(topology.discovered, message);
      addressCount.add(answered.length, { answered: 'yes' });
      addressCount.add(addresses.length - answered.length, { answered: 'no' });
      log.debug({ discovery, slice: number, answered: answered.length }, 'slice searched');
      return ACK;
    } catch (error) {
      if (error instanceof Unavailable) return { kind: 'requeue' };
      if (!(error instanceof PoisonMessage)) throw error;
      log.warn({ error, messageId: delivery.id }, 'slice not understood, dead-lettered');
      return { kind: 'dead', reason: error.message };
    }
  };

  const limit = { concurrency: concurrencyOf(options.settings) };
  const consumers = await Promise.all(
    options.zones.map((zone) => broker.consumeEach(topology.discoveries(zone), limit, handle)),
  );
  return {
    async stop() {
      const stopped = Promise.all(consumers.map((consumer) => consumer.stop()));
      stopping.abort();
      await stopped;
    },
  };
}

/** Slices at the same time, so that the rate is reached though most of them wait for answers. */
function concurrencyOf({ ratePerS, timeoutMs }: DiscoveryOptions['settings']): number {
  const sliceMs = WAITS * timeoutMs + OTHER_MS;
  return Math.ceil((ratePerS * sliceMs) / 1_000 / SLICE_SIZE) + 1;
}

/** Throws `PoisonMessage`. */
function readSlice(envelope: Envelope, delivery: Delivery): DiscoverySlice {
  const slice = envelope.open(DISCOVERY_SLICE, delivery);
  // They become arguments of a program.
  const wrong = slice.addresses.find((address) => parseIpAddress(address) !== address);
  if (wrong === undefined) return slice;
  throw new PoisonMessage(`${JSON.stringify(wrong)} is no address in its normal form`);
}

/** A function that finds who answers, and how they are called. Rejects with `Unavailable` on abort. */
function createSearch(
  { executor, icmp, environment, settings, clock, log }: DiscoveryOptions,
  signal: StopSignal,
): (addresses: readonly string[]) => Promise<SliceResult['answered']> {
  const { ratePerS, ports, timeoutMs } = settings;
  const shared = { timeoutMs, signal };
  const byEcho = { ...shared, icmp, executor, environment, pace: createPace(clock, ratePerS) };
  const byPort = { ...shared, ports, clock, pace: createPace(clock, ratePerS) };
  const programs = createSlots(MAX_PROGRAMS);
  const socketCount = Math.ceil((ratePerS * ports.length * timeoutMs) / 1_000);
  const sockets = createSlots(Math.min(Math.max(1, socketCount), MAX_SOCKETS));
  let wasTold = false;
  return async (addresses) => {
    const echoes = await findEchoing(addresses, { ...byEcho, slots: programs });
    if (echoes.kind === 'unable' && !wasTold) {
      wasTold = true;
      log.warn({ reason: echoes.reason }, 'discovery goes without ICMP');
    }
    const echoing = echoes.kind === 'asked' ? echoes.answered : new Set<string>();
    const silent = addresses.filter((address) => !echoing.has(address));
    const listening = await findListening(silent, { ...byPort, slots: sockets });
    const found = addresses.filter((address) => echoing.has(address) || listening.has(address));
    if (signal.aborted) throw new Unavailable('worker', 'This worker stops.');
    const names = await findNames(found, { clock });
    return found.map((address) => ({ address, name: names.get(address) ?? null }));
  };
}
