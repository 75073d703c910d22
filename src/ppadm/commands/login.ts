/** `ppadm login URL`: keeps a server and its token for the user, after trying them. */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import { addExamples, onRun } from '../command-line.ts';
import { parseToken, parseUrl, readTokenFile } from '../connection.ts';
import type { Program } from '../program.ts';
import { connectTo } from '../server-client.ts';
import type { Session } from '../session.ts';
import { storeLogin } from '../stored-login.ts';

const MAX_INPUT_LENGTH = 10_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Makes `login` of the verb. */
export function defineLogin(verb: Command, program: Program): void {
  verb.argument('<url>', 'the server: http://127.0.0.1:5000');
  addExamples(verb, [
    'ppadm login https://monitor.example',
    'ppadm login https://monitor.example --token-file ./admin.token',
    'pass monitor | ppadm login https://monitor.example',
  ]);
  onRun(verb, program, (session, [address = '']) => login(session, address));
}

async function login(session: Session, address: string): Promise<void> {
  const url = parseUrl(address, 'URL');
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !LOOPBACK.test(hostname)) {
    session.say(`ppadm: ${url} is not encrypted: whoever is on the way can read the token.`);
  }
  const { token, tokenSource } = await readToken(session);
  const { version } = await connectTo({ url, token, tokenSource }).call('getStatus');
  const file = await storeLogin({ url, token }, session.surroundings);
  session.say(`Logged in to ppalette ${version} at ${url}; kept in ${file}.`);
}

async function readToken({ options, surroundings }: Session) {
  const { token, tokenFile } = options;
  if (token !== undefined && tokenFile !== undefined) {
    throw new InvalidInput([{ path: '--token', message: 'cannot be given with --token-file.' }]);
  }
  if (token !== undefined) return { token: parseToken(token, '--token'), tokenSource: '--token' };
  if (tokenFile !== undefined) {
    const place = { source: '--token-file', folder: surroundings.folder };
    return { token: await readTokenFile(tokenFile, place), tokenSource: tokenFile };
  }
  const text = surroundings.input.isTerminal
    ? await askForToken(surroundings)
    : await readInput(surroundings);
  return { token: parseToken(text, 'token'), tokenSource: 'the input' };
}

/** What is typed, which is not shown. */
function askForToken(surroundings: Session['surroundings']): Promise<string> {
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

async function readInput({ input }: Session['surroundings']): Promise<string> {
  let text = '';
  for await (const chunk of input.stream) {
    text += String(chunk);
    if (text.length > MAX_INPUT_LENGTH) break;
  }
  return text;
}
