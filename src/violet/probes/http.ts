/** `http`: asks for a page and judges status, content and time, as `check_http`. */

import type { CheckStateName } from '../../model/check.ts';
import { type Expectation, type OnRedirect, readHttpArguments } from './http-arguments.ts';
import { fetchPage, hostOf, MAX_BODY_BYTES, type Page, type PageRequest } from './http-page.ts';
import {
  codeOf,
  describeError,
  isNameError,
  judgeTime,
  type Probe,
  type ProbeContext,
  type ProbeReport,
  report,
  runWithin,
  showText,
  timePerfdatum,
  worse,
} from './probe.ts';

/** As many as `check_http` follows. */
const MAX_REDIRECT_COUNT = 15;

/** The last page, after redirections. */
interface Visit {
  readonly request: PageRequest;
  readonly page: Page;
}

/** See `probes.ts` for the arguments. Unlike `check_http` it verifies certificates. */
export const probeHttp: Probe = async (args, context) => {
  const { request, expectation } = await readHttpArguments(args, context);
  const { limitS, thresholds } = expectation;
  const startedAt = context.clock.monotonic();
  const ended = await runWithin(limitS * 1_000, context, async (signal) => {
    const visited = await visit(request, expectation, { ...context, signal });
    if ('exitCode' in visited) return visited;
    const timeS = (context.clock.monotonic() - startedAt) / 1_000;
    return judge(visited, expectation, {
      timeS,
      timeState: judgeTime(timeS, thresholds),
    });
  });
  return ended ?? report('critical', `HTTP CRITICAL - Socket timeout after ${limitS} seconds`);
};

/** Follows redirections to a page that is none, or to the report of why there is no such page. */
async function visit(
  first: PageRequest,
  expectation: Expectation,
  { signal }: Pick<ProbeContext, 'signal'>,
): Promise<Visit | ProbeReport> {
  const seen = new Set<string>();
  let request = first;
  while (seen.size <= MAX_REDIRECT_COUNT) {
    const page = await fetchPage(request, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return report('critical', `HTTP CRITICAL - ${describeFailure(request, error)}`);
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
  const text = `maximum redirection depth ${MAX_REDIRECT_COUNT} exceeded`;
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
  if (page.location === null) return `Could not find redirect location - ${page.statusLine}`;
  let url: URL;
  try {
    url = new URL(page.location, request.url);
  } catch {
    return `Could not parse redirect location - ${showText(page.location)}`;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `Could not follow redirect location - ${showText(page.location)}`;
  }
  const isSameHost = url.hostname === request.url.hostname;
  const isSameOrigin = url.origin === request.url.origin;
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  // What is secret is for the first host, and not in clear if it was not so before.
  const isTrusted =
    url.hostname === first.url.hostname &&
    (url.protocol === 'https:' || first.url.protocol === 'http:');
  return {
    ...request,
    url,
    address: isSameHost || how !== 'follow' ? request.address : hostOf(url),
    port: isSameOrigin || how === 'stickyport' ? request.port : port,
    headers: isTrusted ? first.headers : {},
  };
}

function judge(
  { request, page }: Visit,
  { statuses, text, onRedirect, thresholds, limitS }: Expectation,
  { timeS, timeState }: { readonly timeS: number; readonly timeState: CheckStateName },
): ProbeReport {
  const statusLine = showText(page.statusLine);
  const isExpected = statuses.some((status) => page.statusLine.includes(status));
  if (statuses.length > 0 && !isExpected) {
    const problem = `Invalid HTTP response received from host on port ${request.port}`;
    return report('critical', `HTTP CRITICAL - ${problem}: ${statusLine}`);
  }
  if (page.status >= 600 && !isExpected) {
    return report('critical', `HTTP CRITICAL: Invalid Status (${statusLine})`);
  }
  const statusState = isExpected ? 'ok' : judgeStatus(page.status, onRedirect);
  const isFound = text === '' || page.body.includes(text);
  const state = worse(worse(statusState, timeState), isFound ? 'ok' : 'critical');
  const parts = [
    isExpected ? `Status line output matched "${showText(statuses.join(','))}"` : statusLine,
    ...(isFound ? [] : [describeMissing(text, { request, page })]),
    `${page.sizeBytes} bytes in ${timeS.toFixed(3)} second response time`,
  ];
  return report(state, `HTTP ${state.toUpperCase()}: ${parts.join(' - ')} `, [
    timePerfdatum(timeS, thresholds, limitS),
    {
      ...{ label: 'size', value: page.sizeBytes, unit: 'B' },
      ...{ warn: null, crit: null, min: 0, max: null },
    },
  ]);
}

/** A redirection that is not followed is what the operator says of it. */
function judgeStatus(status: number, onRedirect: OnRedirect): CheckStateName {
  if (status >= 500) return 'critical';
  if (status >= 400) return 'warning';
  return status >= 300 && (onRedirect === 'warning' || onRedirect === 'critical')
    ? onRedirect
    : 'ok';
}

function describeMissing(text: string, { request, page }: Visit): string {
  const where = page.body.length < MAX_BODY_BYTES ? '' : ` in the first ${MAX_BODY_BYTES} bytes`;
  return `string '${showText(text)}' not found on '${showText(request.url.href)}'${where}`;
}

function describeFailure({ url, address, port }: PageRequest, error: unknown): string {
  const code = codeOf(error);
  if (code.startsWith('HPE_')) return `Invalid HTTP response received from host on port ${port}`;
  if (code === 'ECONNRESET') return 'No data received from host';
  if (url.protocol === 'https:' && /SSL|TLS|EPROTO|CERT|SIGNATURE|ISSUER|CRL/.test(code)) {
    return `Cannot make SSL connection: ${describeTlsError(error)}`;
  }
  const why = isNameError(error)
    ? `Name or service not known: ${showText(address)}`
    : `connect to address ${showText(address)} and port ${port}: ${describeError(error)}`;
  return `Unable to open TCP socket: ${why}`;
}

/** OpenSSL's own errors hide their reason among the places in its sources where they were found. */
function describeTlsError(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const [, reason] = /:SSL routines:[^:]*:([^:]+):/.exec(message) ?? [];
  return showText(reason ?? message);
}
