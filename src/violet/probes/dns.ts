/** `dns`: looks a name or an address up, as `check_dns`, without nslookup. */

import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { parseIpAddress } from '../../lib/ip.ts';
import { readNumber, readOptions } from './options.ts';
import {
  codeOf,
  describeError,
  judgeTime,
  type Probe,
  type ProbeReport,
  readHost,
  readTimes,
  report,
  runWithin,
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
  ...TIME_OPTIONS,
} as const;

/** Tries of one question; the second waits twice as long. */
const TRY_COUNT = 2;
/** The part of the time that the first try may take. */
const FIRST_TRY_SHARE = 0.25;

interface Question {
  /** A name, or an address whose name is asked for. */
  readonly name: string;
  /** Null: the servers of the system. */
  readonly server: string | null;
  readonly port: number;
  readonly tryMs: number;
}

interface Expectation {
  /** Empty: any answer. */
  readonly addresses: readonly string[];
  /** Whether there must be all of them and no other, not just one of them. */
  readonly isExact: boolean;
  readonly thresholds: TimeThresholds;
}

/** See `probes.ts` for the arguments. Without `-H` the host's address is looked up. */
export const probeDns: Probe = async (args, context) => {
  const options = readOptions(args, OPTIONS);
  const { thresholds, limitS } = readTimes(options, context);
  const question = {
    name: readHost(options.get('hostname'), context),
    server: options.get('server') ?? null,
    port: readNumber(options.get('port') ?? '53', { name: 'port', max: 65_535, isWhole: true }),
    tryMs: Math.max(1, Math.round(limitS * 1_000 * FIRST_TRY_SHARE)),
  };
  const expectation = {
    addresses: options.all('expected-address').flatMap((text) => text.split(',').map(normalize)),
    isExact: options.has('all'),
    thresholds,
  };
  const startedAt = context.clock.monotonic();
  try {
    const answers = await runWithin(limitS * 1_000, context, (signal) => ask(question, signal));
    if (answers === null) {
      return report('critical', `DNS CRITICAL - no answer within ${limitS} seconds`);
    }
    const timeS = (context.clock.monotonic() - startedAt) / 1_000;
    return judge(answers, { name: question.name, timeS }, expectation);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return describeFailure(question, error);
  }
};

/** Addresses of both families, or names of an address; sorted, never empty. */
async function ask(question: Question, signal: AbortSignal): Promise<string[]> {
  const { name, server, port, tryMs } = question;
  const resolver = new Resolver({ timeout: tryMs, tries: TRY_COUNT });
  if (server !== null) {
    const address = isIP(server) === 0 ? (await lookup(server)).address : server;
    resolver.setServers([isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`]);
  }
  signal.throwIfAborted();
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    if (isIP(name) !== 0) return (await resolver.reverse(name)).map(normalize).sort();
    const both = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const answers = both.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    if (answers.length > 0) return answers.map(normalize).sort();
    const errors = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    // That there are no addresses of one family says less than any other error.
    throw errors.find((error) => codeOf(error) !== 'ENODATA') ?? errors[0];
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** One spelling for each address and name. */
function normalize(text: string): string {
  return parseIpAddress(text) ?? text.toLowerCase().replace(/\.$/, '');
}

function judge(
  answers: readonly string[],
  { name, timeS }: { readonly name: string; readonly timeS: number },
  { addresses, isExact, thresholds }: Expectation,
): ProbeReport {
  const perfdata = [timePerfdatum(timeS, thresholds, null)];
  const got = showText(answers.join(','));
  const isExpected = isExact
    ? answers.join() === [...new Set(addresses)].sort().join()
    : addresses.length === 0 || addresses.some((address) => answers.includes(address));
  if (!isExpected) {
    const text = `expected '${showText(addresses.join(','))}' but got '${got}'`;
    return report('critical', `DNS CRITICAL - ${text}`, perfdata);
  }
  const state = judgeTime(timeS, thresholds);
  const text = `${timeS.toFixed(3)} seconds response time. ${showText(name)} returns ${got}`;
  return report(state, `DNS ${state.toUpperCase()}: ${text}`, perfdata);
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
