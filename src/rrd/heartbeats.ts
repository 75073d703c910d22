/**
 * How long a file bears silence. A check that comes to run less often keeps its file, whose sources would
 * be unknown between all its values: they are told to bear more. Never less, which would gain nothing.
 */

import type { DataSource, RrdDefinition } from './rrd.ts';

/** How much silence the sources of a file bear, in seconds; by name. */
export interface HeartbeatFacts {
  readonly heartbeats: ReadonlyMap<string, number>;
}

/** A source and the longest silence that it is to bear. */
export type Heartbeat = Pick<DataSource, 'name' | 'heartbeatS'>;

/** The sources of a definition that bear less silence in the file than they are to. */
export function findShortHeartbeats(
  { heartbeats }: HeartbeatFacts,
  { dataSources }: RrdDefinition,
): Heartbeat[] {
  return dataSources.filter(
    ({ name, heartbeatS }) => (heartbeats.get(name) ?? heartbeatS) < heartbeatS,
  );
}

/** The silence that all sources bear in a file that was seen to for a definition. */
export function borneByAllS({ dataSources }: RrdDefinition): number {
  return dataSources.reduce((least, { heartbeatS }) => Math.min(least, heartbeatS), Infinity);
}

/** True when no source of a definition is to bear more than `borneS`. */
export function isBorne({ dataSources }: RrdDefinition, borneS: number): boolean {
  return dataSources.every(({ heartbeatS }) => heartbeatS <= borneS);
}
