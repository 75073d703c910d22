/** One run of one command: its shared options, its connection, and where its text goes. */

import type { Command } from 'commander';
import { type CallOptions, type Client, createClient, ProblemAnswer } from '../contract/client.ts';
import type { RouteName } from '../contract/paths.ts';
import { sleep } from '../lib/clock.ts';
import { Unauthenticated, Unavailable } from '../model/errors.ts';
import { type Connection, findConnection } from './connection.ts';
import { choosePalette, type Palette } from './output/colors.ts';
import { escapeBlock } from './output/escape.ts';
import type { Program } from './program.ts';
import { type OutputFormat, readSharedOptions, type SharedOptions } from './shared-options.ts';
import type { Surroundings } from './surroundings.ts';

/** A run of a command. */
export interface Session {
  readonly surroundings: Surroundings;
  readonly options: SharedOptions;
  /** Default: table. */
  readonly format: OutputFormat;
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

/** The longest wait for one answer of the server. */
const TIMEOUT_MS = 30_000;
/** For terminals that do not tell. */
const DEFAULT_COLUMNS = 80;

/** Opens a session for `command`, with shared options from it and from the commands above it. */
export function openSession(command: Command, { surroundings, endWith }: Program): Session {
  const { output, errors, environment, clock } = surroundings;
  const options = readSharedOptions(command);
  let client: Promise<Client> | undefined;
  return {
    surroundings,
    options,
    format: options.output ?? 'table',
    palette: choosePalette(output, environment),
    maxWidth: output.isTerminal ? output.columns || DEFAULT_COLUMNS : null,
    now: clock.now(),
    connect() {
      client ??= findConnection(options, surroundings).then(connectTo);
      return client;
    },
    pause: (delayMs, signal) => sleep(clock, delayMs, signal),
    print: (text) => output.write(text),
    say: (words) => errors.write(`${escapeBlock(words)}\n`),
    endWith,
  };
}

/** A client whose failures name the server and the remedy. */
export function connectTo(connection: Connection): Client {
  const client = createClient({ ...connection, timeoutMs: TIMEOUT_MS });
  return {
    async call<Name extends RouteName>(name: Name, options?: CallOptions) {
      try {
        return await client.call(name, options);
      } catch (error) {
        throw explainTransport(error, connection);
      }
    },
    async stream(name, options) {
      try {
        return await client.stream(name, options);
      } catch (error) {
        throw explainTransport(error, connection);
      }
    },
  };
}

function explainTransport(error: unknown, { url, tokenSource }: Connection): unknown {
  const isThere = `Is ppalette running there?`;
  if (error instanceof ProblemAnswer) {
    if (error.status !== 401) return error;
    const message = `The server at ${url} does not accept the token of ${tokenSource}: log in again with "ppadm login ${url}", or give --token-file.`;
    return new Unauthenticated(message, { cause: error });
  }
  const unavailable = (message: string) => new Unavailable('server', message, error);
  if (error instanceof SyntaxError) {
    return unavailable(`What answers at ${url} is not ppalette: check the address.`);
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return unavailable(`${url} did not answer within ${TIMEOUT_MS / 1_000} s. ${isThere}`);
  }
  // fetch throws a TypeError for whatever goes wrong on the way, with the reason as its cause.
  if (error instanceof TypeError) {
    return unavailable(`Cannot reach ${url}: ${reasonOf(error.cause ?? error)}. ${isThere}`);
  }
  return error;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'there is no such host name',
  EAI_AGAIN: 'the name server does not answer',
  ETIMEDOUT: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
  UND_ERR_SOCKET: 'the connection was cut',
};

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
  return cause instanceof Error ? cause.message || code : String(cause);
}
