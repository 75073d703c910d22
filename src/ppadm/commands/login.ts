/** `ppadm login URL`: keeps a server and its token for the user, after trying them. */

import type { Command } from 'commander';
import { addExamples, onRun } from '../command-line.ts';
import { parseUrl } from '../connection.ts';
import { readTokenOfInput } from '../given-token.ts';
import type { Program } from '../program.ts';
import { connectTo } from '../server-client.ts';
import type { Session } from '../session.ts';
import { storeLogin } from '../stored-login.ts';

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
  const { surroundings, givenToken } = session;
  const { token, tokenSource } = givenToken ?? (await readTokenOfInput(surroundings));
  const { version } = await connectTo({ url, token, tokenSource }).call('getStatus');
  const file = await storeLogin({ url, token }, surroundings);
  session.say(`Logged in to ppalette ${version} at ${url}; kept in ${file}.`);
}
