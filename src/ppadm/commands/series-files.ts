/** Series in other forms than a table: CSV on the output, a graph in a file. */

import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { CallOptions } from '../../contract/client.ts';
import type { RouteName } from '../../contract/paths.ts';
import { InvalidInput } from '../../model/errors.ts';
import { escapeBlock, escapeLine } from '../output/escape.ts';
import type { Session } from '../session.ts';

const GRAPH_TYPES: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** Adds `--graph`. */
export function addGraphOption(command: Command): void {
  command.addOption(
    new Option('--graph <file>', 'draw a graph into this file, .svg or .png').argParser((file) => {
      if (extname(file).toLowerCase() in GRAPH_TYPES) return file;
      const message = `"${escapeLine(file)}" must end with .svg or .png`;
      throw new InvalidInput([{ path: '--graph', message }]);
    }),
  );
}

/** Writes CSV or a graph if that is wanted; false when it is neither. */
export async function writeOtherForm(
  session: Session,
  request: {
    readonly route: RouteName;
    readonly call: CallOptions;
    /** Undefined = no graph. */
    readonly graphFile: unknown;
  },
): Promise<boolean> {
  const { route, call, graphFile } = request;
  const client = await session.connect();
  if (typeof graphFile === 'string') {
    const accept = GRAPH_TYPES[extname(graphFile).toLowerCase()] ?? '';
    const graph = await client.download(route, { ...call, accept });
    const { folder } = session.surroundings;
    await writeFile(resolve(folder, graphFile), graph).catch((error: unknown) => {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      const message = `${escapeLine(graphFile)} cannot be written (${reason})`;
      throw new InvalidInput([{ path: '--graph', message }]);
    });
    session.say(`Drew ${escapeLine(graphFile)}.`);
    return true;
  }
  if (!session.isCsv) return false;
  const bytes = await client.download(route, { ...call, accept: 'text/csv' });
  const text = new TextDecoder().decode(bytes);
  const { output } = session.surroundings;
  // A file gets the table as it is; a terminal must not obey what plugins call their metrics.
  session.print(output.isTerminal ? escapeBlock(text.replaceAll('\r\n', '\n')) : text);
  return true;
}
