/**
 * Which server to talk to, and with which token. The first of these that says it wins:
 *
 * | address                                   | token                                          |
 * | --url, PPADM_URL                          | --token, --token-file, PPADM_TOKEN,            |
 * |                                           | PPADM_TOKEN_FILE                               |
 * | ./var/instance.json, if its process lives | the instance's own                             |
 * | $XDG_STATE_HOME/ppalette/instance.json    | the instance's own                             |
 * | the stored login                          | the stored login's own                         |
 *
 * A token of an instance or a login goes to that address only.
 */

import { join } from 'node:path';
import { InvalidInput, Unauthenticated, Unavailable } from '../model/errors.ts';
import { parseToken, readTokenFile, type Token } from './given-token.ts';
import { readSmallFile } from './small-file.ts';
import { readLogin } from './stored-login.ts';
import type { Surroundings } from './surroundings.ts';

/** A server and the token for it. */
export interface Connection {
  /** Without the API's prefix and without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** Where the token is from, for a message. */
  readonly tokenSource: string;
}

/** What the command line says about the connection. */
export interface ConnectionOptions {
  readonly url?: string | undefined;
  /** The token that options give. */
  readonly token?: Token | undefined;
}

interface Place {
  readonly url: string;
  readToken(): Promise<Token>;
}

/** What `ppalette up` leaves behind. */
interface InstanceNote {
  readonly url: string;
  readonly tokenFile: string;
  readonly pid: number;
}

/**
 * Finds server and token. Throws `InvalidInput` for options that are wrong, `Unavailable` when
 * nothing says where the server is, `Unauthenticated` when there is no token for it.
 */
export async function findConnection(
  options: ConnectionOptions,
  surroundings: Surroundings,
): Promise<Connection> {
  const { environment } = surroundings;
  const givenToken = options.token ?? (await readTokenOfEnvironment(surroundings));
  const urlSource = options.url === undefined ? 'PPADM_URL' : '--url';
  const urlText = options.url ?? (environment['PPADM_URL'] || undefined);
  const givenUrl = urlText === undefined ? undefined : parseUrl(urlText, urlSource);

  if (givenUrl !== undefined && givenToken) return { url: givenUrl, ...givenToken };
  const ignored: string[] = [];
  for await (const place of knownPlaces(surroundings, ignored)) {
    if (givenUrl !== undefined && givenUrl !== place.url) continue;
    return { url: place.url, ...(givenToken ?? (await place.readToken())) };
  }
  if (givenUrl === undefined) throw new Unavailable('server', sayHowToConnect(ignored));
  throw new Unauthenticated(
    `There is no token for ${givenUrl}: give --token-file, or log in once with "ppadm login ${givenUrl}".`,
  );
}

/** The address without the API's prefix and a last slash. Throws `InvalidInput`. */
export function parseUrl(text: string, source: string): string {
  const refuse = (message: string) => new InvalidInput([{ path: source, message }]);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse('must be an address like http://127.0.0.1:5000.');
  }
  if (!['http:', 'https:'].includes(url.protocol)) {
    throw refuse('must begin with http:// or https://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('must not hold a user or a password; a token is given apart.');
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
}

async function readTokenOfEnvironment({
  environment,
  folder,
}: Surroundings): Promise<Token | undefined> {
  const { PPADM_TOKEN: text, PPADM_TOKEN_FILE: file } = environment;
  const source = text ? 'PPADM_TOKEN' : 'PPADM_TOKEN_FILE';
  if (text) return { token: parseToken(text, source), tokenSource: source };
  if (!file) return undefined;
  return { token: await readTokenFile(file, { source, folder }), tokenSource: `${source} ${file}` };
}

/** Local instances, then the stored login. Says in `ignored` which notes are of no use, and why. */
async function* knownPlaces(surroundings: Surroundings, ignored: string[]): AsyncGenerator<Place> {
  const { environment, folder, home } = surroundings;
  const stateFolder = environment['XDG_STATE_HOME'] || join(home, '.local', 'state');
  const notes = [
    join(folder, 'var', 'instance.json'),
    join(stateFolder, 'ppalette', 'instance.json'),
  ];
  for (const file of notes) {
    const note = await readNote(file, surroundings);
    if (typeof note === 'string') ignored.push(note);
    else if (note) yield { url: note.url, readToken: () => readInstanceToken(note, surroundings) };
  }
  const login = await readLogin(surroundings);
  if (!login) return;
  const tokenSource = 'the stored login';
  const token = parseToken(login.token, tokenSource);
  yield {
    url: parseUrl(login.url, tokenSource),
    readToken: async () => ({ token, tokenSource }),
  };
}

/** A living instance; a sentence when there is a note that must not be followed. */
async function readNote(
  file: string,
  { isAlive, userId }: Surroundings,
): Promise<InstanceNote | string | undefined> {
  let found: { text: string; ownerId: number };
  try {
    found = await readSmallFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    return `${file} cannot be read.`;
  }
  // Whoever makes such a note says which file is sent where: in a folder of somebody else's, that
  // must not be one of ours.
  const isOurs = userId === null || [userId, 0].includes(found.ownerId);
  if (!isOurs) return `${file} belongs to another user, so it is not followed.`;
  const note = parseNote(found.text);
  if (!note) return `${file} is broken.`;
  if (!(await isAlive(note.pid))) return `The instance of ${file} (process ${note.pid}) has ended.`;
  return note;
}

function parseNote(text: string): InstanceNote | undefined {
  try {
    const { url, tokenFile, pid } = JSON.parse(text) as Partial<InstanceNote>;
    if (typeof url !== 'string' || typeof tokenFile !== 'string') return undefined;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
    return { url: parseUrl(url, 'url'), tokenFile, pid };
  } catch {
    return undefined;
  }
}

async function readInstanceToken(note: InstanceNote, { folder }: Surroundings): Promise<Token> {
  try {
    const token = await readTokenFile(note.tokenFile, { source: 'token', folder });
    return { token, tokenSource: note.tokenFile };
  } catch (error) {
    throw new Unauthenticated(
      `The token of the local instance, ${note.tokenFile}, cannot be used: be the user who started ppalette, or give --token-file.`,
      { cause: error },
    );
  }
}

function sayHowToConnect(ignored: readonly string[]): string {
  const remedy =
    'No server is known: start one here with "npm start", log in once with "ppadm login URL", or give --url and --token-file.';
  return [remedy, ...ignored].join(' ');
}
