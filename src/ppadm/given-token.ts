/** The token that is given with a command: in a file, on the standard input, or openly. */

import { resolve as resolvePath } from 'node:path';
import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { InvalidInput } from '../model/errors.ts';
import { readSmallFile } from './small-file.ts';
import type { Surroundings } from './surroundings.ts';

/** A token, and where it is from, for a message. */
export interface Token {
  readonly token: string;
  readonly tokenSource: string;
}

/** What the command line says about the token. */
export interface TokenOptions {
  /** The token itself, or `-`: it is the first line of the standard input. */
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Stands for the standard input. */
const INPUT = '-';
const MAX_LINE_LENGTH = 10_000;
const SEEN =
  'ppadm: a token behind --token can be seen: in the list of processes until ppadm has begun, and in ' +
  'the history of the shell. Give --token-file FILE, --token - with the token on the input, or PPADM_TOKEN.\n';

/**
 * The token that options give; undefined when none does. Warns of one that stands in the command line.
 * Throws `InvalidInput` when two are given, and for what is no token.
 */
export async function readTokenOfOptions(
  { token, tokenFile }: TokenOptions,
  surroundings: Surroundings,
): Promise<Token | undefined> {
  if (token !== undefined && tokenFile !== undefined) {
    throw new InvalidInput([{ path: '--token', message: 'cannot be given with --token-file.' }]);
  }
  if (tokenFile !== undefined) {
    const place = { source: '--token-file', folder: surroundings.folder };
    return {
      token: await readTokenFile(tokenFile, place),
      tokenSource: `--token-file ${tokenFile}`,
    };
  }
  if (token === undefined) return undefined;
  if (token === INPUT) return readTokenOfInput(surroundings);
  surroundings.errors.write(SEEN);
  return { token: parseToken(token, '--token'), tokenSource: '--token' };
}

/** The first line of the input, which on a terminal is asked for. Throws `InvalidInput`. */
export async function readTokenOfInput(surroundings: Surroundings): Promise<Token> {
  const { stream, isTerminal } = surroundings.input;
  const text = await (isTerminal ? askForToken(surroundings) : readFirstLine(stream));
  return { token: parseToken(text, 'token'), tokenSource: 'the input' };
}

/** The token in a file. Throws `InvalidInput` with `source` when the file is not of use. */
export async function readTokenFile(
  file: string,
  { source, folder }: { readonly source: string; readonly folder: string },
): Promise<string> {
  const path = resolvePath(folder, file);
  let text: string;
  try {
    ({ text } = await readSmallFile(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput([{ path: source, message: `cannot read the file: ${reason}.` }]);
  }
  return parseToken(text, source);
}

/** A token without the space around it. Throws `InvalidInput`, which does not repeat the text. */
export function parseToken(text: string, source: string): string {
  const token = text.trim();
  // Also keeps anything else than a token, such as a key in a file, from being sent anywhere.
  if (/^[\x21-\x7e]{1,1000}$/.test(token)) return token;
  const message = token === '' ? 'holds no token.' : 'does not hold a token, which is one word.';
  throw new InvalidInput([{ path: source, message }]);
}

/** What is typed, which is not shown. */
function askForToken(surroundings: Surroundings): Promise<string> {
  const { input, errors } = surroundings;
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: input.stream, output: unseen, terminal: true });
  // A signal would leave a terminal that shows nothing of what is typed.
  const forget = surroundings.onInterrupt(() => lines.close());
  errors.write('Token (it is not shown): ');
  return new Promise((resolve) => {
    let typed = '';
    lines.once('line', (line) => {
      typed = line;
      lines.close();
    });
    // Also comes first, when the typing ends by Ctrl-C or Ctrl-D.
    lines.once('close', () => {
      forget();
      errors.write('\n');
      resolve(typed);
    });
  });
}

/** The first line of a stream, or what there is of it; the rest stays for who reads the stream next. */
async function readFirstLine(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  const takeUntilLine = () => {
    for (let part = stream.read(); part !== null; part = stream.read()) {
      const bytes = Buffer.from(part);
      const end = bytes.indexOf('\n');
      parts.push(end < 0 ? bytes : bytes.subarray(0, end));
      length += bytes.length;
      if (end >= 0 && end + 1 < bytes.length) stream.unshift(bytes.subarray(end + 1));
      if (end >= 0 || length > MAX_LINE_LENGTH) return true;
    }
    return false;
  };
  await new Promise<void>((done, fail) => {
    const finish = () => {
      stream.off('readable', onReadable).off('end', finish).off('error', fail);
      // Else a process would wait for more of an input that stays open. Only in the next tick has the
      // stream noticed that nobody listens any more, and can it be paused.
      process.nextTick(() => {
        stream.pause();
        done();
      });
    };
    const onReadable = () => {
      if (takeUntilLine()) finish();
    };
    stream.on('readable', onReadable).on('end', finish).on('error', fail);
  });
  return Buffer.concat(parts).toString('utf8');
}
