/** A page and what was expected of it -> the report of the probe `http`. Pure. */

import type { CheckStateName } from '../../model/check.ts';
import type { Expectation, OnRedirect } from './http-arguments.ts';
import { MAX_BODY_BYTES, type Page, type PageRequest } from './http-page.ts';
import { MATCH_MS } from './pattern.ts';
import { judgeTime, type ProbeReport, report, showText, timePerfdatum, worse } from './probe.ts';

/** The last page, after redirections. */
export interface Visit {
  readonly request: PageRequest;
  readonly page: Page;
}

/** What is wrong with a page, and how bad that is. */
interface Complaint {
  readonly state: CheckStateName;
  readonly text: string;
}

/** A server's clock may be so much behind the one that dated the page. */
const MAX_AHEAD_S = 30;
const LONG_AGE_S = 2 * 86_400;

/** The report on a page that took so long. */
export function judgePage(visit: Visit, expectation: Expectation, timeS: number): ProbeReport {
  const { request, page } = visit;
  const { statuses, thresholds, limitS, onRedirect } = expectation;
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
  const complaints = findComplaints(visit, expectation);
  const states = [statusState, judgeTime(timeS, thresholds), ...complaints.map((one) => one.state)];
  const state = states.reduce(worse);
  const parts = [
    isExpected ? `Status line output matched "${showText(statuses.join(','))}"` : statusLine,
    ...(complaints.length === 0 ? [] : [complaints.map((one) => one.text).join(', ')]),
    `${page.sizeBytes} bytes in ${timeS.toFixed(3)} second response time`,
  ];
  const result = report(state, `HTTP ${state.toUpperCase()}: ${parts.join(' - ')} `, [
    timePerfdatum(timeS, thresholds, limitS),
    sizePerfdatum(page, expectation),
  ]);
  const body = expectation.showsBody ? `${showText(page.body.toString())}\n` : '';
  return { ...result, stdout: `${result.stdout}${body}` };
}

/** A redirection that is not followed is what the operator says of it. */
function judgeStatus(status: number, onRedirect: OnRedirect): CheckStateName {
  if (status >= 500) return 'critical';
  if (status >= 400) return 'warning';
  return status >= 300 && (onRedirect === 'warning' || onRedirect === 'critical')
    ? onRedirect
    : 'ok';
}

function findComplaints(visit: Visit, expectation: Expectation): Complaint[] {
  const { request, page } = visit;
  const { text, header, maxAgeS } = expectation;
  const url = showText(request.url.href);
  const complaints: (Complaint | null)[] = [
    maxAgeS === null ? null : judgeAge(page, maxAgeS),
    page.headers.includes(header)
      ? null
      : { state: 'critical', text: `header '${showText(header)}' not found on '${url}'` },
    text === '' || page.body.includes(text)
      ? null
      : {
          state: 'critical',
          text: `string '${showText(text)}' not found on '${url}'${where(page)}`,
        },
    judgePattern(page, expectation),
    judgeSize(page, expectation),
  ];
  return complaints.filter((complaint) => complaint !== null);
}

function where({ body }: Page): string {
  return body.length < MAX_BODY_BYTES ? '' : ` in the first ${MAX_BODY_BYTES} bytes`;
}

function judgePattern(page: Page, { pattern, isInverted }: Expectation): Complaint | null {
  if (pattern === null) return null;
  const isFound = pattern.test(page.body.toString());
  if (isFound === null) {
    return { state: 'unknown', text: `the pattern was not done within ${MATCH_MS} ms` };
  }
  if (isFound !== isInverted) return null;
  return { state: 'critical', text: isFound ? 'pattern found' : `pattern not found${where(page)}` };
}

function judgeSize({ sizeBytes }: Page, { minBytes, maxBytes }: Expectation): Complaint | null {
  if (maxBytes !== null && sizeBytes > maxBytes) {
    return { state: 'warning', text: `page size ${sizeBytes} too large` };
  }
  if (minBytes !== null && sizeBytes < minBytes) {
    return { state: 'warning', text: `page size ${sizeBytes} too small` };
  }
  return null;
}

function judgeAge(page: Page, maxAgeS: number): Complaint | null {
  const now = Date.parse(page.header('date') ?? '');
  if (Number.isNaN(now)) return { state: 'unknown', text: 'Server date unknown' };
  const changed = Date.parse(page.header('last-modified') ?? '');
  if (Number.isNaN(changed)) {
    return { state: 'critical', text: 'Document modification date unknown' };
  }
  const ageS = Math.round((now - changed) / 1_000);
  if (ageS < -MAX_AHEAD_S) {
    return { state: 'critical', text: `Document is ${-ageS} seconds in the future` };
  }
  if (ageS <= maxAgeS) return null;
  return { state: 'critical', text: `Last modified ${formatAge(ageS)} ago` };
}

function formatAge(ageS: number): string {
  if (ageS > LONG_AGE_S) return `${(ageS / 86_400).toFixed(1)} days`;
  const twoDigits = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${Math.floor(ageS / 3_600)}:${twoDigits((ageS / 60) % 60)}:${twoDigits(ageS % 60)}`;
}

/** With `-m` the least size is the limit of a warning, as `check_http` has it. */
function sizePerfdatum({ sizeBytes }: Page, { minBytes }: Expectation) {
  const limits =
    minBytes === null ? { warn: null, crit: null } : { warn: `${minBytes}:`, crit: null };
  return { label: 'size', value: sizeBytes, unit: 'B', ...limits, min: 0, max: null };
}
