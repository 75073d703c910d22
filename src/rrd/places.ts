/** Values in the order of a definition -> values in the order of its file. */

import { unavailable } from './folder.ts';
import type { RrdDefinition } from './rrd.ts';

/**
 * For each data source of the file `name` its place in the definition; -1 = the definition has none of
 * its name. Throws `Unavailable` when the file lacks one of the definition.
 */
export function findPlaces(
  name: string,
  fileNames: readonly string[],
  { dataSources }: RrdDefinition,
): number[] {
  const missing = dataSources.find((source) => !fileNames.includes(source.name));
  if (missing !== undefined) {
    const reason = `it has no data source "${missing.name}"; it was made for other data, move it away`;
    throw unavailable(name, reason);
  }
  return fileNames.map((one) => dataSources.findIndex((source) => source.name === one));
}
