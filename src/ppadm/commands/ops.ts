/** `ppadm ops singlecheck|discovery`, as the original called them; the present names are in run.ts. */

import type { Command } from 'commander';
import { addExamples, onRun } from '../command-line.ts';
import type { Program } from '../program.ts';
import { runCheck, runDiscovery } from './run.ts';

/** Adds `ops singlecheck` and `ops discovery`. */
export function defineOps(verb: Command, program: Program): void {
  addExamples(verb, [
    'ppadm ops singlecheck --plugin ping --hostip 10.0.0.1      # ppadm run check',
    'ppadm ops discovery --subnet office                        # ppadm run discovery',
  ]);
  const check = verb
    .command('singlecheck')
    .description('run one check: ppadm run check')
    .requiredOption('--plugin <name>', 'which plugin')
    .requiredOption('--hostip <host>', 'on which host, by address or name')
    .option('--wait', 'wait for the result and show it');
  addExamples(check, [
    'ppadm ops singlecheck --plugin ping --hostip 10.0.0.1',
    'ppadm ops singlecheck --plugin ping --hostip web1 --wait',
  ]);
  onRun(check, program, (session) => {
    const { plugin, hostip, wait } = check.opts();
    return runCheck(session, [String(hostip), String(plugin)], wait === true);
  });

  const discovery = verb
    .command('discovery')
    .description('search a subnet: ppadm run discovery')
    .requiredOption('--subnet <name>', 'which subnet')
    .option('--wait', 'wait for its end and show what was found');
  addExamples(discovery, [
    'ppadm ops discovery --subnet office',
    'ppadm ops discovery --subnet office --wait',
  ]);
  onRun(discovery, program, (session) => {
    const { subnet, wait } = discovery.opts();
    return runDiscovery(session, String(subnet), wait === true);
  });
}
