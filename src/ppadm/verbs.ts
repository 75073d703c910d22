/** The table of commands. */

import type { DefineCommand } from './program.ts';

/** A verb. Its module is loaded only when it is used, so that help comes at once. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** What people type who know other programs; not shown. */
  readonly aliases?: readonly string[];
  readonly isHidden?: boolean;
  load(): Promise<DefineCommand>;
}

/** Every command, in the order of help. */
export const VERBS: readonly Verb[] = [
  {
    name: 'list',
    summary:
      'list hosts, plugins, suites, subnets, timeperiods, dependencies, checks, workers, ...',
    aliases: ['ls'],
    load: async () => (await import('./commands/list.ts')).defineList,
  },
  {
    name: 'get',
    summary: 'show one host, plugin, suite, subnet, check, worker, ...',
    aliases: ['describe'],
    load: async () => (await import('./commands/get.ts')).defineGet,
  },
  {
    name: 'add',
    summary: 'add a host, plugin, suite, subnet, timeperiod or dependency',
    aliases: ['create', 'new'],
    load: async () => (await import('./commands/add.ts')).defineAdd,
  },
  {
    name: 'edit',
    summary: 'change a host, plugin, suite, subnet, timeperiod or dependency',
    aliases: ['change', 'set', 'update'],
    load: async () => (await import('./commands/edit.ts')).defineEdit,
  },
  {
    name: 'delete',
    summary: 'delete hosts, plugins, suites, subnets, timeperiods or dependencies',
    aliases: ['remove', 'rm', 'del'],
    load: async () => (await import('./commands/delete.ts')).defineDelete,
  },
  {
    name: 'show',
    summary: 'show status, scheduler, workers, stats, availability or perfdata',
    load: async () => (await import('./commands/show.ts')).defineShow,
  },
  {
    name: 'run',
    summary: 'run a check or a discovery now',
    load: async () => (await import('./commands/run.ts')).defineRun,
  },
  {
    name: 'submit',
    summary: 'submit results from outside',
    load: async () => (await import('./commands/submit.ts')).defineSubmit,
  },
  {
    name: 'ack',
    summary: 'say that somebody knows of a problem',
    aliases: ['acknowledge'],
    load: async () => (await import('./commands/acknowledge.ts')).defineAcknowledge,
  },
  {
    name: 'unack',
    summary: 'take that back',
    aliases: ['unacknowledge'],
    load: async () => (await import('./commands/acknowledge.ts')).defineTakeBack,
  },
  {
    name: 'downtime',
    summary: 'plan, list or cancel downtimes',
    aliases: ['downtimes'],
    load: async () => (await import('./commands/downtime.ts')).defineDowntime,
  },
  {
    name: 'comment',
    summary: 'add, list or delete comments',
    aliases: ['comments'],
    load: async () => (await import('./commands/comment.ts')).defineComment,
  },
  {
    name: 'watch',
    summary: 'follow what happens',
    aliases: ['events', 'follow'],
    load: async () => (await import('./commands/watch.ts')).defineWatch,
  },
  {
    name: 'export',
    summary: 'write the whole site as documents',
    load: async () => (await import('./commands/export.ts')).defineExport,
  },
  {
    name: 'apply',
    summary: 'make the site what documents say',
    load: async () => (await import('./commands/apply.ts')).defineApply,
  },
  {
    name: 'audit',
    summary: 'show who changed what',
    load: async () => (await import('./commands/audit.ts')).defineAudit,
  },
  {
    name: 'token',
    summary: 'create, list or revoke tokens',
    aliases: ['tokens'],
    load: async () => (await import('./commands/token.ts')).defineToken,
  },
  {
    name: 'history',
    summary: 'show the kept results of a check',
    load: async () => (await import('./commands/history.ts')).defineHistory,
  },
  {
    name: 'trace',
    summary: 'follow one check through the services',
    load: async () => (await import('./commands/trace.ts')).defineTrace,
  },
  {
    name: 'completion',
    summary: 'write what a shell needs to complete commands and names',
    load: async () => (await import('./commands/completion.ts')).defineCompletion,
  },
  {
    name: 'complete',
    summary: 'write what may come next in a line',
    isHidden: true,
    load: async () => (await import('./commands/completion.ts')).defineComplete,
  },
  {
    name: 'status',
    summary: 'show the totals of the site',
    isHidden: true,
    load: async () => (await import('./commands/show.ts')).defineStatus,
  },
  {
    name: 'ops',
    summary: 'run a check or a discovery now, as the original called it',
    isHidden: true,
    load: async () => (await import('./commands/ops.ts')).defineOps,
  },
  {
    name: 'login',
    summary: 'keep a server and its token for later',
    load: async () => (await import('./commands/login.ts')).defineLogin,
  },
];
