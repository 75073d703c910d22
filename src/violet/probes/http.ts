/** `http`: asks for a page and judges status, content and time, as `check_http`. */

import { CHECK_STATES } from '../../model/check.ts';
import { reportCertificate } from './certificate.ts';
import { describeOwnFailure, isOwnFailure } from './connection.ts';
import { type Expectation, type OnRedirect, readHttpArguments } from './http-arguments.ts';
import { judgePage, type Visit } from './http-judgement.ts';
import { fetchPage, hostOf, openSecure, type Page, type PageRequest } from './http-page.ts';
import {
  codeOf,
  describeError,
  isNameError,
  type ProbeReport,
  report,
  runWithin,
  type ServiceContext,
  type ServiceProbe,
  showText,
  worse,
} from './probe.ts';
import { describeTlsFailure, isTlsFailure, UntrustedCertificate } from './secure-connection.ts';

/** See `probes.ts` for the arguments. Unlike `check_http` it verifies certificates. */
export const probeHttp: ServiceProbe = async (args, context) => {
  const { request, expectation } = await readHttpArguments(args, context);
  const { limitS } = expectation;
  const ended = await runWithin(limitS * 1_000, context, (signal) =>
    probe(request, expectation, { ...context, signal }),
  );
  return ended ?? report('critical', `HTTP CRITICAL - Socket timeout after ${limitS} seconds`);
};

type Visiting = Pick<ServiceContext, 'clock' | 'signal'>;

async function probe(
  request: PageRequest,
  expectation: Expectation,
  context: Visiting,
): Promise<ProbeReport> {
  const preface = await lookAtCertificate(request, expectation, context);
  if (preface !== null && !expectation.continuesAfterCertificate) return preface;
  const { clock } = context;
  const startedAt = clock.monotonic();
  const visited = await visit(request, expectation, context);
  const timeS = (clock.monotonic() - startedAt) / 1_000;
  const page = 'exitCode' in visited ? visited : judgePage(visited, expectation, timeS);
  return preface === null ? page : join(preface, page);
}

/** The certificate's report comes first, and the worse state counts. */
function join(first: ProbeReport, second: ProbeReport): ProbeReport {
  const stateOf = ({ exitCode }: ProbeReport) => CHECK_STATES[exitCode] ?? 'unknown';
  const state = worse(stateOf(first), stateOf(second));
  return { exitCode: CHECK_STATES.indexOf(state), stdout: `${first.stdout}${second.stdout}` };
}

/** What `-C` asks for; null when it was not given. */
async function lookAtCertificate(
  request: PageRequest,
  { certificateLimits: limits }: Expectation,
  { clock, signal }: Visiting,
): Promise<ProbeReport | null> {
  if (limits === null) return null;
  try {
    const { socket, certificate } = await openSecure(request, signal);
    socket.destroySoon();
    return reportCertificate(certificate, limits, { now: clock.now(), flaw: null });
  } catch (error) {
    if (signal.aborted) throw error;
    if (!(error instanceof UntrustedCertificate)) return describeFailure(request, error);
    const flaw = describeTlsFailure(error);
    return reportCertificate(error.certificate, limits, { now: clock.now(), flaw });
  }
}

/** Follows redirections to a page that is none, or to the report of why there is no such page. */
async function visit(
  first: PageRequest,
  expectation: Expectation,
  { signal }: Visiting,
): Promise<Visit | ProbeReport> {
  const { maxRedirects } = expectation;
  const seen = new Set<string>();
  let request = first;
  while (seen.size <= maxRedirects) {
    const page = await fetchPage(request, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return describeFailure(request, error);
    });
    if ('exitCode' in page) return page;
    if (!isFollowed(page, expectation)) return { request, page };
    seen.add(request.url.href);
    const next = redirect({ first, request, page }, expectation.onRedirect);
    if (typeof next === 'string') return report('unknown', `HTTP UNKNOWN - ${next}`);
    request = next;
    if (seen.has(request.url.href)) {
      const text = `redirection creates an infinite loop - ${showText(request.url.href)}`;
      return report('critical', `HTTP CRITICAL - ${text}`);
    }
  }
  const text = `maximum redirection depth ${maxRedirects} exceeded`;
  return report('warning', `HTTP WARNING - ${text} - ${showText(request.url.href)}`);
}

function isFollowed({ status }: Page, { onRedirect, statuses }: Expectation): boolean {
  const isFollowing =
    onRedirect === 'follow' || onRedirect === 'sticky' || onRedirect === 'stickyport';
  return isFollowing && statuses.length === 0 && [301, 302, 303, 307, 308].includes(status);
}

/** The request that a redirection leads to, or what is wrong with it. */
function redirect(
  { first, request, page }: Visit & { readonly first: PageRequest },
  how: OnRedirect,
): PageRequest | string {
  const location = page.header('location');
  if (location === null) {
    return `Could not find redirect location - ${showText(page.statusLine)}`;
  }
  let url: URL;
  try {
    url = new URL(location, request.url);
  } catch {
    return `Could not parse redirect location - ${showText(location)}`;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `Could not follow redirect location - ${showText(location)}`;
  }
  const isSameHost = url.hostname === request.url.hostname;
  const isSameOrigin = url.origin === request.url.origin;
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  // What is secret is for the first host, and not in clear if it was not so before.
  const isTrusted =
    url.hostname === first.url.hostname &&
    (url.protocol === 'https:' || first.url.protocol === 'http:');
  return {
    ...first,
    url,
    address: isSameHost || how !== 'follow' ? request.address : hostOf(url),
    port: isSameOrigin || how === 'stickyport' ? request.port : port,
    ...(isTrusted ? {} : { headers: {}, content: null }),
    ...(isTrusted || first.content === null ? {} : { method: 'GET' }),
  };
}

function describeFailure(request: PageRequest, error: unknown): ProbeReport {
  if (isOwnFailure(error)) return report('unknown', `HTTP UNKNOWN - ${describeOwnFailure(error)}`);
  return report('critical', `HTTP CRITICAL - ${explainFailure(request, error)}`);
}

function explainFailure({ url, address, port }: PageRequest, error: unknown): string {
  const code = codeOf(error);
  if (code.startsWith('HPE_')) return `Invalid HTTP response received from host on port ${port}`;
  if (url.protocol === 'https:' && isTlsFailure(error)) {
    return `Cannot make SSL connection: ${describeTlsFailure(error)}`;
  }
  if (code === 'ECONNRESET') return 'No data received from host';
  const why = isNameError(error)
    ? `Name or service not known: ${showText(address)}`
    : `connect to address ${showText(address)} and port ${port}: ${describeError(error)}`;
  return `Unable to open TCP socket: ${why}`;
}
