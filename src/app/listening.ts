/** Where and how the API listens, and what is refused because it would let tokens be overheard. */

import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Config } from '../config/schema.ts';
import { isLoopback } from '../lib/ip.ts';
import { ConfigError } from '../model/errors.ts';

/** How the API listens. */
export interface Listening {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** PEM texts; null = plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  readonly trustedProxies: readonly string[];
}

/**
 * Reads the settings and the files that they name. Throws `ConfigError` for an address that others
 * can reach without TLS and without a proxy that adds it.
 */
export async function readListening({
  listen,
  tls,
  trustedProxies,
}: Config['red']): Promise<Listening> {
  const { host, port } = splitAddress(listen);
  if ((tls.certificate === '') !== (tls.key === '')) {
    throw new ConfigError('red.tls needs both certificate and key: set the other one too.');
  }
  const isPlain = tls.certificate === '';
  if (isPlain && !isLoopbackName(host) && trustedProxies.length === 0) {
    throw new ConfigError(
      `red.listen is ${listen}, which others can reach, and tokens would cross the network in the clear: set red.tls.certificate and red.tls.key, or red.trustedProxies to the proxy that adds TLS, or listen on 127.0.0.1.`,
    );
  }
  return {
    host,
    port,
    tls: isPlain
      ? null
      : {
          certificate: await readPem(tls.certificate, 'red.tls.certificate'),
          key: await readPem(tls.key, 'red.tls.key'),
        },
    trustedProxies,
  };
}

/** HOST:PORT, the host of an IPv6 address in brackets. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return {
    host: address.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(colon + 1)),
  };
}

function isLoopbackName(host: string): boolean {
  return isIP(host) ? isLoopback(host) : host === 'localhost';
}

async function readPem(path: string, key: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`Cannot read ${key}: ${reason}.`);
  }
}
