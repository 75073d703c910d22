/** `ppadm comment add|list|show|delete`: what people note on hosts and checks. */

import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import { addExamples, onRun } from '../command-line.ts';
import { COMMENT } from '../maintenance-kinds.ts';
import { withNearNames } from '../near-names.ts';
import { printObject } from '../objects.ts';
import { escapeLine } from '../output/escape.ts';
import type { Program } from '../program.ts';
import { kindOf, readSubject } from '../subjects.ts';
import { addListOptions, listKind } from './list.ts';

/** Adds `comment add`, `list`, `show` and `delete`. */
export function defineComment(verb: Command, program: Program): void {
  addExamples(verb, [
    "ppadm comment add web1 disk 'the new disk comes on Friday'",
    'ppadm comment list --host web1',
  ]);
  defineAdd(verb, program);

  const list = verb.command('list').description('list comments, the newest first');
  addListOptions(list, COMMENT);
  addExamples(list, ['ppadm comment list --host web1', 'ppadm comment list --kind user']);
  onRun(list, program, (session) => listKind(session, COMMENT, list.opts()));

  const show = verb.command('show <id>').description('show one comment');
  addExamples(show, ['ppadm comment show 0b6f2c1e-6a0e-4d7c-8a53-0c1d2e3f4a5b']);
  onRun(show, program, async (session, [id = '']) => {
    const client = await session.connect();
    const comment = await client.call('getComment', { path: { comment: id } });
    await printObject(session, COMMENT, comment);
  });

  const remove = verb.command('delete <ids...>').description('delete comments');
  addExamples(remove, ['ppadm comment delete 0b6f2c1e-6a0e-4d7c-8a53-0c1d2e3f4a5b']);
  onRun(remove, program, async (session, ids) => {
    const client = await session.connect();
    for (const id of ids) {
      await client.call('deleteComment', { path: { comment: id } });
      session.say(`Deleted the comment ${escapeLine(id)}.`);
    }
  });
}

function defineAdd(verb: Command, program: Program): void {
  const add = verb
    .command('add')
    .description('note something on a host or a check')
    .argument('<host>', 'the host, or HOST/PLUGIN')
    .argument('<words...>', 'the plugin, if it is not on the host itself; then what is noted')
    .usage('<host> [plugin] <text>');
  addExamples(add, [
    "ppadm comment add web1 disk 'the new disk comes on Friday'",
    "ppadm comment add web1 'stands in rack 3'",
  ]);
  onRun(add, program, async (session, args) => {
    if (args.length > 3) {
      const message = 'is one word to the shell: put it in quotes.';
      throw new InvalidInput([{ path: 'the text', message }]);
    }
    const subject = readSubject(args.slice(0, -1));
    const text = args.at(-1) ?? '';
    const { name, path } = subject;
    const body = { host: '', ...path, text };
    const client = await session.connect();
    const comment = await withNearNames(session, { kind: kindOf(subject), name }, () =>
      client.call('createComment', { body }),
    );
    if (session.format !== 'table') return printObject(session, COMMENT, comment);
    session.say(`Noted on ${escapeLine(name)} as ${comment.id}.`);
  });
}
