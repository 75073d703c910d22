/** What the probes that can speak TLS take for it: arguments -> settings. */

import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { type Options, UsageError } from './options.ts';
import type { TlsSettings } from './secure-connection.ts';

/** Beside those that switch TLS on. */
export const TLS_OPTIONS = {
  'ca-cert': { takes: 'value' },
  'no-verify': { takes: 'nothing' },
  'client-cert': { letter: 'J', takes: 'value' },
  'private-key': { letter: 'K', takes: 'value' },
} as const;

/**
 * Reads them; `versions` is `1.2` for that version only, `1.2+` for that or newer, empty for any.
 * Rejects with `UsageError`.
 */
export async function readTlsSettings(
  options: Pick<Options<keyof typeof TLS_OPTIONS>, 'get' | 'has'>,
  versions: string,
): Promise<TlsSettings> {
  const authorities = options.get('ca-cert');
  const certificate = options.get('client-cert');
  const key = options.get('private-key') ?? certificate;
  if (certificate === undefined && key !== undefined) {
    throw new UsageError('there is a private key but no certificate: give --client-cert FILE');
  }
  const settings = {
    ...readTlsVersions(versions),
    ...(authorities === undefined ? {} : { ca: await readPem(authorities, 'CERTIFICATE') }),
    ...(certificate === undefined ? {} : { cert: await readPem(certificate, 'CERTIFICATE') }),
    ...(key === undefined ? {} : { key: await readPem(key, 'PRIVATE KEY') }),
    isVerified: !options.has('no-verify'),
  };
  const files = [...new Set([authorities, certificate, key])].filter((file) => file !== undefined);
  if (files.length > 0) refuseBroken(settings, files);
  return settings;
}

/** What cannot be used is our own fault, and not to be found out while a server waits. */
function refuseBroken(settings: TlsSettings, files: readonly string[]): void {
  try {
    createSecureContext(settings);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error:\w+:/, '') : '';
    throw new UsageError(`${files.join(', ')} cannot be used: ${reason}`);
  }
}

function readTlsVersions(text: string): Pick<TlsSettings, 'minVersion' | 'maxVersion'> {
  if (text === '') return {};
  const [, number, plus] = /^(1\.[23])(\+?)$/.exec(text) ?? [];
  if (number === undefined) {
    throw new UsageError(`TLS "${text}" is not offered: it must be 1.2 or 1.3, or 1.2+`);
  }
  const minVersion = number === '1.2' ? 'TLSv1.2' : 'TLSv1.3';
  return plus === '+' ? { minVersion } : { minVersion, maxVersion: minVersion };
}

async function readPem(file: string, kind: 'CERTIFICATE' | 'PRIVATE KEY'): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (new RegExp(`^-----BEGIN ([A-Z]+ )?${kind}-----`, 'm').test(text)) return text;
  const content = kind === 'CERTIFICATE' ? 'certificates' : 'a private key';
  throw new UsageError(`${file} is no file with ${content} in PEM form`);
}
