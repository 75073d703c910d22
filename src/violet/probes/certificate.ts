/** How long a certificate is still good for, in the words of the plugins. */

import { formatInstant } from '../../lib/instant.ts';
import type { CheckStateName } from '../../model/check.ts';
import { readNumber, UsageError } from './options.ts';
import { type ProbeReport, report, showText } from './probe.ts';
import type { Certificate } from './secure-connection.ts';

/** So many days or fewer alert. */
export interface CertificateLimits {
  readonly warningDays: number;
  readonly criticalDays: number;
}

const MAX_DAYS = 100_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const WEEKDAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `WARNING[,CRITICAL]`, days; CRITICAL is 0 when it is not given. Throws `UsageError`. */
export function readCertificateLimits(text: string): CertificateLimits {
  const [warning, critical = '0', more] = text.split(',');
  if (more !== undefined) throw new UsageError(`"${text}" is no WARNING,CRITICAL in days`);
  const read = (days: string) => {
    return readNumber(days, { name: 'number of days', max: MAX_DAYS, isWhole: true });
  };
  return { warningDays: read(warning ?? ''), criticalDays: read(critical) };
}

/** The whole days that are left; negative once it has expired. */
export function daysLeft({ expiresAt }: Certificate, now: number): number {
  return Math.floor((expiresAt - now) / DAY_MS);
}

/** The state of a certificate by its last day, and a sentence without the state's name. */
export function judgeCertificate(
  certificate: Certificate,
  { warningDays, criticalDays }: CertificateLimits,
  now: number,
): { readonly state: CheckStateName; readonly text: string } {
  const title = `Certificate '${showText(certificate.name)}'`;
  const when = formatDate(certificate.expiresAt);
  const leftMs = certificate.expiresAt - now;
  if (leftMs < 0) return { state: 'critical', text: `${title} expired on ${when}.` };
  const days = daysLeft(certificate, now);
  const isToday = days === 0;
  if (!isToday && days > warningDays) {
    return { state: 'ok', text: `${title} will expire on ${when}.` };
  }
  const state = days > criticalDays ? 'warning' : 'critical';
  const left = isToday ? formatShort(leftMs) : `${days} day(s)`;
  return { state, text: `${title} expires in ${left} (${when}).` };
}

function formatShort(leftMs: number): string {
  if (leftMs >= HOUR_MS) return `${Math.floor(leftMs / HOUR_MS)} hours`;
  return `${Math.floor(leftMs / MINUTE_MS)} minutes`;
}

/** `Sat Mar  6 17:29:44 2027 +0000`, as the C library writes it. */
function formatDate(at: number): string {
  const [year = '', month = '', day = '', time = ''] = formatInstant(at).split(/[-T.]/);
  const weekday = WEEKDAYS[((Math.floor(at / DAY_MS) % 7) + 7) % 7];
  const date = `${MONTHS[Number(month) - 1]} ${String(Number(day)).padStart(2)}`;
  return `${weekday} ${date} ${time} ${year} +0000`;
}

/** What `-C` and `-D` say before anything else: its last day, and that it is not trusted. */
export function reportCertificate(
  certificate: Certificate,
  limits: CertificateLimits,
  { now, flaw }: { readonly now: number; readonly flaw: string | null },
): ProbeReport {
  const { state, text } = judgeCertificate(certificate, limits, now);
  // That it has expired is a flaw of its own, which the sentence about it says better.
  if (flaw === null || state === 'critical')
    return report(state, `${state.toUpperCase()} - ${text}`);
  return report('critical', `CRITICAL - ${flaw}`);
}
