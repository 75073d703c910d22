/** `ppadm history HOST PLUGIN`: the kept results of a check, newest first. */

import { type Command, Option } from 'commander';
import type { ResultJson } from '../../contract/checks.ts';
import { formatInstant, parseInstant } from '../../lib/instant.ts';
import { InvalidInput } from '../../model/errors.ts';
import { addExamples, onRun } from '../command-line.ts';
import { readCount } from '../field-options.ts';
import type { Column } from '../kind.ts';
import { formatItems, MAX_PAGE_SIZE } from '../listing.ts';
import { readPath } from '../names.ts';
import { withNearNames } from '../near-names.ts';
import { printAnswer, refuseNames } from '../objects.ts';
import { CHECK } from '../observed-kinds.ts';
import { formatTime } from '../output/format.ts';
import type { Program } from '../program.ts';
import { parseDuration } from '../read-values.ts';
import type { Session } from '../session.ts';

const DEFAULT_LIMIT = 50;

const COLUMNS: readonly Column<keyof ResultJson>[] = [
  { title: 'STARTED', field: 'startedAt' },
  { title: 'STATE', field: 'state', format: 'state' },
  { title: 'TOOK', field: 'executionTime', format: 'seconds' },
  { title: 'LATENCY', field: 'latency', format: 'seconds', isWide: true },
  { title: 'CODE', field: 'exitCode', isWide: true },
  { title: 'WORKER', field: 'worker', isWide: true },
  { title: 'OUTPUT', field: 'output', isFlexible: true },
];

interface Span {
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
      new Option('--limit <n>', 'the most results').argParser(readCount).default(DEFAULT_LIMIT),
    );
  addExamples(verb, [
    'ppadm history web1 ping',
    'ppadm history web1 ping --from 1d --limit 1000 -o json',
    'ppadm history web1 ping --from 2026-11-23T10:00:00Z --to 2026-11-23T11:00:00Z',
  ]);
  onRun(verb, program, async (session, args) => {
    const { from, to, limit } = verb.opts();
    const span = {
      from: readWhen('--from', from, session.now),
      to: readWhen('--to', to, session.now),
      limit: Number(limit),
    };
    await showHistory(session, readPath(CHECK, args), span);
  });
}

async function showHistory(session: Session, path: Record<string, string>, span: Span) {
  refuseNames(session, 'history');
  const name = Object.values(path).join('/');
  const results = await withNearNames(session, { kind: CHECK, name }, () =>
    fetchHistory(session, path, span),
  );
  await printAnswer(session, results, () => {
    const rows = results.map((result) => ({ ...result, startedAt: formatTime(result.startedAt) }));
    return formatItems(session, COLUMNS, rows);
  });
  if (results.length > 0) return;
  const host = path['host'];
  session.say(
    `No such results. They are kept of hosts with history: ppadm edit host ${host} --history on.`,
  );
}

/** The next part begins before the oldest result of the last; no two are of the same instant. */
async function fetchHistory(
  session: Session,
  path: Record<string, string>,
  { from, to, limit }: Span,
): Promise<ResultJson[]> {
  const client = await session.connect();
  const results: ResultJson[] = [];
  let before = to;
  while (results.length < limit) {
    const size = Math.min(MAX_PAGE_SIZE, limit - results.length);
    const query = { from, to: before, limit: String(size) };
    const { items } = await client.call('getCheckHistory', { path, query });
    const page = items.filter((item) => item.kind === 'result');
    results.push(...page);
    const oldest = page.at(-1)?.scheduledAt;
    if (items.length < size || oldest === undefined || oldest === before) break;
    before = oldest;
  }
  return results.slice(0, limit);
}

/** An instant as the API takes it. Throws `InvalidInput`. */
function readWhen(option: string, text: unknown, now: number): string | undefined {
  if (typeof text !== 'string') return undefined;
  if (!Number.isNaN(parseInstant(text))) return text;
  const seconds = parseDuration(text);
  if (seconds !== undefined) return formatInstant(now - seconds * 1_000);
  const message = 'must be an instant like 2026-11-23T10:00:00Z, or a duration like 2h.';
  throw new InvalidInput([{ path: option, message }]);
}
