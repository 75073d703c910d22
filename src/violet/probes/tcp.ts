/** `tcp`: connects to a port, may say something and expect an answer, as `check_tcp`. */

import { connect } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { CHECK_STATES, type CheckStateName } from '../../model/check.ts';
import { type Options, readNumber, readOptions, UsageError } from './options.ts';
import {
  codeOf,
  describeError,
  FAMILY_OPTIONS,
  isNameError,
  judgeTime,
  type Probe,
  type ProbeContext,
  type ProbeReport,
  readFamily,
  readHost,
  readTimes,
  report,
  runWithin,
  showText,
  TIME_OPTIONS,
  type TimeThresholds,
  timePerfdatum,
} from './probe.ts';

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
  ...TIME_OPTIONS,
  ...FAMILY_OPTIONS,
} as const;

/** An answer is looked at up to this length. */
const MAX_ANSWER_BYTES = 65_536;

interface Target {
  readonly address: string;
  readonly port: number;
  readonly family: 0 | 4 | 6;
  readonly send: string;
  readonly quit: string;
  readonly expected: readonly string[];
  readonly needsAll: boolean;
}

/** How it went with a target that took the connection. */
interface Conversation {
  /** At most `MAX_ANSWER_BYTES`; empty when nothing was expected. */
  readonly answer: string;
  readonly isExpected: boolean;
  readonly timeS: number;
}

interface Judgement {
  readonly thresholds: TimeThresholds;
  readonly limitS: number;
  /** The state of an unexpected answer. */
  readonly mismatch: CheckStateName;
  readonly showsAnswer: boolean;
}

/** A refused connection is `-r`, an unexpected answer `-M`; see `probes.ts` for the arguments. */
export const probeTcp: Probe = async (args, context) => {
  const options = readOptions(args, OPTIONS);
  const target = readTarget(options, context);
  const { thresholds, limitS } = readTimes(options, context);
  const mismatch = readState(options.get('mismatch') ?? 'warn');
  const refused = readState(options.get('refuse') ?? 'crit');
  try {
    const conversation = await runWithin(limitS * 1_000, context, (signal) =>
      converse(target, context.clock, signal),
    );
    if (conversation === null) {
      return report('critical', `TCP CRITICAL - Socket timeout after ${limitS} seconds`);
    }
    const showsAnswer = !options.has('jail');
    return judge(target, conversation, { thresholds, limitS, mismatch, showsAnswer });
  } catch (error) {
    if (context.signal.aborted) throw error;
    return describeFailure(target, error, refused);
  }
};

function readTarget(options: Options<keyof typeof OPTIONS>, context: ProbeContext): Target {
  const port = options.get('port');
  if (port === undefined) throw new UsageError('there is no port: give -p');
  const hasEscapes = options.has('escape');
  const quit = options.get('quit') ?? '';
  const send = options.get('send') ?? '';
  return {
    address: readHost(options.get('hostname'), context),
    port: readNumber(port, { name: 'port', max: 65_535, isWhole: true }),
    family: readFamily(options),
    send: hasEscapes ? readEscapes(send) : send,
    quit: hasEscapes || quit === '' ? readEscapes(quit) : `${quit}\r\n`,
    expected: options.all('expect'),
    needsAll: options.has('all'),
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

/** Rejects with what keeps the connection from being made, or ends it, or when `signal` aborts. */
function converse(target: Target, clock: Clock, signal: AbortSignal): Promise<Conversation> {
  signal.throwIfAborted();
  const { address, port, family, send, quit, expected } = target;
  const startedAt = clock.monotonic();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, family, signal });
    const answer: Buffer[] = [];
    let room = MAX_ANSWER_BYTES;
    const isFound = createSearch(expected, target.needsAll);
    const finish = (isExpected: boolean) => {
      const timeS = (clock.monotonic() - startedAt) / 1_000;
      resolve({ answer: Buffer.concat(answer).toString(), isExpected, timeS });
      if (quit === '') socket.destroy();
      else socket.end(quit, () => socket.destroy());
    };
    socket.on('error', reject);
    socket.on('connect', () => {
      if (send !== '') socket.write(send);
      if (expected.length === 0) finish(true);
    });
    socket.on('data', (chunk: Buffer) => {
      const kept = chunk.subarray(0, room);
      answer.push(kept);
      room -= kept.length;
      if (isFound(kept)) finish(true);
      else if (room === 0) finish(false);
    });
    socket.on('end', () => finish(false));
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
  const { answer, isExpected, timeS } = conversation;
  const { thresholds, limitS, mismatch } = judgement;
  if (!isExpected && answer === '') {
    return report('critical', 'TCP CRITICAL - No data received from host');
  }
  const timeState = judgeTime(timeS, thresholds);
  const state = isExpected || timeState === 'critical' ? timeState : mismatch;
  const shown = judgement.showsAnswer && answer !== '' ? ` [${showText(answer)}]` : '';
  const text = isExpected
    ? `${timeS.toFixed(3)} second response time on ${showText(target.address)} port ${target.port}${shown}`
    : `Unexpected response from host/socket: ${showText(answer)}`;
  const perfdata = [timePerfdatum(timeS, thresholds, limitS)];
  return report(state, `TCP ${state.toUpperCase()} - ${text}`, perfdata);
}

function describeFailure(target: Target, error: unknown, refused: CheckStateName): ProbeReport {
  const code = codeOf(error);
  const state = code === 'ECONNREFUSED' ? refused : 'critical';
  const address = showText(target.address);
  const text = isNameError(error)
    ? `Invalid hostname, address or socket: ${address}`
    : `connect to address ${address} and port ${target.port}: ${describeError(error)}`;
  return report(state, `TCP ${state.toUpperCase()} - ${text}`);
}
