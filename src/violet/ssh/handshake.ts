/**
 * From a target to an authenticated connection: known_hosts, keys, certificate if there is an
 * authority, stream, host key, login. Whatever goes wrong is a failure that names its phase.
 */

import type { Duplex } from 'node:stream';
import ssh2, {
  type AnyAuthMethod,
  type AuthHandlerMiddleware,
  type Client,
  type ConnectConfig,
} from 'ssh2';
import type { Clock } from '../../lib/clock.ts';
import { startDeadline } from '../../lib/deadline.ts';
import type { Log } from '../../lib/log.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { readHostCertificate } from './certificate-scan.ts';
import { type CertifiedKey, checkCertificate } from './host-certificate.ts';
import {
  admitHostKey,
  type HostKeyContext,
  type HostKeyPolicy,
  orderHostKeyAlgorithms,
} from './host-key.ts';
import { type Identities, type IdentitySettings, readIdentities } from './identities.ts';
import { findKnownHost, type KnownHost } from './known-hosts.ts';
import type { KnownHostsFiles } from './known-hosts-file.ts';
import {
  describeConnectError,
  NO_ANSWER,
  type SshFailure,
  type SshPhase,
  type SshTarget,
} from './target.ts';

/** How far a connection has come, for those who wait for it. */
export interface Progress {
  phase: SshPhase;
  /** That the host's key was new and is recorded. */
  notice?: string;
}

/** Opens the way to a target's port; resolves soon after `signal` aborts. */
export type OpenStream = (
  target: SshTarget,
  progress: Progress,
  signal: StopSignal,
) => Promise<Duplex | SshFailure>;

/** What handshakes are made with. */
export interface HandshakeContext {
  readonly identities: IdentitySettings;
  readonly knownHosts: KnownHostsFiles;
  readonly hostKeyPolicy: HostKeyPolicy;
  /** For all of it, from the name to the login. */
  readonly connectTimeoutMs: number;
  readonly openStream: OpenStream;
  readonly clock: Clock;
  readonly log: Log;
}

/** An authenticated client and what it talks over. */
export interface Connection {
  readonly client: Client;
  readonly stream: Duplex;
  /** What people should be told: that the host's key was new and is recorded. Null: nothing. */
  readonly notice: string | null;
}

/** Finds a dead line while nothing is asked over it: after 45 s. */
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 2 };
const MAX_REASON_LENGTH = 300;

/** Connects and logs in. Gives up when `signal` aborts or after `connectTimeoutMs`. */
export async function connectTo(
  target: SshTarget,
  context: HandshakeContext,
  { progress, signal }: { readonly progress: Progress; readonly signal: StopSignal },
): Promise<Connection | SshFailure> {
  const { clock, connectTimeoutMs, openStream } = context;
  const deadline = startDeadline(clock, connectTimeoutMs, signal);
  try {
    const identities = await readIdentities(context.identities);
    const hostKey = await prepareHostKey(target, context, { progress, signal: deadline.signal });
    if ('phase' in hostKey) return hostKey;
    const stream = await openStream(target, progress, deadline.signal);
    if ('phase' in stream) return stream;
    return await shakeHands({ target, hostKey, identities, stream, progress, ...deadline });
  } finally {
    deadline.end();
  }
}

/** Reads what is known of the host's key, and asks for its certificate where that can be checked. */
async function prepareHostKey(
  target: SshTarget,
  context: HandshakeContext,
  wait: { readonly progress: Progress; readonly signal: StopSignal },
): Promise<HostKeyContext | SshFailure> {
  const { knownHosts: files, hostKeyPolicy: policy, log } = context;
  let host: KnownHost;
  try {
    host = findKnownHost(await files.read(), target);
  } catch (error) {
    return { phase: 'host key', reason: `known_hosts cannot be read: ${String(error)}` };
  }
  const prepared = { target, host, policy, files, log };
  if (host.authorities.length === 0) return { ...prepared, certified: null };
  const stream = await context.openStream(target, wait.progress, wait.signal);
  if ('phase' in stream) return stream;
  const nowMs = context.clock.now();
  const certified = await fetchCertificate(stream, { target, host, nowMs, signal: wait.signal });
  if (wait.signal.aborted) return { phase: wait.progress.phase, reason: NO_ANSWER };
  return { ...prepared, certified };
}

async function fetchCertificate(
  stream: Duplex,
  asked: { target: SshTarget; host: KnownHost; nowMs: number; signal: StopSignal },
): Promise<CertifiedKey> {
  const stop = () => stream.destroy();
  asked.signal.addEventListener('abort', stop, { once: true });
  try {
    const bytes = await readHostCertificate(stream);
    if (bytes === null) return { problem: 'it shows none' };
    const { address } = asked.target;
    return checkCertificate(bytes, asked.host, { address, nowMs: asked.nowMs });
  } finally {
    asked.signal.removeEventListener('abort', stop);
  }
}

interface Handshake {
  readonly target: SshTarget;
  readonly hostKey: HostKeyContext;
  readonly identities: Identities;
  readonly stream: Duplex;
  readonly progress: Progress;
  readonly signal: StopSignal;
}

function shakeHands(handshake: Handshake): Promise<Connection | SshFailure> {
  const { stream, progress, signal } = handshake;
  const client = new ssh2.Client();
  return new Promise((resolve) => {
    const stop = () => fail(NO_ANSWER);
    const finish = (result: Connection | SshFailure) => {
      signal.removeEventListener('abort', stop);
      resolve(result);
    };
    const fail = (reason: string) => {
      finish({ phase: progress.phase, reason });
      client.end();
      stream.destroy();
    };
    // Also after the end: an error without a listener would end the process.
    client.on('error', (error) => {
      if (!('level' in error && error.level === 'agent')) fail(describeError(error, handshake));
    });
    client.once('close', () => fail(describeHangUp(handshake)));
    client.once('ready', () => finish({ client, stream, notice: progress.notice ?? null }));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) return stop();
    client.connect(configure(handshake, fail));
  });
}

/** No pty, no agent and no port is forwarded: ssh2 does none of it unless it is asked to. */
function configure(handshake: Handshake, fail: (reason: string) => void): ConnectConfig {
  const { target, hostKey, identities, stream, progress } = handshake;
  let admitted: Buffer | null = null;
  const judge = async (key: Buffer) => {
    // A later key exchange over the same connection must show the same key.
    if (admitted !== null) return admitted.equals(key);
    progress.phase = 'host key';
    const verdict = await admitHostKey(key, hostKey);
    if ('phase' in verdict) {
      fail(verdict.reason);
      return false;
    }
    if (verdict.notice !== null) progress.notice = verdict.notice;
    admitted = Buffer.from(key);
    progress.phase = 'authentication';
    return true;
  };
  return {
    sock: stream as ConnectConfig['sock'] & Duplex,
    username: target.login,
    ident: 'ppalette',
    readyTimeout: 0,
    ...KEEPALIVE,
    algorithms: { serverHostKey: orderHostKeyAlgorithms(hostKey) as never, compress: ['none'] },
    hostVerifier: (key: Buffer, verify: (isValid: boolean) => void) => {
      void judge(key).then(verify);
    },
    authHandler: tryInTurn(identities.methods(target.login)),
  };
}

function tryInTurn(methods: readonly AnyAuthMethod[]): AuthHandlerMiddleware {
  const left = [...methods];
  return (_methodsLeft, _isPartial, next) => next(left.shift() ?? (false as never));
}

function describeError(error: Error, { progress, target, identities }: Handshake): string {
  if (progress.phase === 'authentication') {
    return `${target.login} was not let in (${identities.description}): ${shorten(error.message)}`;
  }
  if ('level' in error && error.level === 'client-socket')
    return describeConnectError(error).reason;
  return shorten(error.message);
}

function describeHangUp({ progress, target, identities }: Handshake): string {
  return progress.phase === 'authentication'
    ? `the host hung up on ${target.login} (${identities.description})`
    : 'the host hung up before the handshake was done; too many at a time (MaxStartups)?';
}

/** The words may be the server's. */
function shorten(text: string): string {
  return text.slice(0, MAX_REASON_LENGTH);
}
