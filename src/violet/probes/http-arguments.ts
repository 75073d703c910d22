/** Arguments of the probe `http` -> what to ask, and what to expect. */

import { type CertificateLimits, readCertificateLimits } from './certificate.ts';
import { hostOf, MAX_BODY_BYTES, type PageRequest } from './http-page.ts';
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
import { readTlsSettings, TLS_OPTIONS } from './tls-arguments.ts';

const OPTIONS = {
  hostname: { letter: 'H', takes: 'value' },
  'IP-address': { letter: 'I', takes: 'value' },
  port: { letter: 'p', takes: 'value' },
  url: { letter: 'u', takes: 'value' },
  ssl: { letter: 'S', takes: 'optional' },
  // The server is always told the name; taken for the sake of existing definitions.
  sni: { takes: 'nothing' },
  certificate: { letter: 'C', takes: 'value' },
  'continue-after-certificate': { takes: 'nothing' },
  ...TLS_OPTIONS,
  expect: { letter: 'e', takes: 'value' },
  string: { letter: 's', takes: 'value' },
  'header-string': { letter: 'd', takes: 'value' },
  regex: { letter: 'r', takes: 'value', aliases: ['ereg'] },
  eregi: { letter: 'R', takes: 'value' },
  linespan: { letter: 'l', takes: 'nothing' },
  'invert-regex': { takes: 'nothing' },
  pagesize: { letter: 'm', takes: 'value' },
  'max-age': { letter: 'M', takes: 'value' },
  onredirect: { letter: 'f', takes: 'value' },
  'max-redirs': { takes: 'value' },
  method: { letter: 'j', takes: 'value' },
  post: { letter: 'P', takes: 'value' },
  'content-type': { letter: 'T', takes: 'value' },
  'no-body': { letter: 'N', takes: 'nothing' },
  useragent: { letter: 'A', takes: 'value' },
  header: { letter: 'k', takes: 'value' },
  authorization: { letter: 'a', takes: 'value' },
  'proxy-authorization': { letter: 'b', takes: 'value' },
  'show-body': { letter: 'B', takes: 'nothing' },
  ...TIME_OPTIONS,
  ...FAMILY_OPTIONS,
} as const;

type HttpOptions = Options<keyof typeof OPTIONS>;

const ON_REDIRECT = ['ok', 'warning', 'critical', 'follow', 'sticky', 'stickyport'] as const;

/** What a redirection stands for, or how it is followed: keeping the address, and the port too. */
export type OnRedirect = (typeof ON_REDIRECT)[number];

/** As many as `check_http` follows. */
const DEFAULT_MAX_REDIRECTS = 15;
/** The longest page whose size can be judged: more is not read. */
const MAX_PAGE_BYTES = 100 * 1024 * 1024;
const AGE_UNITS_S: Readonly<Record<string, number>> = { '': 1, m: 60, h: 3_600, d: 86_400 };

/** What a page is measured by. */
export interface Expectation {
  /** Texts of which one must be in the status line; empty: the class of the status decides. */
  readonly statuses: readonly string[];
  /** What the content must have; empty: nothing. */
  readonly text: string;
  /** What the headers must have; empty: nothing. */
  readonly header: string;
  /** What the content must match, or must not when it is inverted; null: nothing. */
  readonly pattern: Pattern | null;
  readonly isInverted: boolean;
  /** Of the page's size in bytes, all that comes; null: no limit. */
  readonly minBytes: number | null;
  readonly maxBytes: number | null;
  /** Of the time since the content was changed; null: no limit. */
  readonly maxAgeS: number | null;
  readonly onRedirect: OnRedirect;
  readonly maxRedirects: number;
  /** Null when the certificate's last day is not asked for. */
  readonly certificateLimits: CertificateLimits | null;
  readonly continuesAfterCertificate: boolean;
  readonly showsBody: boolean;
  readonly thresholds: TimeThresholds;
  readonly limitS: number;
}

/** Reads the arguments. Rejects with `UsageError`. */
export async function readHttpArguments(
  args: readonly string[],
  context: ServiceContext,
): Promise<{ readonly request: PageRequest; readonly expectation: Expectation }> {
  const options = readOptions(args, OPTIONS);
  const onRedirect = options.get('onredirect') ?? 'ok';
  const known = ON_REDIRECT.find((name) => name === onRedirect);
  if (known === undefined) {
    throw new UsageError(`"${onRedirect}" is none of ${ON_REDIRECT.join(', ')}`);
  }
  const days = options.get('certificate');
  const expectation = {
    statuses: (options.get('expect') ?? '').split(',').filter((text) => text !== ''),
    text: options.get('string') ?? '',
    header: options.get('header-string') ?? '',
    ...readPattern(options),
    ...readPageSize(options.get('pagesize')),
    maxAgeS: readAge(options.get('max-age')),
    onRedirect: known,
    maxRedirects: readNumber(options.get('max-redirs') ?? String(DEFAULT_MAX_REDIRECTS), {
      ...{ name: 'number of redirections', max: 100, isWhole: true },
    }),
    certificateLimits: days === undefined ? null : readCertificateLimits(days),
    continuesAfterCertificate: options.has('continue-after-certificate'),
    showsBody: options.has('show-body'),
    ...readTimes(options, context),
  };
  const request = await readRequest(options, context);
  const maxBodyBytes = Math.max(MAX_BODY_BYTES, expectation.maxBytes ?? 0);
  return { request: { ...request, maxBodyBytes }, expectation };
}

function readPattern(options: HttpOptions): Pick<Expectation, 'pattern' | 'isInverted'> {
  const source = options.get('eregi') ?? options.get('regex');
  const settings = { ignoresCase: options.has('eregi'), spansLines: options.has('linespan') };
  const pattern = source === undefined ? null : createPattern(source, settings);
  return { pattern, isInverted: options.has('invert-regex') };
}

/** `MIN` or `MIN:MAX`. */
function readPageSize(text: string | undefined): Pick<Expectation, 'minBytes' | 'maxBytes'> {
  if (text === undefined) return { minBytes: null, maxBytes: null };
  const [min, max, more] = text.split(':');
  if (more !== undefined) throw new UsageError(`"${text}" is no MIN:MAX in bytes`);
  const read = (one: string) => {
    return readNumber(one, { name: 'number of bytes', max: MAX_PAGE_BYTES, isWhole: true });
  };
  return { minBytes: read(min ?? ''), maxBytes: max === undefined ? null : read(max) };
}

/** Seconds, or `10m`, `10h`, `10d`. */
function readAge(text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, number, unit = ''] = /^(\d{1,9})([mhd]?)$/.exec(text) ?? [];
  if (number === undefined) throw new UsageError(`"${text}" is no age, such as 600 or 10m`);
  return Number(number) * (AGE_UNITS_S[unit] ?? 1);
}

async function readRequest(
  options: HttpOptions,
  context: ServiceContext,
): Promise<Omit<PageRequest, 'maxBodyBytes'>> {
  const isTls = options.has('ssl') || options.has('certificate');
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
  const content = options.get('post') ?? null;
  const method = options.get('method') ?? (content === null ? 'GET' : 'POST');
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
    content,
    wantsBody: !options.has('no-body'),
    tls: await readTlsSettings(options, options.get('ssl') ?? ''),
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
  const add = (text: string) => {
    const [, name, value] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`"${text}" is no header, such as "Accept: text/html"`);
    }
    headers[name] = value;
  };
  const agent = options.get('useragent');
  if (agent !== undefined) add(`User-Agent: ${agent}`);
  if (options.has('post')) {
    add(`Content-Type: ${options.get('content-type') ?? 'application/x-www-form-urlencoded'}`);
  }
  for (const text of options.all('header')) add(text);
  const encode = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;
  const login = options.get('authorization');
  if (login !== undefined) headers['Authorization'] = encode(login);
  const proxyLogin = options.get('proxy-authorization');
  if (proxyLogin !== undefined) headers['Proxy-Authorization'] = encode(proxyLogin);
  return headers;
}
