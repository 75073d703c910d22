/** `ppadm downtime add|list|show|edit|cancel`: when problems are expected. */

import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import { addExamples, onRun } from '../command-line.ts';
import { HOST } from '../kinds.ts';
import { DOWNTIME } from '../maintenance-kinds.ts';
import { withNearNames } from '../near-names.ts';
import { printObject } from '../objects.ts';
import { escapeLine } from '../output/escape.ts';
import type { Program } from '../program.ts';
import { parseDuration } from '../read-values.ts';
import { readWhen } from '../when.ts';
import { addListOptions, listKind } from './list.ts';

/** Adds `downtime add`, `list`, `show`, `edit` and `cancel`. */
export function defineDowntime(verb: Command, program: Program): void {
  addExamples(verb, [
    "ppadm downtime add --host web1 --end 2h -m 'new kernel'",
    'ppadm downtime list --state open',
  ]);
  defineAdd(verb, program);

  const list = verb.command('list').description('list downtimes, the newest first');
  addListOptions(list, DOWNTIME);
  addExamples(list, ['ppadm downtime list --state open', 'ppadm downtime list --host web1']);
  onRun(list, program, (session) => listKind(session, DOWNTIME, list.opts()));

  const show = verb.command('show <id>').description('show one downtime');
  addExamples(show, ['ppadm downtime show 0b6f2c1e-6a0e-4d7c-8a53-0c1d2e3f4a5b']);
  onRun(show, program, async (session, [id = '']) => {
    const client = await session.connect();
    const downtime = await client.call('getDowntime', { path: { downtime: id } });
    await printObject(session, DOWNTIME, downtime);
  });

  const edit = verb
    .command('edit <id>')
    .description('change a downtime, also while it lasts')
    .option('--start <when>', 'when it begins, if it has not yet')
    .option('--end <when>', 'when it ends: 2h from now, or 2026-11-23T20:00:00Z')
    .option('-m, --comment <text>', 'what for');
  addExamples(edit, ['ppadm downtime edit 0b6f2c1e-6a0e-4d7c-8a53-0c1d2e3f4a5b --end 1h']);
  onRun(edit, program, async (session, [id = '']) => {
    const { start, end, comment } = edit.opts();
    const ahead = (option: string) => ({ option, now: session.now, isAhead: true });
    const body = dropMissing({
      start: readWhen(start, ahead('--start')),
      end: readWhen(end, ahead('--end')),
      comment,
    });
    if (Object.keys(body).length === 0) {
      throw new InvalidInput([{ path: '', message: 'give --start, --end or --comment.' }]);
    }
    const client = await session.connect();
    const downtime = await client.call('changeDowntime', { path: { downtime: id }, body });
    await printObject(session, DOWNTIME, downtime);
  });

  const cancel = verb.command('cancel <ids...>').description('end downtimes, or drop them');
  addExamples(cancel, ['ppadm downtime cancel 0b6f2c1e-6a0e-4d7c-8a53-0c1d2e3f4a5b']);
  onRun(cancel, program, async (session, ids) => {
    const client = await session.connect();
    for (const id of ids) {
      await client.call('deleteDowntime', { path: { downtime: id } });
      session.say(`Cancelled the downtime ${escapeLine(id)}.`);
    }
  });
}

function defineAdd(verb: Command, program: Program): void {
  const add = verb
    .command('add')
    .description('plan a downtime of all hosts and checks that fit what is named')
    .option('--host <name>', 'only this host and its checks')
    .option('--plugin <name>', 'only checks of this plugin')
    .option('--suite <name>', 'only checks of this suite')
    .option('--subnet <name>', 'only checks of hosts of this subnet')
    .option('--label <name=value>', 'only checks of hosts with this label')
    .option('--hosts-only', 'of the hosts themselves, not of their checks')
    .option('--all', 'all of the site, if nothing is named')
    .option('--start <when>', 'when it begins: 30m, or 2026-11-23T18:00:00Z; default: now')
    .option('--end <when>', 'when it ends: 2h, or 2026-11-23T20:00:00Z')
    .option('--triggered-by <id>', 'in place of times: starts and ends with that downtime')
    .option('--children <which>', 'hosts below it too: all, or triggered by its own; default: none')
    .option('--flexible <duration>', 'from a problem between start and end on, for so long')
    .option('--recurrence <rule>', 'again by a rule of RFC 5545: FREQ=WEEKLY;BYDAY=SU')
    .option('--time-zone <name>', 'by whose clocks it recurs; default: UTC')
    .option('-m, --comment <text>', 'what for');
  addExamples(add, [
    "ppadm downtime add --host web1 --end 2h -m 'new kernel'",
    'ppadm downtime add --suite web --start 2026-11-29T02:00:00Z --end 2026-11-29T04:00:00Z --recurrence FREQ=WEEKLY',
  ]);
  onRun(add, program, async (session) => {
    const given = add.opts();
    const { host, plugin, suite, subnet, label, all, flexible, recurrence, timeZone, comment } =
      given;
    if (!all && [host, plugin, suite, subnet, label].every((one) => one === undefined)) {
      const message = 'give --host, --plugin, --suite, --subnet or --label, or --all for the site.';
      throw new InvalidInput([{ path: '', message }]);
    }
    const ahead = (option: string) => ({ option, now: session.now, isAhead: true });
    const start = readWhen(given['start'], ahead('--start'));
    const duration = flexible === undefined ? undefined : readSpan(String(flexible));
    const body = {
      ...dropMissing({ host, plugin, suite, subnet, labels: label, recurrence, timeZone, comment }),
      ...(given['hostsOnly'] === true ? { allChecks: false } : {}),
      ...(start === undefined ? {} : { start }),
      ...(duration === undefined ? {} : { fixed: false, duration }),
      ...dropMissing({ end: readWhen(given['end'], ahead('--end')) }),
      ...dropMissing({ triggeredBy: given['triggeredBy'], children: given['children'] }),
    };
    const client = await session.connect();
    const downtime = await withNearNames(session, { kind: HOST, name: host ?? '' }, () =>
      client.call('createDowntime', { body }),
    );
    await printObject(session, DOWNTIME, downtime);
  });
}

function readSpan(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidInput([{ path: '--flexible', message: 'must be a duration like 30m.' }]);
}

function dropMissing(values: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
