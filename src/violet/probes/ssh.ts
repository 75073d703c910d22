/** `ssh`: what an SSH server says of itself, as `check_ssh`. No login; no key is looked at. */

import type { StopSignal } from '../../lib/stop-signal.ts';
import { describeFailedConnection, type Endpoint, openConnection } from './connection.ts';
import { StreamEnded, startReading, TooMuch } from './conversation.ts';
import { readNumber, readOptions } from './options.ts';
import {
  FAMILY_OPTIONS,
  isNameError,
  judgeTime,
  type ProbeReport,
  readFamily,
  readHost,
  readTimes,
  report,
  runWithin,
  type ServiceProbe,
  showText,
  TIME_OPTIONS,
  type TimeThresholds,
  timePerfdatum,
} from './probe.ts';

const OPTIONS = {
  hostname: { letter: 'H', takes: 'value', takesWords: true },
  port: { letter: 'p', takes: 'value' },
  'remote-version': { letter: 'r', takes: 'value' },
  'remote-protocol': { letter: 'P', takes: 'value' },
  ...TIME_OPTIONS,
  ...FAMILY_OPTIONS,
} as const;

/** Lines may come before the one that counts, but not more than this. */
const MAX_BANNER_BYTES = 8_192;
/** What we say in return, so that the server's log names who asked. */
const OWN_NAME = 'ppalette';

/** What the line says: `SSH-2.0-OpenSSH_9.2p1`. */
interface Banner {
  readonly protocol: string;
  readonly version: string;
}

/** See `probes.ts` for the arguments; the host may come without `-H`. */
export const probeSsh: ServiceProbe = async (args, context) => {
  const options = readOptions(args, OPTIONS);
  const endpoint = {
    address: readHost(options.get('hostname'), context),
    port: readNumber(options.get('port') ?? '22', { name: 'port', max: 65_535, isWhole: true }),
    family: readFamily(options),
  };
  const { thresholds, limitS } = readTimes(options, context);
  const expectation = {
    version: options.get('remote-version') ?? null,
    protocol: options.get('remote-protocol') ?? null,
    thresholds,
    limitS,
  };
  const startedAt = context.clock.monotonic();
  try {
    const banner = await runWithin(limitS * 1_000, context, (signal) =>
      fetchBanner(endpoint, signal),
    );
    if (banner === null) {
      return report('critical', `SSH CRITICAL - Socket timeout after ${limitS} seconds`);
    }
    const timeS = (context.clock.monotonic() - startedAt) / 1_000;
    return judge(banner, timeS, expectation);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return describeFailure(endpoint, error);
  }
};

/** An answer in which no line is a server's version. */
class NoBanner extends Error {
  override name = 'NoBanner';
}

async function fetchBanner(endpoint: Endpoint, signal: StopSignal): Promise<Banner> {
  const socket = await openConnection(endpoint, signal);
  try {
    const reading = startReading(socket, MAX_BANNER_BYTES);
    const text = await reading.read(findBannerEnd).catch((error: unknown) => {
      if (error instanceof StreamEnded || error instanceof TooMuch) return error.received;
      throw error;
    });
    const answer = text.toString('latin1');
    const [, protocol, version] = /^SSH-([\d.]+)-([^\r\n\0]*)/m.exec(answer) ?? [];
    if (protocol === undefined || version === undefined) throw new NoBanner(answer);
    socket.write(`SSH-${protocol}-${OWN_NAME}\r\n`);
    return { protocol, version: version.trim() };
  } finally {
    socket.destroySoon();
  }
}

/** RFC 4253, 4.2: other lines may come first. */
function findBannerEnd(received: Buffer): number {
  const text = received.toString('latin1');
  const start = text.startsWith('SSH-') ? 0 : text.indexOf('\nSSH-') + 1;
  const isThere = start > 0 || text.startsWith('SSH-');
  return isThere ? text.indexOf('\n', start + 1) : -1;
}

interface Expectation {
  readonly version: string | null;
  readonly protocol: string | null;
  readonly thresholds: TimeThresholds;
  readonly limitS: number;
}

function judge(
  { protocol, version }: Banner,
  timeS: number,
  { version: wantedVersion, protocol: wantedProtocol, thresholds, limitS }: Expectation,
): ProbeReport {
  const server = `${showText(version)} (protocol ${showText(protocol)})`;
  const perfdata = [timePerfdatum(timeS, thresholds, limitS)];
  const refuse = (what: string, wanted: string) => {
    const text = `${server} ${what} mismatch, expected '${showText(wanted)}'`;
    return report('critical', `SSH CRITICAL - ${text}`);
  };
  if (wantedVersion !== null && wantedVersion !== version) return refuse('version', wantedVersion);
  if (wantedProtocol !== null && wantedProtocol !== protocol) {
    return refuse('protocol version', wantedProtocol);
  }
  const state = judgeTime(timeS, thresholds);
  return report(state, `SSH ${state.toUpperCase()} - ${server} `, perfdata);
}

function describeFailure(endpoint: Endpoint, error: unknown): ProbeReport {
  if (error instanceof NoBanner) {
    return report('critical', `SSH CRITICAL - Server answer: ${showText(error.message)}`);
  }
  const { state, text } = describeFailedConnection(endpoint, error);
  const ending = isNameError(error) ? 'unknown' : state;
  return report(ending, `SSH ${ending.toUpperCase()} - ${text}`);
}
