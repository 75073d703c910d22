/**
 * `tls`: a handshake, and whether the certificate is the server's, trusted and good for days to come.
 * Debian has no such plugin; `-D` and the texts are those of `check_tcp -S -D`.
 */

import type { StopSignal } from '../../lib/stop-signal.ts';
import {
  type CertificateLimits,
  daysLeft,
  judgeCertificate,
  readCertificateLimits,
} from './certificate.ts';
import { describeFailedConnection, type Endpoint, openConnection } from './connection.ts';
import { readNumber, readOptions, UsageError } from './options.ts';
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
  TIME_OPTIONS,
  type TimeThresholds,
  timePerfdatum,
  worse,
} from './probe.ts';
import {
  type Certificate,
  describeTlsFailure,
  isTlsFailure,
  secure,
  type TlsSettings,
  UntrustedCertificate,
} from './secure-connection.ts';
import { readTlsSettings, TLS_OPTIONS } from './tls-arguments.ts';

const OPTIONS = {
  hostname: { letter: 'H', takes: 'value' },
  'IP-address': { letter: 'I', takes: 'value' },
  port: { letter: 'p', takes: 'value' },
  certificate: { letter: 'D', takes: 'value' },
  sni: { takes: 'value' },
  'min-protocol': { takes: 'value' },
  ...TLS_OPTIONS,
  ...TIME_OPTIONS,
  ...FAMILY_OPTIONS,
} as const;

const VERSIONS: readonly string[] = ['TLSv1.2', 'TLSv1.3'];

interface Order {
  readonly endpoint: Endpoint;
  readonly serverName: string;
  readonly settings: TlsSettings;
  readonly limits: CertificateLimits;
  readonly minVersion: string;
  readonly thresholds: TimeThresholds;
  readonly limitS: number;
}

/** How the handshake went. */
interface Handshake {
  readonly certificate: Certificate;
  /** Null when the certificate was not trusted, which ended it. */
  readonly agreed: { readonly version: string; readonly cipher: string } | null;
  readonly flaw: string | null;
  readonly timeS: number;
}

/** See `probes.ts` for the arguments. */
export const probeTls: ServiceProbe = async (args, context) => {
  const options = readOptions(args, OPTIONS);
  const name = readHost(options.get('hostname') ?? options.get('IP-address'), context);
  const order: Order = {
    endpoint: {
      address: options.get('IP-address') ?? name,
      port: readNumber(options.get('port') ?? '443', { name: 'port', max: 65_535, isWhole: true }),
      family: readFamily(options),
    },
    serverName: options.get('sni') ?? name,
    settings: await readTlsSettings(options, ''),
    limits: readCertificateLimits(options.get('certificate') ?? '0'),
    minVersion: readMinVersion(options.get('min-protocol') ?? '1.2'),
    ...readTimes(options, context),
  };
  try {
    const handshake = await runWithin(order.limitS * 1_000, context, async (signal) => {
      const startedAt = context.clock.monotonic();
      const seen = await shakeHands(order, signal);
      return { ...seen, timeS: (context.clock.monotonic() - startedAt) / 1_000 };
    });
    if (handshake === null) {
      return report('critical', `TLS CRITICAL - Socket timeout after ${order.limitS} seconds`);
    }
    return judge(handshake, order, context.clock.now());
  } catch (error) {
    if (context.signal.aborted) throw error;
    return describeFailure(order.endpoint, error);
  }
};

function readMinVersion(text: string): string {
  const version = VERSIONS.find((one) => one === text || one === `TLSv${text}`);
  if (version !== undefined) return version;
  throw new UsageError(`TLS "${text}" is not offered: it must be 1.2 or 1.3`);
}

async function shakeHands(
  { endpoint, serverName, settings }: Order,
  signal: StopSignal,
): Promise<Omit<Handshake, 'timeS'>> {
  const plain = await openConnection(endpoint, signal);
  try {
    const { socket, certificate } = await secure(plain, serverName, settings, signal);
    const agreed = { version: socket.getProtocol() ?? '', cipher: socket.getCipher().name };
    socket.destroySoon();
    return { certificate, agreed, flaw: null };
  } catch (error) {
    if (!(error instanceof UntrustedCertificate)) throw error;
    return { certificate: error.certificate, agreed: null, flaw: describeTlsFailure(error) };
  }
}

function judge(handshake: Handshake, order: Order, now: number): ProbeReport {
  const { certificate, agreed, flaw, timeS } = handshake;
  const { limits, minVersion, thresholds, limitS } = order;
  const validity = judgeCertificate(certificate, limits, now);
  const isOld = agreed !== null && VERSIONS.indexOf(minVersion) > VERSIONS.indexOf(agreed.version);
  const texts = [
    // That it has expired is a flaw of its own, which the sentence about it says better.
    ...(flaw === null || validity.state === 'critical' ? [] : [flaw]),
    ...(isOld
      ? [`the server agreed to ${agreed.version}, and at least ${minVersion} is wanted`]
      : []),
    validity.text,
    ...(agreed === null ? [] : [`${agreed.version} ${agreed.cipher}`]),
    `${timeS.toFixed(3)} second handshake`,
  ];
  const isBad = flaw !== null || isOld;
  const state = worse(
    worse(validity.state, judgeTime(timeS, thresholds)),
    isBad ? 'critical' : 'ok',
  );
  return report(state, `TLS ${state.toUpperCase()} - ${texts.join(' - ')}`, [
    timePerfdatum(timeS, thresholds, limitS),
    {
      ...{ label: 'days', value: daysLeft(certificate, now), unit: 'd', min: null, max: null },
      // So many days or fewer alert, and a range's end does not.
      ...{ warn: `${limits.warningDays + 1}:`, crit: `${limits.criticalDays + 1}:` },
    },
  ]);
}

function describeFailure(endpoint: Endpoint, error: unknown): ProbeReport {
  if (isTlsFailure(error)) {
    return report(
      'critical',
      `TLS CRITICAL - Cannot make SSL connection: ${describeTlsFailure(error)}`,
    );
  }
  const { state, text } = describeFailedConnection(endpoint, error);
  const ending = isNameError(error) ? 'unknown' : state;
  return report(ending, `TLS ${ending.toUpperCase()} - ${text}`);
}
