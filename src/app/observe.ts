/**
 * What can be seen of a process from outside: its own figures, and for a violet or a grey without an
 * API a small listener. Seeing is never worth a check: a taken address is told, and work goes on.
 */

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../lib/clock.ts';
import type { Lifecycle } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../lib/metrics.ts';
import { addProcessMetrics } from '../lib/process-metrics.ts';
import { type Needs, readReadiness } from '../lib/readiness.ts';
import { splitAddress } from './listening.ts';

/** What is shown, and of what. */
export interface ObserveOptions {
  readonly config: Config;
  readonly roles: readonly string[];
  readonly version: string;
  readonly metrics: Metrics;
  /** What the process needs, for `/readyz`. */
  readonly needs: () => Needs;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly log: Log;
}

/** More than one Prometheus and a few people; the next is told to come back. */
const MAX_CONNECTIONS = 50;

/** Adds the figures of the process, and listens if it has no API; the URL of that, or null. */
export async function startObserving(options: ObserveOptions): Promise<string | null> {
  const { metrics, roles, version, lifecycle, clock } = options;
  const figures = addProcessMetrics(metrics, clock.now() - process.uptime() * 1_000);
  lifecycle.onStop('figures of the process', () => figures.stop());
  const labels = { version, node: process.version, roles: [...roles].sort().join(',') };
  metrics.gauge(
    'ppalette_build_info',
    'Which release this is, on which Node.js, with which roles.',
    () => [{ labels, value: 1 }],
    Object.keys(labels),
  );
  const address = addressOf(options);
  return address === '' ? null : listen(options, address);
}

function addressOf({ config, roles }: ObserveOptions): string {
  if (roles.includes('red')) return '';
  return roles.includes('violet') ? config.metrics.violet : config.metrics.grey;
}

async function listen(options: ObserveOptions, address: string): Promise<string | null> {
  const { log, lifecycle } = options;
  const server = createServer((request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const path = request.url?.split('?')[0] ?? '';
    answer(options, isRead ? path : '', response).catch((error: unknown) => {
      log.error({ error, path }, 'metrics cannot be shown');
      response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = 10_000;
  const { host, port } = splitAddress(address);
  const problem = await new Promise<Error | null>((resolve) => {
    server.once('error', resolve);
    server.listen({ host, port }, () => resolve(null));
  });
  if (problem !== null) {
    const key = options.roles.includes('violet') ? 'metrics.violet' : 'metrics.grey';
    log.warn(
      { address, reason: problem.message },
      `no /metrics here, the address cannot be had: set ${key} to a free one, or to nothing`,
    );
    return null;
  }
  server.on('error', (error) => log.warn({ error }, '/metrics listener failed'));
  lifecycle.onStop('metrics listener', () => close(server));
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`;
  log.info({ url }, '/metrics, /healthz and /readyz are served');
  return url;
}

async function answer(
  { metrics, needs }: ObserveOptions,
  path: string,
  response: ServerResponse,
): Promise<void> {
  const send = (status: number, type: string, text: string) =>
    response
      .writeHead(status, {
        ...{
          'content-type': type,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        },
      })
      .end(text);
  switch (path) {
    case '/metrics':
      return void send(200, metrics.contentType, await metrics.format());
    case '/healthz':
      return void send(200, 'application/json', JSON.stringify({ status: 'ok' }));
    case '/readyz': {
      const { statusCode, body } = await readReadiness(needs());
      return void send(statusCode, 'application/json', JSON.stringify(body));
    }
    default:
      return void send(404, 'text/plain', 'There are GET /metrics, /healthz and /readyz.\n');
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
