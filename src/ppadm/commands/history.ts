/** `ppadm history HOST [PLUGIN]`: kept results of a check or host and its states, newest first. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { HistoryJson } from '../../contract/checks.ts';
import type { HostHistoryJson } from '../../contract/host-states.ts';
import { formatInstant, parseInstant } from '../../lib/instant.ts';
import { addExamples, onRun } from '../command-line.ts';
import { readCount } from '../field-options.ts';
import type { Column } from '../kind.ts';
import { formatItems, MAX_PAGE_SIZE } from '../listing.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer, refuseNames } from '../objects.ts';
import { formatTime, NOTHING } from '../output/format.ts';
import type { Program } from '../program.ts';
import { parseNames } from '../read-values.ts';
import type { Session } from '../session.ts';
import { kindOf, readSubject, type Subject } from '../subjects.ts';
import { readWhen } from '../when.ts';

const DEFAULT_LIMIT = 50;
const KINDS = ['results', 'states'];

type Entry = (HistoryJson | HostHistoryJson)['items'][number];

const RESULT_COLUMNS: readonly Column[] = [
  { title: 'STARTED', field: 'startedAt' },
  { title: 'STATE', field: 'state', format: 'state' },
  { title: 'TOOK', field: 'executionTime', format: 'seconds' },
  { title: 'LATENCY', field: 'latency', format: 'seconds', isWide: true },
  { title: 'CODE', field: 'exitCode', isWide: true },
  { title: 'WORKER', field: 'worker', isWide: true },
  { title: 'OUTPUT', field: 'output', isFlexible: true },
];
const STATE_COLUMNS: readonly Column[] = [
  { title: 'FROM', field: 'from' },
  { title: 'TO', field: 'to' },
  { title: 'STATE', field: 'state', format: 'state' },
  { title: 'OUTPUT', field: 'output', isFlexible: true },
];
const MIXED_COLUMNS: readonly Column[] = [
  { title: 'AT', field: 'at' },
  { title: 'KIND', field: 'kind' },
  { title: 'STATE', field: 'state', format: 'state' },
  { title: 'OUTPUT', field: 'output', isFlexible: true },
];

interface Span {
  readonly kinds: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly limit: number;
}

/** Makes `history` of the verb. */
export function defineHistory(verb: Command, program: Program): void {
  verb
    .arguments('<host> [plugin]')
    .option('--from <when>', 'not before: 2026-11-23T10:00:00Z, or 2h for two hours ago')
    .option('--to <when>', 'before')
    .addOption(
      new Option('--kind <kinds>', 'results, states (stretches of one state), or both with a comma')
        .argParser(readKinds)
        .default('results'),
    )
    .addOption(
      new Option('--limit <n>', 'the most entries').argParser(readCount).default(DEFAULT_LIMIT),
    );
  addExamples(verb, [
    'ppadm history web1 ping',
    'ppadm history web1 ping --kind states',
    'ppadm history web1 --kind states   # of the host itself',
    'ppadm history web1 ping --from 1d --limit 1000 -o json',
    'ppadm history web1 ping --from 2026-11-23T10:00:00Z --to 2026-11-23T11:00:00Z',
  ]);
  onRun(verb, program, async (session, args) => {
    const { from, to, limit, kind } = verb.opts();
    const span = {
      kinds: String(kind),
      from: readWhen(from, { option: '--from', now: session.now }),
      to: readWhen(to, { option: '--to', now: session.now }),
      limit: Number(limit),
    };
    await showHistory(session, readSubject(args), span);
  });
}

function readKinds(text: string): string {
  const kinds = parseNames(text.toLowerCase());
  if (kinds.length > 0 && kinds.every((kind) => KINDS.includes(kind))) return kinds.join(',');
  throw new InvalidArgumentError(`It must be of: ${KINDS.join(', ')}.`);
}

async function showHistory(session: Session, subject: Subject, span: Span) {
  refuseNames(session, 'history');
  const { name, path } = subject;
  const entries = await withNearNames(session, { kind: kindOf(subject), name }, () =>
    fetchHistory(session, subject, span),
  );
  await printAnswer(session, entries, () =>
    formatItems(session, columnsOf(span.kinds), entries.map(toRow)),
  );
  if (entries.length > 0) return;
  const host = path['host'];
  const remedy = `They are kept of hosts with history: ppadm edit host ${host} --history on.`;
  session.say(
    span.kinds === 'results' ? `No such results. ${remedy}` : 'There is no such history.',
  );
}

function columnsOf(kinds: string): readonly Column[] {
  if (kinds === 'results') return RESULT_COLUMNS;
  return kinds === 'states' ? STATE_COLUMNS : MIXED_COLUMNS;
}

function toRow(entry: Entry) {
  if (entry.kind === 'result') {
    const startedAt = formatTime(entry.startedAt);
    return { ...entry, startedAt, at: startedAt };
  }
  const from = formatTime(entry.from);
  return { ...entry, from, to: entry.to === null ? NOTHING : formatTime(entry.to), at: from };
}

/**
 * Part after part. Entries of one instant may lie on both sides of a cut, so those of a part's last
 * instant are asked for again with the next.
 */
async function fetchHistory(
  session: Session,
  { kind: what, path }: Subject,
  { kinds, from, to, limit }: Span,
): Promise<Entry[]> {
  const client = await session.connect();
  const kind = kinds === 'results' ? undefined : kinds;
  const entries: Entry[] = [];
  let before = to;
  for (;;) {
    const size = Math.min(MAX_PAGE_SIZE, limit - entries.length);
    const query = { from, to: before, kind, limit: String(size) };
    const { items }: { items: readonly Entry[] } =
      what === 'host'
        ? await client.call('getHostHistory', { path, query })
        : await client.call('getCheckHistory', { path, query });
    const lastAt = instantOf(items.at(-1));
    if (items.length < size || entries.length + items.length >= limit || Number.isNaN(lastAt)) {
      return [...entries, ...items].slice(0, limit);
    }
    const newer = items.filter((item) => instantOf(item) > lastAt);
    entries.push(...(newer.length > 0 ? newer : items));
    before = formatInstant(newer.length > 0 ? lastAt + 1 : lastAt);
  }
}

function instantOf(entry: Entry | undefined): number {
  if (entry === undefined) return Number.NaN;
  return parseInstant(entry.kind === 'state' ? entry.from : entry.scheduledAt);
}
