/** Arguments of the probe `smtp` -> what to say, and what to expect. */

import { hostname } from 'node:os';
import { type CertificateLimits, readCertificateLimits } from './certificate.ts';
import type { Endpoint } from './connection.ts';
import { type Options, readNumber, readOptions, UsageError } from './options.ts';
import { createPattern, type Pattern } from './pattern.ts';
import {
  FAMILY_OPTIONS,
  readFamily,
  readHost,
  readTimes,
  type ServiceContext,
  TIME_OPTIONS,
  type TimeThresholds,
} from './probe.ts';
import type { TlsSettings } from './secure-connection.ts';
import { readTlsSettings } from './tls-arguments.ts';

const OPTIONS = {
  hostname: { letter: 'H', takes: 'value' },
  port: { letter: 'p', takes: 'value' },
  expect: { letter: 'e', takes: 'value' },
  command: { letter: 'C', takes: 'value' },
  response: { letter: 'R', takes: 'value' },
  from: { letter: 'f', takes: 'value' },
  fqdn: { letter: 'F', takes: 'value' },
  certificate: { letter: 'D', takes: 'value' },
  starttls: { letter: 'S', takes: 'nothing' },
  authtype: { letter: 'A', takes: 'value' },
  authuser: { letter: 'U', takes: 'value' },
  authpass: { letter: 'P', takes: 'value' },
  lmtp: { letter: 'L', takes: 'nothing' },
  // The answer to QUIT is never waited for; taken for the sake of existing definitions.
  'ignore-quit-failure': { letter: 'q', takes: 'nothing' },
  sni: { takes: 'value' },
  'ca-cert': { takes: 'value' },
  'no-verify': { takes: 'nothing' },
  // No letters: they mean something else here.
  'client-cert': { takes: 'value' },
  'private-key': { takes: 'value' },
  ...TIME_OPTIONS,
  ...FAMILY_OPTIONS,
} as const;

type SmtpOptions = Options<keyof typeof OPTIONS>;

/** What to do. */
export interface SmtpOrder {
  readonly endpoint: Endpoint;
  /** The greeting that this client gives. */
  readonly hello: string;
  /** What the server's greeting must have. */
  readonly expected: string;
  readonly from: string | null;
  readonly commands: readonly string[];
  /** What the answer to the command of the same place must match. */
  readonly responses: readonly Pattern[];
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly startTls: boolean;
  readonly serverName: string;
  readonly tls: TlsSettings;
  /** Null when the certificate's last day is not asked for. */
  readonly certificateLimits: CertificateLimits | null;
  readonly thresholds: TimeThresholds;
  readonly limitS: number;
}

/** Reads the arguments. Rejects with `UsageError`. */
export async function readSmtpArguments(
  args: readonly string[],
  context: ServiceContext,
): Promise<SmtpOrder> {
  const options = readOptions(args, OPTIONS);
  const address = readHost(options.get('hostname'), context);
  const days = options.get('certificate');
  const login = readLogin(options);
  const startTls = options.has('starttls') || days !== undefined;
  const commands = options.all('command').map(readLine);
  const from = options.get('from');
  return {
    endpoint: {
      address,
      port: readNumber(options.get('port') ?? '25', { name: 'port', max: 65_535, isWhole: true }),
      family: readFamily(options),
    },
    hello: `${verbOf(options, startTls || login !== null)} ${readLine(options.get('fqdn') ?? hostname())}`,
    expected: options.get('expect') ?? '220',
    from: from === undefined ? null : readLine(from),
    commands,
    responses: options.all('response').map((source) => createPattern(source)),
    login,
    startTls,
    serverName: options.get('sni') ?? address,
    tls: await readTlsSettings(options, ''),
    certificateLimits: days === undefined ? null : readCertificateLimits(days),
    ...readTimes(options, context),
  };
}

function verbOf(options: SmtpOptions, isExtended: boolean): string {
  if (options.has('lmtp')) return 'LHLO';
  return isExtended ? 'EHLO' : 'HELO';
}

/** One line, so that an option says one thing and not two. */
function readLine(text: string): string {
  if (/[\r\n]/.test(text)) throw new UsageError('a command has more than one line');
  return text;
}

function readLogin(options: SmtpOptions): SmtpOrder['login'] {
  const type = options.get('authtype');
  if (type === undefined) return null;
  if (type !== 'LOGIN') throw new UsageError('only -A LOGIN is offered');
  const user = options.get('authuser');
  const password = options.get('authpass');
  if (user === undefined) throw new UsageError('there is no user to log in: give -U');
  if (password === undefined) throw new UsageError('there is no password to log in: give -P');
  return { user, password };
}
