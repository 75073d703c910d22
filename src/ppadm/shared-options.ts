/** The options of every command: how data is written, and which server is meant. */

import { type Command, Option } from 'commander';
import type { TokenOptions } from './given-token.ts';

const OUTPUT_FORMATS = ['table', 'wide', 'json', 'yaml', 'name', 'csv'] as const;

/** How data is written; CSV is for series alone. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** What every command takes. */
export interface SharedOptions extends TokenOptions {
  readonly url?: string;
  readonly output?: OutputFormat;
}

/** Adds them to a command, to be shown after its own. */
export function addSharedOptions(command: Command): void {
  const options = [
    new Option('-o, --output <format>', 'how data is written (default: table)').choices([
      ...OUTPUT_FORMATS,
    ]),
    new Option('--url <address>', 'the server; also PPADM_URL'),
    new Option('--token-file <file>', 'the file that holds the token; also PPADM_TOKEN_FILE'),
    new Option('--token <token>', '- for the first line of the input; the token itself is seen'),
  ];
  // A verb's help is about its kinds; the options stand in the help of each.
  const isHidden = command.parent !== null && command.commands.length > 0;
  for (const option of options) {
    command.addOption(option.helpGroup('Output and connection:').hideHelp(isHidden));
  }
}

/** What was given to a command or to those above it; its own come last in the line, so they win. */
export function readSharedOptions(command: Command): SharedOptions {
  const above = command.parent ? readSharedOptions(command.parent) : {};
  const { output, url, token, tokenFile } = command.opts<SharedOptions>();
  const own = { output, url, token, tokenFile };
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...above, ...Object.fromEntries(given) };
}
