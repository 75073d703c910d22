/** `ppadm token create|list|revoke`: who may use the API. */

import { type Command, Option } from 'commander';
import { ROLES } from '../../model/access.ts';
import { addExamples, onRun } from '../command-line.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer } from '../objects.ts';
import { TOKEN } from '../observed-kinds.ts';
import { escapeLine } from '../output/escape.ts';
import type { Program } from '../program.ts';
import { readWhen } from '../when.ts';
import { addListOptions, listKind } from './list.ts';

/** Adds `token create`, `token list` and `token revoke`. */
export function defineToken(verb: Command, program: Program): void {
  addExamples(verb, ['ppadm token create dashboard --role viewer', 'ppadm token revoke dashboard']);
  const create = verb
    .command('create <name>')
    .description('create a token and write its secret, which is shown this once')
    .addOption(new Option('--role <role>', 'what it allows').choices([...ROLES]).default('viewer'))
    .option('--expires <when>', 'when it ends: 90d, or 2027-01-01T00:00:00Z; default: never');
  addExamples(create, [
    'ppadm token create dashboard --role viewer --expires 90d',
    'ppadm token create ci --role operator > ci.token',
  ]);
  onRun(create, program, async (session, [name = '']) => {
    const { role, expires } = create.opts();
    const when = { option: '--expires', now: session.now, isAhead: true };
    const expiresAt = readWhen(expires, when) ?? null;
    const client = await session.connect();
    const created = await client.call('createToken', { body: { name, role, expiresAt } });
    session.say(`Created token "${escapeLine(created.name)}". Its secret is shown this once:`);
    await printAnswer(session, created, () => `${escapeLine(created.secret)}\n`);
  });

  const list = verb.command('list').description('list tokens, without their secrets');
  addListOptions(list, TOKEN);
  addExamples(list, ['ppadm token list', 'ppadm token list -o json']);
  onRun(list, program, (session) => listKind(session, TOKEN, list.opts()));

  const revoke = verb.command('revoke <names...>').description('end tokens at once');
  addExamples(revoke, ['ppadm token revoke dashboard', 'ppadm token revoke old1 old2']);
  onRun(revoke, program, async (session, names) => {
    const client = await session.connect();
    for (const name of names) {
      await withNearNames(session, { kind: TOKEN, name }, () =>
        client.call('deleteToken', { path: { token: name } }),
      );
      session.say(`Revoked token "${escapeLine(name)}".`);
    }
  });
}
