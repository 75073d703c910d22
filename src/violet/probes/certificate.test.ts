import { describe, expect, test } from 'vitest';
import { judgeCertificate, readCertificateLimits } from './certificate.ts';
import { UsageError } from './options.ts';

const NOW = Date.UTC(2026, 10, 26, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const judge = (leftMs: number, limits: string) => {
  const certificate = { name: 'a.test', expiresAt: NOW + leftMs };
  return judgeCertificate(certificate, readCertificateLimits(limits), NOW);
};

describe('days that are left', () => {
  test.each([
    [31 * DAY_MS, '30', 'ok', 'will expire on Sun Dec 27 12:00:00 2026 +0000.'],
    [31 * DAY_MS - 1, '30', 'warning', 'expires in 30 day(s) (Sun Dec 27 11:59:59 2026 +0000).'],
    [15 * DAY_MS, '30,14', 'warning', 'expires in 15 day(s) (Fri Dec 11 12:00:00 2026 +0000).'],
    [
      15 * DAY_MS - 1,
      '30,14',
      'critical',
      'expires in 14 day(s) (Fri Dec 11 11:59:59 2026 +0000).',
    ],
    [DAY_MS, '0', 'ok', 'will expire on Fri Nov 27 12:00:00 2026 +0000.'],
    [5 * HOUR_MS, '0', 'critical', 'expires in 5 hours (Thu Nov 26 17:00:00 2026 +0000).'],
    [90_000, '5', 'critical', 'expires in 1 minutes (Thu Nov 26 12:01:30 2026 +0000).'],
    [-1, '5', 'critical', 'expired on Thu Nov 26 11:59:59 2026 +0000.'],
    [-20_800 * DAY_MS, '5', 'critical', 'expired on Mon Dec 15 12:00:00 1969 +0000.'],
  ])('%d ms with %s: %s', (leftMs, limits, state, text) => {
    expect(judge(leftMs, limits)).toEqual({ state, text: `Certificate 'a.test' ${text}` });
  });
});

test.each(['', 'x', '-1', '1,2,3', '1.5', '30,', ','])('%j are no days', (text) => {
  expect(() => readCertificateLimits(text)).toThrow(UsageError);
});
