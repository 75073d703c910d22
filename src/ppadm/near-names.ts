/** A name that is not there -> the names that may have been meant. */

import { type Client, ProblemAnswer } from '../contract/client.ts';
import { findNear } from '../lib/near-names.ts';
import { Missing } from './exit-code.ts';
import type { Kind } from './kind.ts';
import { fetchList, MAX_PAGE_SIZE, nameOf } from './listing.ts';
import type { Session } from './session.ts';

/**
 * Runs `task`; when the server says that `name` is not there, of the path or of what was sent, throws
 * `Missing`, with names that are near it.
 */
export async function withNearNames<Result>(
  session: Session,
  { kind, name }: { readonly kind: Kind; readonly name: string },
  task: () => Promise<Result>,
): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof ProblemAnswer) || !saysMissing(error, kind)) throw error;
    const names = await listNames(await session.connect(), kind, name);
    // Nothing is listed either: this is no ppalette, and its own answer says more.
    if (names === undefined) throw error;
    // It is there, or was not named, so what is missing is something of it.
    if (name === '' || names.includes(name)) throw error;
    throw new Missing(kind.name, name, sayHint(kind, findNear(name, names)));
  }
}

/** In a path or, as a part of what was sent, in words about its field. */
function saysMissing({ status, problem }: ProblemAnswer, kind: Kind): boolean {
  if (status === 404) return true;
  const fields = kind.key.map(({ parameter }) => `/${parameter}`);
  return status === 422 && (problem.errors ?? []).some(({ path }) => fields.includes(path));
}

/** Names to compare with: all if there are few, else those that begin or end like the wanted one. */
async function listNames(client: Client, kind: Kind, name: string): Promise<string[] | undefined> {
  const list = async (query: Readonly<Record<string, string>>) => {
    const options = { query, limit: MAX_PAGE_SIZE, pageSize: MAX_PAGE_SIZE };
    const { items, isComplete } = await fetchList(client, kind, options);
    return { names: items.map((item) => nameOf(kind, item)), isComplete };
  };
  try {
    const all = await list({});
    if (all.isComplete) return all.names;
    const parts = kind.key.length > 1 ? name.split('/') : [name.slice(0, 3), name.slice(-3)];
    const lists = await Promise.all(parts.map((q) => list({ q })));
    return lists.flatMap(({ names }) => names);
  } catch {
    // The names are a courtesy; what went wrong first is what counts.
    return undefined;
  }
}

function sayHint(kind: Kind, names: readonly string[]): string {
  if (names.length === 0) return `"ppadm list ${kind.plural}" shows all.`;
  const quoted = names.map((name) => `"${name}"`);
  const last = quoted.pop();
  return `Did you mean ${quoted.length > 0 ? `${quoted.join(', ')} or ${last}` : last}?`;
}
