/** Where a RabbitMQ is, and what goes wrong on the way there, in words that never hold a password. */

import { ConfigError } from '../model/errors.ts';

/** One RabbitMQ. */
export interface Address {
  /** With user, password and options: never for people. */
  readonly url: string;
  /** `HOST:PORT`, for people. */
  readonly label: string;
  readonly user: string;
  readonly virtualHost: string;
  readonly password: string;
}

/** Why a connection is not there. */
export interface Failure {
  readonly reason: string;
  /** True when RabbitMQ answers but does not let us in: a person must act. */
  readonly isRefusal: boolean;
}

/** Reads an `amqp://` or `amqps://` URL. Throws `ConfigError`, without the URL, when it is none. */
export function parseAddress(text: string, heartbeatS: number): Address {
  if (!URL.canParse(text) || !/^amqps?:\/\/[^/]/.test(text)) {
    throw new ConfigError(
      'broker.url: not of the form amqp://USER:PASSWORD@HOST:PORT/VHOST (or amqps://).',
    );
  }
  const url = new URL(text);
  url.searchParams.set('heartbeat', String(heartbeatS));
  const port = url.port || (url.protocol === 'amqps:' ? '5671' : '5672');
  return {
    url: url.href,
    label: `${url.hostname}:${port}`,
    user: decode(url.username) || 'guest',
    password: decode(url.password),
    virtualHost: decode(url.pathname.slice(1)) || '/',
  };
}

/** Says what went wrong, for a log or a health report. */
export function explainFailure(error: unknown, address: Address): Failure {
  const text = describe(error);
  if (/ACCESS[-_]REFUSED/.test(text)) {
    const reason = `user name or password is wrong (user "${address.user}")`;
    return { reason, isRefusal: true };
  }
  // RabbitMQ says more, but amqplib keeps it to itself.
  if (/Expected ConnectionOpenOk; got <ConnectionClose/.test(text)) {
    const reason = `there is no virtual host "${address.virtualHost}" for user "${address.user}"`;
    return { reason, isRefusal: true };
  }
  return { reason: hidePassword(text, address.password), isRefusal: false };
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(describe))].join(', ');
  return error instanceof Error ? error.message : String(error);
}

function hidePassword(text: string, password: string): string {
  if (password === '') return text;
  return text.replaceAll(password, '...').replaceAll(encodeURIComponent(password), '...');
}

/** As amqplib reads it; what is no escape stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
