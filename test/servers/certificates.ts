/** Certificates for tests, made by OpenSSL in a temporary folder: an authority and servers of it. */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { promisify } from 'node:util';
import { tempFolder } from './temp.ts';

const execute = promisify(execFile);

/** What a server shows. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
  /** The newest TLS that it speaks. */
  readonly maxVersion?: SecureVersion;
}

/** What a certificate says. */
export interface CertificateOptions {
  /** Days from now that it is good for; 0 is a moment ago by the time it is used. */
  readonly days: number;
  /** As OpenSSL takes it. Default: `/CN=NAME.test`. */
  readonly subject?: string;
  /** Default: `DNS:NAME.test,IP:127.0.0.1`. */
  readonly names?: string;
}

/** An authority and its folder. */
export interface TestAuthority extends AsyncDisposable {
  /** The file with its certificate. */
  readonly file: string;
  issue(name: string, options: CertificateOptions): Promise<ServerCertificate>;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes an authority that nobody knows. */
export async function createAuthority(): Promise<TestAuthority> {
  const folder = await tempFolder();
  const openssl = (...args: string[]) => execute('openssl', args, { cwd: folder.path });
  const own = ['-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Test Authority'];
  await openssl('req', '-x509', ...KEY, ...own, '-days', '3650');
  return {
    file: join(folder.path, 'ca.crt'),
    async issue(name, { days, subject = `/CN=${name}.test`, names }) {
      const extensions = `subjectAltName=${names ?? `DNS:${name}.test,IP:127.0.0.1`}`;
      await writeFile(join(folder.path, `${name}.ext`), extensions);
      await openssl(
        ...['req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`],
        ...['-utf8', '-subj', subject],
      );
      await openssl(
        ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key'],
        ...['-CAcreateserial', '-days', String(days), '-extfile', `${name}.ext`],
        ...['-out', `${name}.crt`],
      );
      const [cert, key] = await Promise.all(
        [`${name}.crt`, `${name}.key`].map((file) => readFile(join(folder.path, file), 'utf8')),
      );
      return { cert: cert ?? '', key: key ?? '' };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
