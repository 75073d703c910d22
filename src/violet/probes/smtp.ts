/** `smtp`: whether a mail server answers as it should, as `check_smtp`. No mail is sent. */

import type { CheckStateName } from '../../model/check.ts';
import { reportCertificate } from './certificate.ts';
import { describeFailedConnection, openConnection } from './connection.ts';
import { StreamEnded, TooMuch } from './conversation.ts';
import {
  codeOf,
  describeError,
  isNameError,
  judgeTime,
  type ProbeReport,
  report,
  runWithin,
  type ServiceContext,
  type ServiceProbe,
  showText,
  timePerfdatum,
  worse,
} from './probe.ts';
import {
  type Certificate,
  describeTlsFailure,
  isTlsFailure,
  UntrustedCertificate,
} from './secure-connection.ts';
import { readSmtpArguments, type SmtpOrder } from './smtp-arguments.ts';
import { openSmtpSession, type SmtpSession } from './smtp-session.ts';

/** What a session says of the server: the report, or what is only to be timed. */
type Course =
  | { readonly kind: 'ended'; readonly report: ProbeReport }
  | {
      readonly kind: 'done';
      readonly state: CheckStateName;
      readonly complaints: readonly string[];
    };

/** See `probes.ts` for the arguments. */
export const probeSmtp: ServiceProbe = async (args, context) => {
  const order = await readSmtpArguments(args, context);
  const startedAt = context.clock.monotonic();
  try {
    const course = await runWithin(order.limitS * 1_000, context, async (signal) => {
      const session = openSmtpSession(await openConnection(order.endpoint, signal));
      try {
        return await converse(session, order, { ...context, signal });
      } finally {
        session.close();
      }
    });
    if (course === null) {
      return report('critical', `SMTP CRITICAL - Socket timeout after ${order.limitS} seconds`);
    }
    if (course.kind === 'ended') return course.report;
    return judge(course, order, (context.clock.monotonic() - startedAt) / 1_000);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return describeFailure(order, error);
  }
};

async function converse(
  session: SmtpSession,
  order: SmtpOrder,
  context: Pick<ServiceContext, 'signal' | 'clock'>,
): Promise<Course> {
  const greeting = await session.listen();
  const welcome = await session.ask(order.hello);
  if (order.startTls) {
    const ending = await startTls(session, order, { ...context, welcome });
    if (ending !== null) return { kind: 'ended', report: ending };
  }
  if (!`${greeting}${welcome}`.includes(order.expected)) {
    const { port } = order.endpoint;
    const text = `Invalid SMTP response received from host on port ${port}: ${showText(greeting)}`;
    return { kind: 'ended', report: report('warning', `SMTP WARNING - ${text}`) };
  }
  if (order.from !== null) await session.ask(`MAIL FROM:<${order.from}>`);
  const said = await sayCommands(session, order);
  const refusal = order.login === null ? null : await logIn(session, order.login);
  return {
    kind: 'done',
    state: refusal === null ? said.state : 'critical',
    complaints: [...(refusal === null ? [] : [refusal]), ...said.complaints],
  };
}

/** The report when the check ends here: there is no TLS, or its certificate was what was asked for. */
async function startTls(
  session: SmtpSession,
  order: SmtpOrder,
  {
    signal,
    clock,
    welcome,
  }: Pick<ServiceContext, 'signal' | 'clock'> & { readonly welcome: string },
): Promise<ProbeReport | null> {
  if (!/^250[ -]STARTTLS\s*$/im.test(welcome)) {
    return report('warning', 'SMTP WARNING - TLS not supported by server');
  }
  const answer = await session.ask('STARTTLS');
  if (!answer.startsWith('220')) {
    const text = `Server does not support STARTTLS: ${showText(answer)}`;
    return report('unknown', `SMTP UNKNOWN - ${text}`);
  }
  let certificate: Certificate;
  let flaw: string | null = null;
  try {
    ({ certificate } = await session.secure(order.serverName, order.tls, signal));
    await session.ask(order.hello);
  } catch (error) {
    if (!(error instanceof UntrustedCertificate) || order.certificateLimits === null) throw error;
    certificate = error.certificate;
    flaw = describeTlsFailure(error);
  }
  if (order.certificateLimits === null) return null;
  return reportCertificate(certificate, order.certificateLimits, { now: clock.now(), flaw });
}

/** The worst answer counts, where `check_smtp` forgets all but the last. */
async function sayCommands(
  session: SmtpSession,
  { commands, responses }: SmtpOrder,
): Promise<{ readonly state: CheckStateName; readonly complaints: readonly string[] }> {
  let state: CheckStateName = 'ok';
  const complaints: string[] = [];
  for (const [index, command] of commands.entries()) {
    const answer = await session.ask(command);
    const isExpected = responses[index]?.test(answer.trim()) ?? true;
    if (isExpected) continue;
    state = 'warning';
    complaints.push(`Invalid response '${showText(answer)}' to command '${showText(command)}'`);
  }
  return { state, complaints };
}

/** Why the server does not let us in; null when it does. Neither word is ever shown. */
async function logIn(
  session: SmtpSession,
  { user, password }: NonNullable<SmtpOrder['login']>,
): Promise<string | null> {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const steps = [
    { line: 'AUTH LOGIN', code: '334', name: 'AUTH LOGIN' },
    { line: encode(user), code: '334', name: 'authuser' },
    { line: encode(password), code: '235', name: 'authpass' },
  ];
  for (const { line, code, name } of steps) {
    const answer = await session.ask(line);
    if (!answer.startsWith(code)) return `invalid response received after ${name}`;
  }
  return null;
}

function judge(
  { state, complaints }: Extract<Course, { kind: 'done' }>,
  { thresholds }: SmtpOrder,
  timeS: number,
): ProbeReport {
  const total = worse(state, judgeTime(timeS, thresholds));
  const time = `${timeS.toFixed(3)} sec. response time`;
  const text = [...complaints, time].join(', ');
  return report(total, `SMTP ${total.toUpperCase()} - ${text}`, [
    timePerfdatum(timeS, thresholds, null),
  ]);
}

/** A server that hangs up is a warning, as for `check_smtp`: it is there, and in no mood. */
function describeFailure({ endpoint }: SmtpOrder, error: unknown): ProbeReport {
  if (error instanceof StreamEnded || codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE') {
    const said = error instanceof StreamEnded ? showText(error.received.toString()) : '';
    const text = said === '' ? 'No data received from host' : `Connection closed after: ${said}`;
    return report('warning', `SMTP WARNING - ${text}`);
  }
  if (error instanceof TooMuch) {
    return report('warning', `SMTP WARNING - ${describeError(error)}`);
  }
  if (isTlsFailure(error)) {
    const text = `Cannot make SSL connection: ${describeTlsFailure(error)}`;
    return report('critical', `SMTP CRITICAL - ${text}`);
  }
  const { state, text } = describeFailedConnection(endpoint, error);
  const ending = isNameError(error) ? 'unknown' : state;
  return report(ending, `SMTP ${ending.toUpperCase()} - ${text}`);
}
