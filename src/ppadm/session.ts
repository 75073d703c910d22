/** One run of one command: its shared options, its connection, and where its text goes. */

import type { Command } from 'commander';
import type { Client } from '../contract/client.ts';
import { sleep } from '../lib/clock.ts';
import { findConnection } from './connection.ts';
import { readTokenOfOptions, type Token } from './given-token.ts';
import { choosePalette, type Palette } from './output/colors.ts';
import { escapeBlock } from './output/escape.ts';
import type { Program } from './program.ts';
import { connectTo } from './server-client.ts';
import { type OutputFormat, readSharedOptions, type SharedOptions } from './shared-options.ts';
import type { Surroundings } from './surroundings.ts';

/** A run of a command. */
export interface Session {
  readonly surroundings: Surroundings;
  readonly options: SharedOptions;
  /** The token that options give; undefined when none does. */
  readonly givenToken: Token | undefined;
  /** Default: table. */
  readonly format: Exclude<OutputFormat, 'csv'>;
  /** Whether series are wanted as CSV; then `format` is the default. */
  readonly isCsv: boolean;
  readonly palette: Palette;
  /** The widest line that fits; null = there is no terminal to fit into. */
  readonly maxWidth: number | null;
  /** When the command began, ms since the epoch. */
  readonly now: number;
  /** A client of the server that options, environment and files name; found once. */
  connect(): Promise<Client>;
  /** Resolves after this time, or when `signal` aborts. */
  pause(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Writes data, which must be escaped. */
  print(text: string): void;
  /** Writes words, with a line end. */
  say(words: string): void;
  /** Ends the program with this code instead of 0. */
  endWith(exitCode: number): void;
}

/** For terminals that do not tell. */
const DEFAULT_COLUMNS = 80;

/**
 * Opens a session for `command`, with shared options from it and from the commands above it. A token on
 * the input is read now, since the command may read what comes behind it. Throws `InvalidInput`.
 */
export async function openSession(
  command: Command,
  { surroundings, endWith }: Program,
): Promise<Session> {
  const { output, errors, environment, clock } = surroundings;
  const options = readSharedOptions(command);
  const { output: format = 'table' } = options;
  const givenToken = await readTokenOfOptions(options, surroundings);
  let client: Promise<Client> | undefined;
  return {
    surroundings,
    options,
    givenToken,
    format: format === 'csv' ? 'table' : format,
    isCsv: format === 'csv',
    palette: choosePalette(output, environment),
    maxWidth: output.isTerminal ? output.columns || DEFAULT_COLUMNS : null,
    now: clock.now(),
    connect() {
      const { url } = options;
      client ??= findConnection({ url, token: givenToken }, surroundings).then(connectTo);
      return client;
    },
    pause: (delayMs, signal) => sleep(clock, delayMs, signal),
    print: (text) => output.write(text),
    say: (words) => errors.write(`${escapeBlock(words)}\n`),
    endWith,
  };
}
