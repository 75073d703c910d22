/** `ppadm ack` and `ppadm unack`: that somebody knows of a problem. */

import type { Command } from 'commander';
import { addExamples, onRun } from '../command-line.ts';
import { withNearNames } from '../near-names.ts';
import { printObject } from '../objects.ts';
import { CHECK, HOST_STATE } from '../observed-kinds.ts';
import { escapeLine } from '../output/escape.ts';
import type { Program } from '../program.ts';
import { kindOf, readSubject } from '../subjects.ts';
import { readWhen } from '../when.ts';

/** Makes `ack` of the verb. */
export function defineAcknowledge(verb: Command, program: Program): void {
  verb
    .argument('<host>', 'the host, or HOST/PLUGIN')
    .argument('[plugin]', 'the plugin; left out: the host itself')
    .option('-m, --comment <text>', 'what is being done')
    .option('--sticky', 'until the problem is over, not only until it changes')
    .option('--quiet-start', 'tell nobody of the acknowledgement')
    .option('--persistent', 'keep the comment when it ends')
    .option('--expires <when>', 'when it ends: 4h, or 2026-11-23T18:00:00Z; default: never');
  addExamples(verb, [
    "ppadm ack web1 disk -m 'new disk is ordered' --sticky",
    'ppadm ack web1/disk --expires 4h',
    "ppadm ack web1 -m 'in repair'   # the host itself",
  ]);
  onRun(verb, program, async (session, args) => {
    const { comment = '', sticky = false, persistent = false, quietStart, expires } = verb.opts();
    const when = { option: '--expires', now: session.now, isAhead: true };
    const expiresAt = readWhen(expires, when) ?? null;
    const subject = readSubject(args);
    const { name, path } = subject;
    const body = { comment, sticky, persistent, notify: quietStart !== true, expiresAt };
    const client = await session.connect();
    const route = subject.kind === 'host' ? 'acknowledgeHost' : 'acknowledgeCheck';
    const item = await withNearNames(session, { kind: kindOf(subject), name }, () =>
      client.call<'acknowledgeHost' | 'acknowledgeCheck'>(route, { path, body }),
    );
    const kind = subject.kind === 'host' ? HOST_STATE : CHECK;
    if (session.format !== 'table') return printObject(session, kind, item);
    session.say(`Acknowledged ${escapeLine(name)}, which is ${item.state}.`);
  });
}

/** Makes `unack` of the verb. */
export function defineTakeBack(verb: Command, program: Program): void {
  verb
    .argument('<host>', 'the host, or HOST/PLUGIN')
    .argument('[plugin]', 'the plugin; left out: the host itself');
  addExamples(verb, ['ppadm unack web1 disk', 'ppadm unack web1']);
  onRun(verb, program, async (session, args) => {
    const subject = readSubject(args);
    const { name, path } = subject;
    const client = await session.connect();
    const route = subject.kind === 'host' ? 'removeHostAcknowledgement' : 'removeAcknowledgement';
    await withNearNames(session, { kind: kindOf(subject), name }, () =>
      client.call(route, { path }),
    );
    session.say(`Took back the acknowledgement of ${escapeLine(name)}.`);
  });
}
