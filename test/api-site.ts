/** The API over a database in memory, without a scheduler behind it; every answer is checked. */

import { randomUUID } from 'node:crypto';
import { openMemoryBroker } from '../src/broker/memory.ts';
import { createTopology } from '../src/broker/topology.ts';
import { API_PREFIX } from '../src/contract/paths.ts';
import { insertToken } from '../src/database/queries/tokens.ts';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { createMetrics } from '../src/lib/metrics.ts';
import { createEnvelope } from '../src/messages/envelope.ts';
import type { Role } from '../src/model/access.ts';
import { createApi } from '../src/red/api/api.ts';
import { createSecret, hashSecret } from '../src/red/api/auth.ts';
import type { ApiContext } from '../src/red/api/context.ts';
import { createOpenApi } from '../src/red/api/openapi.ts';
import { createEventFeed } from '../src/red/event-feed.ts';
import { RequestTrail } from '../src/red/request-trail.ts';
import { createStoredResults } from '../src/red/stored-results.ts';
import { openNoStatistics } from '../src/rrd/none.ts';
import { createAnswerCheck } from './documented.ts';
import { createMemoryDatabase, QUEUE_NAMES } from './site.ts';

/** What a call may say beside method, path and body. */
export interface CallOptions {
  /** Null = no token. Default: an administrator's. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address of the client. Default: another one for each call. */
  readonly from?: string;
}

/** An answer; `body` is null when it is not JSON. */
export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer
  readonly body: any;
}

/** Opens the site; close it after the tests. */
export async function openApiSite(changes: Partial<ApiContext> = {}) {
  const database = await createMemoryDatabase();
  const shared = { clock: systemClock, log: silentLog(), sql: database };
  const versions: number[] = [];
  const topology = createTopology(QUEUE_NAMES);
  const broker = openMemoryBroker({ ...shared, deadQueue: topology.dead });
  const storedResults = createStoredResults(shared);
  const feed = createEventFeed(shared);
  const context: ApiContext = {
    ...shared,
    version: '1.2.3',
    database,
    broker,
    brokerLabel: 'memory:',
    topology,
    envelope: createEnvelope(null),
    shards: 1,
    settings: {
      serviceCheckTimeoutState: 'critical',
      acceptPassiveServiceChecks: true,
      acceptPassiveHostChecks: true,
    },
    storedResults,
    feed,
    trail: new RequestTrail(),
    tls: null,
    trustedProxies: [],
    rrd: openNoStatistics(silentLog()),
    metrics: createMetrics(),
    onChanged: (version) => versions.push(version),
    schedule: {
      isActive: () => true,
      startProblem: () => null,
      jobCount: () => 0,
      dueAtOf: () => undefined,
      figures: () => ({ requested: 0, missed: 0, latenessMs: null, latenessP99Ms: null }),
    },
    ...changes,
  };
  const server = await createApi(context);
  const addToken = async (role: Role, expiresAt: number | null = null) => {
    const secret = createSecret();
    const token = { id: randomUUID(), name: randomUUID(), role, expiresAt, createdAt: 1 };
    await insertToken(database, { ...token, hash: hashSecret(secret) });
    return secret;
  };
  const admin = await addToken('admin');
  let callCount = 0;
  const nextAddress = () => {
    callCount++;
    return `10.${callCount >> 16}.${(callCount >> 8) & 255}.${callCount & 255}`;
  };
  const checkAnswer = createAnswerCheck(createOpenApi('1.2.3'));

  const call = async (
    method: string,
    path: string,
    body?: unknown,
    { token = admin, headers = {}, from = nextAddress() }: CallOptions = {},
  ): Promise<CallAnswer> => {
    const isText = typeof body === 'string';
    const url = path.startsWith('/') && !path.startsWith('//') ? `${API_PREFIX}${path}` : path;
    const response = await server.inject({
      method: method as 'GET',
      url,
      remoteAddress: from,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: isText ? body : JSON.stringify(body) }),
    });
    const contentType = response.headers['content-type']?.toString();
    const answer = contentType?.includes('json') && response.body ? response.json() : null;
    checkAnswer({ method, url, status: response.statusCode, contentType, body: answer });
    return { status: response.statusCode, headers: response.headers, body: answer };
  };

  return {
    database,
    broker,
    topology,
    server,
    admin,
    versions,
    addToken,
    call,
    async close() {
      await server.close();
      await storedResults.stop();
      await feed.stop();
      await database.close();
    },
  };
}

/** An open site. */
export type ApiSite = Awaited<ReturnType<typeof openApiSite>>;
