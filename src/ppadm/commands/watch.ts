/** `ppadm watch`: what happens, as it happens; on a terminal with the problems there are. */

import { type Command, Option } from 'commander';
import type { EventJson } from '../../contract/events.ts';
import { formatInstant } from '../../lib/instant.ts';
import { CHECK_STATES } from '../../model/check.ts';
import { HOST_STATES } from '../../model/host-state.ts';
import { addExamples, onRun } from '../command-line.ts';
import { createEventParser } from '../event-stream.ts';
import { EXIT, explainFailure } from '../exit-code.ts';
import { addFilterOptions, readFilters } from '../field-options.ts';
import type { Item, Kind } from '../kind.ts';
import { formatItems } from '../listing.ts';
import { CHECK } from '../observed-kinds.ts';
import { escapeLine } from '../output/escape.ts';
import { formatTime } from '../output/format.ts';
import { cutToWidth } from '../output/width.ts';
import type { Program } from '../program.ts';
import type { Session } from '../session.ts';

const DEFAULT_TYPES = 'stateChange,configuration,worker,discovery';
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** Ids remembered, since events may come again after a reconnection. */
const MAX_IDS = 10_000;
const REDRAW = '\u001b[H\u001b[J';
const DEFAULT_ROWS = 24;
const DEFAULT_COLUMNS = 80;

const STATES: readonly string[] = [...CHECK_STATES, ...HOST_STATES, 'pending'];

/** Checks and hosts themselves: both have events. */
const WATCHED: Kind = {
  ...CHECK,
  filters: CHECK.filters.map((filter) =>
    filter.query === 'state'
      ? { ...filter, words: STATES, help: `only in these states: ${STATES.join(',')}` }
      : filter,
  ),
};

/** Makes `watch` of the verb. */
export function defineWatch(verb: Command, program: Program): void {
  addFilterOptions(verb, WATCHED);
  verb.addOption(
    new Option(
      '--type <types>',
      'checkResult, stateChange, configuration, worker, discovery',
    ).default(DEFAULT_TYPES, 'all but checkResult'),
  );
  addExamples(verb, [
    'ppadm watch',
    'ppadm watch --suite web --type stateChange',
    'ppadm watch --state down,unreachable',
    'ppadm watch -o json | jq .to      # a line for each event',
  ]);
  onRun(verb, program, (session) => {
    const filters = readFilters(WATCHED, verb.opts(), session.surroundings.clock.now());
    return watch(session, { ...filters, type: String(verb.opts()['type']) });
  });
}

async function watch(session: Session, query: Readonly<Record<string, string>>): Promise<void> {
  const client = await session.connect();
  const show = createView(session, query);
  const seen = new Set<string>();
  let lastId = '';
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      const headers: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId };
      const { signal } = new AbortController();
      const stream = await client.stream('streamEvents', { query, headers, signal });
      await show(null);
      pauseMs = FIRST_PAUSE_MS;
      const parse = createEventParser();
      for await (const text of stream) {
        for (const { id, data } of parse(text)) {
          lastId = id;
          if (data === null) continue;
          const key = `${id} ${data}`;
          if (seen.has(key)) continue;
          seen.add(key);
          if (seen.size > MAX_IDS) seen.clear();
          await show(JSON.parse(data) as EventJson);
        }
      }
      session.say('The stream ended; following again.');
    } catch (error) {
      const { exitCode, lines } = explainFailure(error);
      if (exitCode !== EXIT.unreachable || lastId === '') throw error;
      session.say(`${lines.join(' ')} Trying again in ${pauseMs / 1_000} s.`);
    }
    await session.pause(pauseMs);
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  }
}

/** A function that shows the next event; null = nothing has happened yet. */
function createView(
  session: Session,
  query: Readonly<Record<string, string>>,
): (event: EventJson | null) => Promise<void> {
  const { output } = session.surroundings;
  if (session.format === 'json' || !output.isTerminal) {
    return async (event) => {
      if (event === null) return;
      session.print(
        session.format === 'json' ? `${JSON.stringify(event)}\n` : `${formatEvent(event)}\n`,
      );
    };
  }
  const recent: string[] = [];
  return async (event) => {
    if (event !== null) recent.push(formatEvent(event));
    const rows = output.rows ?? DEFAULT_ROWS;
    const width = (output.columns ?? DEFAULT_COLUMNS) - 1;
    const limit = Math.max(1, Math.floor(rows / 2) - 3);
    const problems = await formatProblems(session, query, limit);
    const used = problems.split('\n').length + 2;
    const room = Math.max(1, rows - used - 1);
    recent.splice(0, Math.max(0, recent.length - room));
    const events = recent.map((line) => `${cutToWidth(line, width)}\n`).join('');
    session.print(`${REDRAW}${problems}\n${events}`);
  };
}

/** The checks that are a problem now, as far as the filters are of checks. */
async function formatProblems(
  session: Session,
  { type: _type, state, ...filters }: Readonly<Record<string, string>>,
  limit: number,
): Promise<string> {
  const ofHosts: readonly string[] = HOST_STATES;
  const states = state?.split(',').filter((name) => !ofHosts.includes(name));
  if (states?.length === 0) return '';
  const { items, total } = await (await session.connect()).call('listChecks', {
    query: {
      ...{ problem: 'true', ...filters, limit: String(limit), sort: 'host,plugin' },
      state: states?.join(),
    },
  });
  const problems = formatItems(session, CHECK.columns, items as readonly Item[]);
  const more = total > items.length ? `... and ${total - items.length} more\n` : '';
  const now = formatTime(formatInstant(session.surroundings.clock.now()));
  return `${total} ${total === 1 ? 'problem' : 'problems'} at ${now}\n\n${problems}${more}`;
}

function formatEvent(event: EventJson): string {
  const words = wordsOf(event).map((word) => escapeLine(word));
  return `${formatTime(event.at)}  ${words.join('  ')}`;
}

function wordsOf(event: EventJson): string[] {
  switch (event.type) {
    case 'stateChange':
      return [nameOf(event), `${event.from} -> ${event.to}`, event.output];
    case 'checkResult': {
      const shown = 'check' in event ? event.check : event.hostState;
      return [nameOf(shown), shown.state, shown.output];
    }
    case 'configuration':
      return [`${event.kind} ${event.name}`, `${event.action} by ${event.actor}`];
    case 'worker':
      return [`worker ${event.worker}`, event.status];
    case 'problem':
      return [`problem ${event.kind} ${event.subject}`, event.action];
    case 'dropped':
      return ['events were left out', event.reason];
    default:
      return [event.type, JSON.stringify(event)];
  }
}

/** Of a check, or of a host itself. */
function nameOf({ host, plugin }: { readonly host: string; readonly plugin?: string }): string {
  return plugin === undefined ? host : `${host}/${plugin}`;
}
