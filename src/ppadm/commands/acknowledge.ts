/** `ppadm ack` and `ppadm unack`: that somebody knows of a problem. */

import type { Command } from 'commander';
import { addExamples, onRun } from '../command-line.ts';
import { readPath } from '../names.ts';
import { withNearNames } from '../near-names.ts';
import { printObject } from '../objects.ts';
import { CHECK } from '../observed-kinds.ts';
import { escapeLine } from '../output/escape.ts';
import type { Program } from '../program.ts';
import { readWhen } from '../when.ts';

/** Makes `ack` of the verb. */
export function defineAcknowledge(verb: Command, program: Program): void {
  verb
    .argument('<host>', 'the host, or HOST/PLUGIN')
    .argument('[plugin]', 'the plugin')
    .option('-m, --comment <text>', 'what is being done')
    .option('--sticky', 'until the problem is over, not only until it changes')
    .option('--quiet-start', 'tell nobody of the acknowledgement')
    .option('--persistent', 'keep the comment when it ends')
    .option('--expires <when>', 'when it ends: 4h, or 2026-11-23T18:00:00Z; default: never');
  addExamples(verb, [
    "ppadm ack web1 disk -m 'new disk is ordered' --sticky",
    'ppadm ack web1/disk --expires 4h',
  ]);
  onRun(verb, program, async (session, args) => {
    const { comment = '', sticky = false, persistent = false, quietStart, expires } = verb.opts();
    const when = { option: '--expires', now: session.now, isAhead: true };
    const expiresAt = readWhen(expires, when) ?? null;
    const path = readPath(CHECK, args);
    const body = { comment, sticky, persistent, notify: quietStart !== true, expiresAt };
    const client = await session.connect();
    const name = Object.values(path).join('/');
    const check = await withNearNames(session, { kind: CHECK, name }, () =>
      client.call('acknowledgeCheck', { path, body }),
    );
    if (session.format !== 'table') return printObject(session, CHECK, check);
    session.say(`Acknowledged ${escapeLine(name)}, which is ${check.state}.`);
  });
}

/** Makes `unack` of the verb. */
export function defineTakeBack(verb: Command, program: Program): void {
  verb.argument('<host>', 'the host, or HOST/PLUGIN').argument('[plugin]', 'the plugin');
  addExamples(verb, ['ppadm unack web1 disk']);
  onRun(verb, program, async (session, args) => {
    const path = readPath(CHECK, args);
    const name = Object.values(path).join('/');
    const client = await session.connect();
    await withNearNames(session, { kind: CHECK, name }, () =>
      client.call('removeAcknowledgement', { path }),
    );
    session.say(`Took back the acknowledgement of ${escapeLine(name)}.`);
  });
}
