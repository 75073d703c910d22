/** `tcp`: connects to a port, may say something and expect an answer, as `check_tcp`. */

import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { StopSignal } from '../../lib/stop-signal.ts';
import { CHECK_STATES, type CheckStateName } from '../../model/check.ts';
import { type CertificateLimits, readCertificateLimits, reportCertificate } from './certificate.ts';
import { describeFailedConnection, type Endpoint, openConnection } from './connection.ts';
import { type Options, readNumber, readOptions, UsageError } from './options.ts';
import {
  codeOf,
  FAMILY_OPTIONS,
  judgeTime,
  type ProbeReport,
  readFamily,
  readHost,
  readTimes,
  report,
  runWithin,
  type ServiceContext,
  type ServiceProbe,
  showText,
  TIME_OPTIONS,
  type TimeThresholds,
  timePerfdatum,
} from './probe.ts';
import {
  describeTlsFailure,
  isTlsFailure,
  secure,
  type TlsSettings,
  UntrustedCertificate,
} from './secure-connection.ts';
import { readTlsSettings, TLS_OPTIONS } from './tls-arguments.ts';

const OPTIONS = {
  hostname: { letter: 'H', takes: 'value' },
  port: { letter: 'p', takes: 'value' },
  send: { letter: 's', takes: 'value' },
  expect: { letter: 'e', takes: 'value' },
  all: { letter: 'A', takes: 'nothing' },
  quit: { letter: 'q', takes: 'value' },
  escape: { letter: 'E', takes: 'nothing' },
  jail: { letter: 'j', takes: 'nothing' },
  refuse: { letter: 'r', takes: 'value' },
  mismatch: { letter: 'M', takes: 'value' },
  maxbytes: { letter: 'm', takes: 'value' },
  delay: { letter: 'd', takes: 'value' },
  ssl: { letter: 'S', takes: 'nothing' },
  certificate: { letter: 'D', takes: 'value' },
  sni: { takes: 'value' },
  ...TLS_OPTIONS,
  ...TIME_OPTIONS,
  ...FAMILY_OPTIONS,
} as const;

/** An answer is looked at up to this length. */
const MAX_ANSWER_BYTES = 65_536;
/** An answer that has begun and goes on no more is taken as a whole after this. */
const SILENCE_MS = 2_000;
const MAX_DELAY_S = 3_600;

interface Target extends Endpoint {
  readonly send: string;
  readonly quit: string;
  readonly expected: readonly string[];
  readonly needsAll: boolean;
  readonly maxBytes: number;
  readonly delayMs: number;
  readonly tls: TlsOrder | null;
}

interface TlsOrder {
  readonly serverName: string;
  readonly settings: TlsSettings;
  /** Null when the certificate's last day is not asked for. */
  readonly limits: CertificateLimits | null;
}

/** How it went with a target that took the connection. */
interface Conversation {
  /** At most `MAX_ANSWER_BYTES`; empty when nothing was expected. */
  readonly answer: string;
  readonly isExpected: boolean;
  readonly timeS: number;
  /** What there is to say of the certificate. */
  readonly preface: ProbeReport | null;
}

interface Judgement {
  readonly thresholds: TimeThresholds;
  readonly limitS: number;
  /** The state of an unexpected answer. */
  readonly mismatch: CheckStateName;
  readonly showsAnswer: boolean;
}

/** A refused connection is `-r`, an unexpected answer `-M`; see `probes.ts` for the arguments. */
export const probeTcp: ServiceProbe = async (args, context) => {
  const options = readOptions(args, OPTIONS);
  const target = await readTarget(options, context);
  const { thresholds, limitS } = readTimes(options, context);
  const mismatch = readState(options.get('mismatch') ?? 'warn');
  const refused = readState(options.get('refuse') ?? 'crit');
  try {
    const conversation = await runWithin(limitS * 1_000, context, (signal) =>
      meet(target, context.clock, signal),
    );
    if (conversation === null) {
      return report('critical', `TCP CRITICAL - Socket timeout after ${limitS} seconds`);
    }
    if ('exitCode' in conversation) return conversation;
    const showsAnswer = !options.has('jail');
    return judge(target, conversation, { thresholds, limitS, mismatch, showsAnswer });
  } catch (error) {
    if (context.signal.aborted) throw error;
    return describeFailure(target, error, refused);
  }
};

async function readTarget(
  options: Options<keyof typeof OPTIONS>,
  context: ServiceContext,
): Promise<Target> {
  const port = options.get('port');
  if (port === undefined) throw new UsageError('there is no port: give -p');
  const address = readHost(options.get('hostname'), context);
  const hasEscapes = options.has('escape');
  const quit = options.get('quit') ?? '';
  const send = options.get('send') ?? '';
  const days = options.get('certificate');
  const serverName = options.get('sni') ?? address;
  const limits = days === undefined ? null : readCertificateLimits(days);
  const isTls = options.has('ssl') || days !== undefined;
  return {
    address,
    port: readNumber(port, { name: 'port', max: 65_535, isWhole: true }),
    family: readFamily(options),
    send: hasEscapes ? readEscapes(send) : send,
    quit: hasEscapes || quit === '' ? readEscapes(quit) : `${quit}\r\n`,
    expected: options.all('expect'),
    needsAll: options.has('all'),
    maxBytes: readNumber(options.get('maxbytes') ?? String(MAX_ANSWER_BYTES), {
      ...{ name: 'number of bytes', max: MAX_ANSWER_BYTES, isWhole: true },
    }),
    delayMs:
      1_000 *
      readNumber(options.get('delay') ?? '0', {
        ...{ name: 'number of seconds', max: MAX_DELAY_S, isWhole: false },
      }),
    tls: isTls ? { serverName, settings: await readTlsSettings(options, ''), limits } : null,
  };
}

function readState(text: string): CheckStateName {
  const state = CHECK_STATES.find((name) => name !== 'unknown' && name.startsWith(text));
  if (state === undefined || text === '') {
    throw new UsageError(`"${text}" is no state: it must be ok, warn or crit`);
  }
  return state;
}

/** `\n`, `\r`, `\t` and `\\`; other characters after a backslash stay with it. */
function readEscapes(text: string): string {
  const meanings: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };
  return text.replace(/\\([nrt\\])/g, (_escape, letter: string) => meanings[letter] ?? letter);
}

/**
 * Connects and talks; the report when the certificate leaves nothing to talk about. Rejects with what
 * keeps the connection from being made, or ends it, or when `signal` aborts.
 */
async function meet(
  target: Target,
  clock: Clock,
  signal: StopSignal,
): Promise<Conversation | ProbeReport> {
  const startedAt = clock.monotonic();
  const plain = await openConnection(target, signal);
  const { tls } = target;
  if (tls === null) return converse(plain, target, { clock, startedAt, preface: null });
  try {
    const { socket, certificate } = await secure(plain, tls.serverName, tls.settings, signal);
    const preface =
      tls.limits === null
        ? null
        : reportCertificate(certificate, tls.limits, { now: clock.now(), flaw: null });
    if (preface === null || preface.exitCode === 0) {
      return await converse(socket, target, { clock, startedAt, preface });
    }
    socket.destroySoon();
    return preface;
  } catch (error) {
    if (!(error instanceof UntrustedCertificate) || tls.limits === null) throw error;
    const flaw = describeTlsFailure(error);
    return reportCertificate(error.certificate, tls.limits, { now: clock.now(), flaw });
  }
}

/** Rejects when the connection fails, or when `signal` aborts, which ends it. */
function converse(
  socket: Socket,
  { send, quit, expected, needsAll, maxBytes, delayMs }: Target,
  {
    clock,
    startedAt,
    preface,
  }: Pick<Conversation, 'preface'> & { readonly clock: Clock; readonly startedAt: number },
): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const answer: Buffer[] = [];
    let room = maxBytes;
    let cancel = () => {};
    const isFound = createSearch(expected, needsAll);
    let isOver = false;
    const finish = (isExpected: boolean) => {
      isOver = true;
      cancel();
      const timeS = (clock.monotonic() - startedAt - delayMs) / 1_000;
      resolve({ answer: Buffer.concat(answer).toString(), isExpected, timeS, preface });
      if (quit !== '') socket.write(quit);
      socket.destroySoon();
    };
    const listen = () => {
      if (expected.length === 0) return finish(true);
      socket.on('data', (chunk: Buffer) => {
        cancel();
        const kept = chunk.subarray(0, room);
        answer.push(kept);
        room -= kept.length;
        if (isFound(kept)) finish(true);
        else if (room === 0) finish(false);
        else cancel = clock.setTimer(SILENCE_MS, () => finish(false));
      });
      socket.on('end', () => finish(false));
    };
    socket.on('error', reject);
    socket.once('close', () => {
      cancel();
      if (!isOver) reject(new Error('the connection was closed'));
    });
    if (send !== '') socket.write(send);
    if (delayMs === 0) listen();
    else cancel = clock.setTimer(delayMs, listen);
  });
}

/**
 * A search through what comes in pieces, true once some (or all) texts were found. It remembers no
 * more than it needs to find a text across two pieces, so that it takes linear time.
 */
function createSearch(texts: readonly string[], needsAll: boolean): (chunk: Buffer) => boolean {
  // As bytes: a piece may end within a character.
  const missing = new Set(texts.map((text) => Buffer.from(text).toString('latin1')));
  const tailLength = Math.max(0, ...[...missing].map((text) => text.length - 1));
  const wantedCount = needsAll ? 0 : missing.size - 1;
  let tail = '';
  return (chunk) => {
    const text = tail + chunk.toString('latin1');
    for (const wanted of missing) if (text.includes(wanted)) missing.delete(wanted);
    tail = tailLength === 0 ? '' : text.slice(-tailLength);
    return missing.size <= wantedCount;
  };
}

function judge(target: Target, conversation: Conversation, judgement: Judgement): ProbeReport {
  const { answer, isExpected, timeS, preface } = conversation;
  const { thresholds, limitS, mismatch } = judgement;
  const lead = preface?.stdout ?? '';
  if (!isExpected && answer === '') {
    return report('critical', `${lead}TCP CRITICAL - No data received from host`);
  }
  const timeState = judgeTime(timeS, thresholds);
  const state = isExpected || timeState === 'critical' ? timeState : mismatch;
  const shown = judgement.showsAnswer && answer !== '' ? ` [${showText(answer)}]` : '';
  const text = isExpected
    ? `${timeS.toFixed(3)} second response time on ${showText(target.address)} port ${target.port}${shown}`
    : `Unexpected response from host/socket: ${showText(answer)}`;
  const perfdata = [timePerfdatum(timeS, thresholds, limitS)];
  return report(state, `${lead}TCP ${state.toUpperCase()} - ${text}`, perfdata);
}

function describeFailure(target: Target, error: unknown, refused: CheckStateName): ProbeReport {
  if (target.tls !== null && isTlsFailure(error)) {
    const text = `Cannot make SSL connection: ${describeTlsFailure(error)}`;
    return report('critical', `TCP CRITICAL - ${text}`);
  }
  const failure = describeFailedConnection(target, error);
  const state = codeOf(error) === 'ECONNREFUSED' ? refused : failure.state;
  return report(state, `TCP ${state.toUpperCase()} - ${failure.text}`);
}
