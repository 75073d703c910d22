/** `dns`: looks a name or an address up, as `check_dns`, without nslookup. */

import { lookup, Resolver } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { parseCidr, parseIpAddress } from '../../lib/ip.ts';
import { askInTurn, QUERY_TYPES, type QueryType } from './dns-query.ts';
import { readNumber, readOptions, UsageError } from './options.ts';
import {
  codeOf,
  describeError,
  judgeTime,
  type ProbeReport,
  readHost,
  readTimes,
  report,
  runWithin,
  type ServiceContext,
  type ServiceProbe,
  showText,
  TIME_OPTIONS,
  type TimeThresholds,
  timePerfdatum,
} from './probe.ts';

const OPTIONS = {
  hostname: { letter: 'H', takes: 'value' },
  server: { letter: 's', takes: 'value' },
  port: { letter: 'p', takes: 'value' },
  'expected-address': { letter: 'a', takes: 'value' },
  all: { letter: 'L', takes: 'nothing' },
  querytype: { letter: 'q', takes: 'value' },
  'expect-nxdomain': { letter: 'n', takes: 'nothing' },
  'expect-authority': { letter: 'A', takes: 'nothing' },
  ...TIME_OPTIONS,
} as const;

/** Tries of one question; the second waits twice as long. */
const TRY_COUNT = 2;
/** The part of the time that the first try may take. */
const FIRST_TRY_SHARE = 0.25;

interface Question {
  /** A name, or an address whose name is asked for. */
  readonly name: string;
  /** Null: addresses of both families, or the names of an address. */
  readonly type: QueryType | null;
  /** Null: the servers of the system. */
  readonly server: string | null;
  readonly port: number;
  readonly tryMs: number;
}

interface Expectation {
  /** Addresses, networks or names; empty: any answer. */
  readonly wanted: readonly string[];
  /** Whether there must be all of them and no other, not just one of them. */
  readonly isExact: boolean;
  /** The domain must not be there at all. */
  readonly isAbsent: boolean;
  readonly isAuthoritative: boolean;
  readonly thresholds: TimeThresholds;
}

/** What was found, sorted; null when there is no such domain and that was expected. */
interface Answer {
  readonly values: readonly string[] | null;
  /** Null when it was not asked for. */
  readonly isAuthoritative: boolean | null;
}

/** See `probes.ts` for the arguments. Without `-H` the host's address is looked up. */
export const probeDns: ServiceProbe = async (args, context) => {
  const options = readOptions(args, OPTIONS);
  const { thresholds, limitS } = readTimes(options, context);
  const question = {
    name: readHost(options.get('hostname'), context),
    type: readType(options.get('querytype')),
    server: options.get('server') ?? null,
    port: readNumber(options.get('port') ?? '53', { name: 'port', max: 65_535, isWhole: true }),
    tryMs: Math.max(1, Math.round(limitS * 1_000 * FIRST_TRY_SHARE)),
  };
  const expectation = {
    wanted: options.all('expected-address').flatMap((text) => text.split(',').map(normalize)),
    isExact: options.has('all'),
    isAbsent: options.has('expect-nxdomain'),
    isAuthoritative: options.has('expect-authority'),
    thresholds,
  };
  if (expectation.isAbsent && expectation.wanted.length > 0) {
    throw new UsageError('-a and -n do not go together');
  }
  if (expectation.isAuthoritative && isIP(question.name) !== 0) {
    throw new UsageError('-A goes with the name of a domain, not with an address');
  }
  const startedAt = context.clock.monotonic();
  try {
    const answer = await runWithin(limitS * 1_000, context, (signal) =>
      ask(question, expectation, { ...context, signal }),
    );
    if (answer === null) {
      return report('critical', `DNS CRITICAL - no answer within ${limitS} seconds`);
    }
    const timeS = (context.clock.monotonic() - startedAt) / 1_000;
    return judge(answer, { question, timeS }, expectation);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return describeFailure(question, error);
  }
};

function readType(text: string | undefined): QueryType | null {
  if (text === undefined) return null;
  const type = QUERY_TYPES.find((one) => one === text.toUpperCase());
  if (type !== undefined) return type;
  throw new UsageError(`"${text}" is no type that can be asked for: ${QUERY_TYPES.join(', ')}`);
}

async function ask(
  question: Question,
  expectation: Expectation,
  context: Pick<ServiceContext, 'clock' | 'signal'>,
): Promise<Answer> {
  const { signal } = context;
  const { server, port, tryMs } = question;
  const resolver = new Resolver({ timeout: tryMs, tries: TRY_COUNT });
  if (server !== null) {
    const address = isIP(server) === 0 ? (await lookup(server)).address : server;
    resolver.setServers([isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`]);
  }
  signal.throwIfAborted();
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const values = await resolve(resolver, question).catch((error: unknown) => {
      if (expectation.isAbsent && codeOf(error) === 'ENOTFOUND') return null;
      throw error;
    });
    if (!expectation.isAuthoritative) return { values, isAuthoritative: null };
    const query = { ...question, type: question.type ?? 'A' };
    const servers = resolver.getServers();
    return { values, isAuthoritative: await askInTurn(servers, query, { ...context, tryMs }) };
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Never empty; sorted. */
async function resolve(resolver: Resolver, { name, type }: Question): Promise<string[]> {
  if (type !== null) return (await resolveType(resolver, name, type)).sort();
  if (isIP(name) !== 0) return (await resolver.reverse(name)).map(normalize).sort();
  const both = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const answers = both.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (answers.length > 0) return answers.map(normalize).sort();
  const errors = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  // That there are no addresses of one family says less than any other error.
  throw errors.find((error) => codeOf(error) !== 'ENODATA') ?? errors[0];
}

/** Records as a zone file has them, names without the last dot. */
async function resolveType(resolver: Resolver, name: string, type: QueryType): Promise<string[]> {
  switch (type) {
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => {
        return `${priority} ${normalize(exchange)}`;
      });
    case 'TXT':
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    case 'SRV':
      return (await resolver.resolveSrv(name)).map(({ priority, weight, port, name: target }) => {
        return `${priority} ${weight} ${port} ${normalize(target)}`;
      });
    case 'SOA': {
      const { nsname, hostmaster, serial } = await resolver.resolveSoa(name);
      return [`${normalize(nsname)} ${normalize(hostmaster)} ${serial}`];
    }
    case 'A':
      return (await resolver.resolve4(name)).map(normalize);
    case 'AAAA':
      return (await resolver.resolve6(name)).map(normalize);
    case 'CNAME':
      return (await resolver.resolveCname(name)).map(normalize);
    case 'NS':
      return (await resolver.resolveNs(name)).map(normalize);
    case 'PTR':
      return (await resolver.resolvePtr(name)).map(normalize);
  }
}

/** One spelling for each address and name. */
function normalize(text: string): string {
  return parseIpAddress(text) ?? text.toLowerCase().replace(/\.$/, '');
}

function judge(
  { values, isAuthoritative: hasAuthority }: Answer,
  { question, timeS }: { readonly question: Question; readonly timeS: number },
  { wanted, isExact, isAbsent, thresholds }: Expectation,
): ProbeReport {
  const name = showText(question.name);
  const got = values === null ? 'NXDOMAIN' : showText(values.join(','));
  const refuse = (text: string) => report('critical', `DNS CRITICAL - ${text}`);
  if (isAbsent && values !== null) {
    return refuse(`Domain '${name}' was found by the server: '${got}'`);
  }
  if (values !== null && !isExpected(values, wanted, isExact)) {
    return refuse(`expected '${showText(wanted.join(','))}' but got '${got}'`);
  }
  if (hasAuthority === false) {
    return refuse(`server ${showText(question.server ?? '')} is not authoritative for ${name}`);
  }
  const state = judgeTime(timeS, thresholds);
  const text = `${timeS.toFixed(3)} seconds response time. ${name} returns ${got}`;
  return report(state, `DNS ${state.toUpperCase()}: ${text}`, [
    timePerfdatum(timeS, thresholds, null),
  ]);
}

/** Exact: each value is wanted, and each that is wanted is there. */
function isExpected(
  values: readonly string[],
  wanted: readonly string[],
  isExact: boolean,
): boolean {
  if (wanted.length === 0) return true;
  const matches = wanted.map((one) => createMatch(one));
  if (!isExact) return matches.some((isMatch) => values.some(isMatch));
  return (
    values.every((value) => matches.some((isMatch) => isMatch(value))) &&
    matches.every((isMatch) => values.some(isMatch))
  );
}

function createMatch(wanted: string): (value: string) => boolean {
  const network = parseCidr(wanted);
  if (network === undefined) return (value) => value.toLowerCase() === wanted;
  const family = network.address.includes(':') ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network.address, network.prefixLength, family);
  return (value) => isIP(value) === (family === 'ipv6' ? 6 : 4) && list.check(value, family);
}

function describeFailure({ name, server }: Question, error: unknown): ProbeReport {
  const domain = `'${showText(name)}'`;
  const place =
    server === null ? 'the DNS servers of the system' : `DNS server '${showText(server)}'`;
  const code = codeOf(error);
  const texts: Readonly<Record<string, string>> = {
    ENOTFOUND: `Domain ${domain} was not found by ${place}`,
    ENODATA: `Domain ${domain} has no address at ${place}`,
    ETIMEOUT: `No response from ${place}`,
    ECONNREFUSED: `Connection to ${place} was refused`,
    ESERVFAIL: `Failure of ${place} for ${domain}`,
    EREFUSED: `${place} refused to answer for ${domain}`,
  };
  if (code === 'EBADNAME') return report('unknown', `DNS UNKNOWN - ${domain} is no domain name`);
  return report('critical', `DNS CRITICAL - ${texts[code] ?? describeError(error)}`);
}
