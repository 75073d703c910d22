/** `ppadm run discovery SUBNET`: searches a subnet for hosts, and can show how it gets on. */

import type { Command } from 'commander';
import type { DiscoveryJson } from '../../contract/discoveries.ts';
import { sleep } from '../../lib/clock.ts';
import { addExamples, onRun } from '../command-line.ts';
import { DISCOVERY } from '../discovery-kind.ts';
import { EXIT } from '../exit-code.ts';
import { SUBNET } from '../kinds.ts';
import { readPath } from '../names.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer, printObject } from '../objects.ts';
import { formatProgress, startProgress } from '../output/progress.ts';
import type { Program, Session } from '../session.ts';

const ASK_MS = 500;

/** Adds `run discovery`. */
export function defineRunDiscovery(verb: Command, program: Program): void {
  const command = verb
    .command('discovery <subnet>')
    .description('search a subnet for hosts')
    .option('--wait', 'show the progress, and end when the discovery ends');
  addExamples(command, [
    'ppadm run discovery office --wait',
    'ppadm run discovery office -o name   # its id, for "ppadm get discovery"',
  ]);
  onRun(command, program, async (session, args) => {
    const path = readPath(SUBNET, args);
    const name = path['subnet'] ?? '';
    const started = await withNearNames(session, { kind: SUBNET, name }, async () =>
      (await session.connect()).call('discoverSubnet', { path }),
    );
    if (command.opts()['wait'] === true) return showUntilEnd(session, started.id);
    await printAnswer(session, started, () => `${started.id}\n`);
    session.say(`The discovery has begun: "ppadm get discovery ${started.id}" shows it.`);
  });
}

async function showUntilEnd(session: Session, id: string): Promise<void> {
  const { clock, errors } = session.surroundings;
  const client = await session.connect();
  const progress = startProgress(errors);
  let discovery: DiscoveryJson;
  for (;;) {
    discovery = await client.call('getDiscovery', { path: { discovery: id } });
    progress.show(describe(discovery), partOf(discovery));
    if (discovery.state !== 'running') break;
    await sleep(clock, ASK_MS);
  }
  progress.end();
  await printObject(session, DISCOVERY, { ...discovery });
  if (discovery.state !== 'done') session.endWith(EXIT.failed);
}

function describe(discovery: DiscoveryJson): string {
  const { scanned, total, found, addedCount } = discovery;
  const figures = `${scanned} of ${total} addresses, ${found} hosts, ${addedCount} new`;
  return `${formatProgress(partOf(discovery))} ${figures}`;
}

function partOf({ scanned, total }: DiscoveryJson): number {
  return total === 0 ? 1 : scanned / total;
}
