/** `ppadm run check|host|discovery`: now, instead of when the schedule would. */

import type { Command } from 'commander';
import type { CheckJson } from '../../contract/checks.ts';
import type { DiscoveryJson } from '../../contract/discoveries.ts';
import { addExamples, onRun } from '../command-line.ts';
import { EXIT, explainFailure } from '../exit-code.ts';
import { HOST, SUBNET } from '../kinds.ts';
import { readPath } from '../names.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer, printObject } from '../objects.ts';
import { CHECK, DISCOVERY, HOST_STATE } from '../observed-kinds.ts';
import { escapeLine } from '../output/escape.ts';
import { startProgress } from '../output/progress.ts';
import type { Program } from '../program.ts';
import { formatDuration } from '../read-values.ts';
import type { Session } from '../session.ts';
import { EXIT_CODES, formatPluginOutput } from './get.ts';

/** Longer than the server waits for a worker, the slowest plugin and the storing of its result. */
const WAIT_MS = 3_720_000;
const LOOK_MS = 500;

/** Adds `run check`, `run host` and `run discovery`. */
export function defineRun(verb: Command, program: Program): void {
  addExamples(verb, ['ppadm run check web1 ping --wait', 'ppadm run discovery office --wait']);
  const check = verb
    .command('check <host> [plugin]')
    .description('run one check ahead of the schedule')
    .option('--wait', 'wait for the result and show it')
    .option('--exit-code', "wait, write what the plugin wrote and exit with the check's own 0-3");
  addExamples(check, [
    'ppadm run check web1 ping --wait',
    'ppadm run check web1 ping --exit-code      # as a plugin',
  ]);
  onRun(check, program, (session, args) => {
    const { exitCode, wait } = check.opts();
    return exitCode === true
      ? serveAsPlugin(session, args)
      : runCheck(session, args, wait === true);
  });

  const host = verb
    .command('host <host>')
    .description('run the host check of a host ahead of the schedule')
    .option('--wait', 'wait until its state is known and show it');
  addExamples(host, ['ppadm run host web1', 'ppadm run host web1 --wait']);
  onRun(host, program, (session, [name = '']) =>
    runHost(session, name, host.opts()['wait'] === true),
  );

  const discovery = verb
    .command('discovery <subnet>')
    .description('search a subnet for hosts')
    .option('--wait', 'wait for its end and show what was found');
  addExamples(discovery, ['ppadm run discovery office', 'ppadm run discovery office --wait']);
  onRun(discovery, program, (session, [subnet = '']) =>
    runDiscovery(session, subnet, discovery.opts()['wait'] === true),
  );
}

/** Requests a run of one check, and with `waits` shows its result. */
export async function runCheck(
  session: Session,
  args: readonly string[],
  waits: boolean,
): Promise<void> {
  const path = readPath(CHECK, args);
  const name = Object.values(path).join('/');
  const run = () => requestRun(session, path, waits);
  const answer = await withNearNames(session, { kind: CHECK, name }, run);
  if ('state' in answer) return printObject(session, CHECK, answer);
  await printRequested(session, `Requested ${escapeLine(name)}.`, answer, answer.requestId);
}

/** Words for people, the answer for scripts. */
async function printRequested(session: Session, words: string, answer: object, id: string) {
  if (session.format === 'table' || session.format === 'wide') return session.say(words);
  await printAnswer(session, answer, () => `${escapeLine(id)}\n`);
}

async function serveAsPlugin(session: Session, args: readonly string[]): Promise<void> {
  try {
    const check = await requestRun(session, readPath(CHECK, args), true);
    if (!('state' in check)) throw new TypeError('the server did not wait for the result');
    session.endWith(EXIT_CODES[check.state]);
    if (session.options.output === undefined) session.print(formatPluginOutput(check));
    else await printObject(session, CHECK, check);
  } catch (error) {
    session.endWith(EXIT_CODES.unknown);
    session.print(`UNKNOWN - ${escapeLine(explainFailure(error).lines.join(' '))}\n`);
  }
}

async function requestRun(
  session: Session,
  path: Readonly<Record<string, string>>,
  waits: boolean,
): Promise<CheckJson | { readonly requestId: string }> {
  const client = await session.connect();
  if (!waits) return client.call('runCheck', { path });
  return waitShown(session, Object.values(path).join(' '), () =>
    client.call('runCheck', { path, query: { wait: 'true' }, timeoutMs: WAIT_MS }),
  );
}

async function waitShown<Answer>(
  session: Session,
  name: string,
  wait: () => Promise<Answer>,
): Promise<Answer> {
  const describe = (seconds: number) => {
    return `waiting for ${escapeLine(name)}, ${formatDuration(seconds)}`;
  };
  const progress = startProgress(session, describe, () => 'It runs on; only the wait has ended.');
  try {
    return await wait();
  } finally {
    progress.stop();
  }
}

async function runHost(session: Session, name: string, waits: boolean): Promise<void> {
  const client = await session.connect();
  const path = { host: name };
  const query = { wait: 'true' };
  const run = () =>
    waits
      ? waitShown(session, name, () =>
          client.call('runHostCheck', { path, query, timeoutMs: WAIT_MS }),
        )
      : client.call('runHostCheck', { path });
  const answer = await withNearNames(session, { kind: HOST, name }, run);
  if ('state' in answer) return printObject(session, HOST_STATE, answer);
  await printRequested(session, `Requested ${escapeLine(name)}.`, answer, answer.requestId);
}

/** Begins a discovery, and with `waits` shows what it found. */
export async function runDiscovery(
  session: Session,
  subnet: string,
  waits: boolean,
): Promise<void> {
  const client = await session.connect();
  const { id } = await withNearNames(session, { kind: SUBNET, name: subnet }, () =>
    client.call('discoverSubnet', { path: { subnet } }),
  );
  if (!waits) return printRequested(session, `Began the discovery ${escapeLine(id)}.`, { id }, id);
  const path = { discovery: id };
  let discovery: DiscoveryJson = await client.call('getDiscovery', { path });
  const runsOn = () => `The discovery goes on: ppadm get discovery ${id} shows it.`;
  const progress = startProgress(session, () => formatProgress(discovery), runsOn);
  try {
    while (discovery.state === 'running') {
      await session.pause(LOOK_MS);
      discovery = await client.call('getDiscovery', { path });
      progress.show();
    }
  } finally {
    progress.stop();
  }
  if (discovery.state !== 'done') session.endWith(EXIT.failed);
  await printObject(session, DISCOVERY, discovery);
}

const BAR_WIDTH = 30;

function formatProgress({ scanned, total, found, subnet }: DiscoveryJson): string {
  const share = total === 0 ? 1 : scanned / total;
  const done = Math.round(share * BAR_WIDTH);
  const bar = '#'.repeat(done) + '.'.repeat(BAR_WIDTH - done);
  return `${escapeLine(String(subnet))} [${bar}] ${scanned} of ${total}, ${found} found`;
}
