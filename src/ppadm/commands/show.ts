/** `ppadm show status|scheduler|workers|stats|...`: how the site and its services do. */

import type { Command } from 'commander';
import type { StatusJson } from '../../contract/statistics.ts';
import { addExamples, onRun } from '../command-line.ts';
import { printAnswer, refuseNames } from '../objects.ts';
import { JOB, WORKER } from '../observed-kinds.ts';
import { formatPairs } from '../output/details.ts';
import { escapeLine } from '../output/escape.ts';
import { formatNumber, formatTime } from '../output/format.ts';
import type { Program } from '../program.ts';
import { formatDuration } from '../read-values.ts';
import type { Session } from '../session.ts';
import { addListOptions, listKind } from './list.ts';
import { defineShowCheck } from './show-check.ts';
import { defineShowMonitoring, defineShowStats } from './show-stats.ts';

/** Adds `show status`, `show scheduler`, `show workers` and `show stats`. */
export function defineShow(verb: Command, program: Program): void {
  addExamples(verb, ['ppadm show status', 'ppadm show stats --period 1d']);
  const status = verb.command('status').description('totals of the site, and how the services do');
  defineStatus(status, program);

  const scheduler = verb.command('scheduler').description('how the scheduler does, and its jobs');
  addListOptions(scheduler, JOB);
  addExamples(scheduler, ['ppadm show scheduler', 'ppadm show scheduler --host web1']);
  onRun(scheduler, program, async (session) => {
    const isForPeople = session.format === 'table' || session.format === 'wide';
    if (isForPeople) await printScheduler(session);
    await listKind(session, JOB, scheduler.opts());
  });

  const workers = verb.command('workers').description('every violet that was seen');
  addListOptions(workers, WORKER);
  addExamples(workers, ['ppadm show workers', 'ppadm show workers -o wide']);
  onRun(workers, program, (session) => listKind(session, WORKER, workers.opts()));

  defineShowStats(verb, program);
  defineShowCheck(verb, program);
  defineShowMonitoring(verb, program);
}

/** Makes `status` of a command. */
export function defineStatus(command: Command, program: Program): void {
  addExamples(command, ['ppadm show status', 'ppadm show status -o json']);
  onRun(command, program, showStatus);
}

async function showStatus(session: Session): Promise<void> {
  refuseNames(session, 'status');
  const status = await (await session.connect()).call('getStatus');
  await printAnswer(session, status, () => formatStatus(session, status));
}

function formatStatus(session: Session, status: StatusJson): string {
  const { checks, hosts, workers, scheduler, statistics } = status;
  return formatPairs(
    [
      ['Checks', formatChecks(session, checks)],
      ['Hosts', formatHosts(session, hosts)],
      ['Problems', formatProblems(checks)],
      ['Workers', `${workers.connected} connected of ${workers.all}`],
      ...status.problems.map(({ text, since }): [string, string] => [
        'Problem',
        session.palette.state('critical')(`${escapeLine(text)} (since ${formatTime(since)})`),
      ]),
      ['Scheduler', formatScheduler(scheduler)],
      ['Load', `${formatNumber(status.checksPerSecond)} checks a second`],
      ['Database', escapeLine(status.database.address)],
      ['Broker', escapeLine(status.broker.address)],
      ['Statistics', formatStatistics(statistics)],
      ['Version', escapeLine(status.version)],
    ],
    session.palette,
  );
}

async function printScheduler(session: Session): Promise<void> {
  const { scheduler } = await (await session.connect()).call('getStatus');
  session.print(`${formatScheduler(scheduler)}\n\n`);
}

function formatChecks({ palette }: Session, checks: StatusJson['checks']): string {
  const states = ['critical', 'warning', 'unknown', 'pending', 'ok'] as const;
  const counts = states.map((state) => {
    const text = `${checks[state]} ${state}`;
    return checks[state] > 0 ? palette.state(state)(text) : text;
  });
  return `${counts.join(', ')}; ${checks.active} active of ${checks.all}`;
}

function formatHosts({ palette }: Session, hosts: StatusJson['hosts']): string {
  const states = ['down', 'unreachable', 'pending', 'up'] as const;
  const told = states.filter((state) => state === 'up' || hosts[state] > 0);
  const counts = told.map((state) => palette.state(state)(`${hosts[state]} ${state}`));
  return `${counts.join(', ')}; ${hosts.active} active of ${hosts.all}`;
}

function formatStatistics({ driver, problem }: StatusJson['statistics']): string {
  return escapeLine(problem === null ? driver : `${driver}: ${problem}`);
}

function formatProblems({ unhandled, soft }: StatusJson['checks']): string {
  return `${unhandled} unhandled, ${soft} soft`;
}

function formatScheduler(scheduler: StatusJson['scheduler']): string {
  const { active, jobs, requested, missed, lateness } = scheduler;
  const late = lateness === null ? '' : `, ${formatDuration(Math.max(0, lateness))} late`;
  const role = active ? 'active' : 'standing by';
  return `${role}, ${jobs} jobs; ${requested} requested${late}, ${missed} missed`;
}
