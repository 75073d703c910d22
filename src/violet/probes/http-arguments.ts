/** Arguments of the probe `http` -> what to ask, and what to expect. */

import { readFile } from 'node:fs/promises';
import { hostOf, type PageRequest, type TlsSettings } from './http-page.ts';
import { type Options, readNumber, readOptions, UsageError } from './options.ts';
import {
  FAMILY_OPTIONS,
  type ProbeContext,
  readFamily,
  readHost,
  readTimes,
  TIME_OPTIONS,
  type TimeThresholds,
} from './probe.ts';

const OPTIONS = {
  hostname: { letter: 'H', takes: 'value' },
  'IP-address': { letter: 'I', takes: 'value' },
  port: { letter: 'p', takes: 'value' },
  url: { letter: 'u', takes: 'value' },
  ssl: { letter: 'S', takes: 'optional' },
  // The server is always told the name; taken for the sake of existing definitions.
  sni: { takes: 'nothing' },
  'ca-cert': { takes: 'value' },
  expect: { letter: 'e', takes: 'value' },
  string: { letter: 's', takes: 'value' },
  onredirect: { letter: 'f', takes: 'value' },
  method: { letter: 'j', takes: 'value' },
  header: { letter: 'k', takes: 'value' },
  authorization: { letter: 'a', takes: 'value' },
  ...TIME_OPTIONS,
  ...FAMILY_OPTIONS,
} as const;

type HttpOptions = Options<keyof typeof OPTIONS>;

const ON_REDIRECT = ['ok', 'warning', 'critical', 'follow', 'sticky', 'stickyport'] as const;

/** What a redirection stands for, or how it is followed: keeping the address, and the port too. */
export type OnRedirect = (typeof ON_REDIRECT)[number];

/** What a page is measured by. */
export interface Expectation {
  /** Texts of which one must be in the status line; empty: the class of the status decides. */
  readonly statuses: readonly string[];
  /** What the content must have; empty: nothing. */
  readonly text: string;
  readonly onRedirect: OnRedirect;
  readonly thresholds: TimeThresholds;
  readonly limitS: number;
}

/** Reads the arguments. Rejects with `UsageError`. */
export async function readHttpArguments(
  args: readonly string[],
  context: ProbeContext,
): Promise<{ readonly request: PageRequest; readonly expectation: Expectation }> {
  const options = readOptions(args, OPTIONS);
  const onRedirect = options.get('onredirect') ?? 'ok';
  const known = ON_REDIRECT.find((name) => name === onRedirect);
  if (known === undefined) {
    throw new UsageError(`"${onRedirect}" is none of ${ON_REDIRECT.join(', ')}`);
  }
  const expectation = {
    statuses: (options.get('expect') ?? '').split(',').filter((text) => text !== ''),
    text: options.get('string') ?? '',
    onRedirect: known,
    ...readTimes(options, context),
  };
  return { request: await readRequest(options, context), expectation };
}

async function readRequest(options: HttpOptions, context: ProbeContext): Promise<PageRequest> {
  const isTls = options.has('ssl');
  const port = readNumber(options.get('port') ?? (isTls ? '443' : '80'), {
    name: 'port',
    max: 65_535,
    isWhole: true,
  });
  const virtual = options.get('hostname');
  const isAddressGiven = virtual === undefined || options.has('IP-address');
  const given = isAddressGiven ? readHost(options.get('IP-address'), context) : undefined;
  const path = options.get('url') ?? '/';
  const url = readUrl(isTls ? 'https' : 'http', virtual ?? given ?? '', {
    port,
    path: path.startsWith('/') ? path : `/${path}`,
  });
  const method = options.get('method') ?? 'GET';
  if (!/^[A-Z]{1,20}$/.test(method) || method === 'CONNECT') {
    throw new UsageError(`"${method}" is no method that can be asked with`);
  }
  return {
    url,
    address: given ?? hostOf(url),
    port,
    family: readFamily(options),
    method,
    headers: readHeaders(options),
    tls: { ...readTlsVersions(options.get('ssl') ?? ''), ...(await readAuthorities(options)) },
  };
}

/** `name` may have a port of its own, which is told to the server but not connected to. */
function readUrl(
  scheme: string,
  name: string,
  { port, path }: { readonly port: number; readonly path: string },
): URL {
  const isBareIpv6 = /^[^[].*:.*:/.test(name);
  const host = isBareIpv6 ? `[${name}]` : name;
  const authority = !isBareIpv6 && /:\d+$/.test(name) ? name : `${host}:${port}`;
  try {
    if (/[\s@/?#\\]/.test(name)) throw new TypeError('it would not be the host of the URL');
    return new URL(`${scheme}://${authority}${path}`);
  } catch {
    throw new UsageError(`"${name}" is no host name`);
  }
}

function readHeaders(options: HttpOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const text of options.all('header')) {
    const [, name, value] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`"${text}" is no header, such as "Accept: text/html"`);
    }
    headers[name] = value;
  }
  const login = options.get('authorization');
  if (login !== undefined) {
    headers['Authorization'] = `Basic ${Buffer.from(login).toString('base64')}`;
  }
  return headers;
}

/** `1.2` is that version only, `1.2+` that or newer. */
function readTlsVersions(text: string): TlsSettings {
  if (text === '') return {};
  const [, number, plus] = /^(1\.[23])(\+?)$/.exec(text) ?? [];
  if (number === undefined) {
    throw new UsageError(`TLS "${text}" is not offered: it must be 1.2 or 1.3, or 1.2+`);
  }
  const minVersion = number === '1.2' ? 'TLSv1.2' : 'TLSv1.3';
  return plus === '+' ? { minVersion } : { minVersion, maxVersion: minVersion };
}

async function readAuthorities(options: HttpOptions): Promise<TlsSettings> {
  const file = options.get('ca-cert');
  if (file === undefined) return {};
  const ca = await readFile(file, 'utf8').catch(() => '');
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(`${file} is no file with certificates in PEM form`);
  }
  return { ca };
}
