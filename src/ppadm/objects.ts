/** One object of the API: read, and written in the session's format. */

import { assertNever } from '../lib/assert.ts';
import { InvalidInput } from '../model/errors.ts';
import type { Item, Kind } from './kind.ts';
import { nameOf, printYaml } from './listing.ts';
import { withNearNames } from './near-names.ts';
import { formatDetails } from './output/details.ts';
import { escapeLine } from './output/escape.ts';
import { formatJson } from './output/json.ts';
import type { Session } from './session.ts';

/** Reads an object by the parameters of its path. Throws `Missing` with names that are near. */
export function fetchObject(
  session: Session,
  kind: Kind & { readonly get: NonNullable<Kind['get']> },
  path: Readonly<Record<string, string>>,
): Promise<Item> {
  const name = Object.values(path).join('/');
  return withNearNames(session, { kind, name }, async () =>
    (await session.connect()).call(kind.get, { path }),
  );
}

/** Writes an object. As a table it is one line for each field. */
export async function printObject(session: Session, kind: Kind, item: Item): Promise<void> {
  switch (session.format) {
    case 'json':
      return session.print(formatJson(item));
    case 'yaml':
      return printYaml(session, item);
    case 'name':
      return session.print(`${escapeLine(nameOf(kind, item))}\n`);
    case 'table':
    case 'wide':
      // The command may have waited for what it shows.
      return session.print(
        formatDetails(item, kind, {
          palette: session.palette,
          now: session.surroundings.clock.now(),
        }),
      );
    default:
      return assertNever(session.format);
  }
}

/** Throws `InvalidInput` for `-o name` of what has no names. */
export function refuseNames({ format }: Session, what: string): void {
  if (format !== 'name') return;
  const message = `${what} has no names to show; take table, json or yaml.`;
  throw new InvalidInput([{ path: '--output', message }]);
}

/** Writes an answer that is no object with a name; `formatText` lays it out for people. */
export async function printAnswer(
  session: Session,
  answer: unknown,
  formatText: () => string,
): Promise<void> {
  if (session.format === 'json') return session.print(formatJson(answer));
  if (session.format === 'yaml') return printYaml(session, answer);
  session.print(formatText());
}

/** Writes an object that was just changed: words for people, the object for scripts. */
export async function printChanged(
  session: Session,
  { verb, kind, item }: { readonly verb: string; readonly kind: Kind; readonly item: Item },
): Promise<void> {
  const isForPeople = session.format === 'table' || session.format === 'wide';
  if (!isForPeople) return printObject(session, kind, item);
  session.say(`${verb} ${kind.name} "${escapeLine(nameOf(kind, item))}".`);
}
