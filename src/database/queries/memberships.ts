/** Which suites an object is in, by name outside and by id inside. */

import { sql } from 'kysely';
import { type FieldError, InvalidInput } from '../../model/errors.ts';
import type { Sql } from '../database.ts';
import { isAmong, keepPrepared } from '../prepared.ts';
import { chunksOf } from './upsert.ts';

/** Tables whose members are in suites. */
type MemberKind = 'host' | 'plugin' | 'subnet';

/** The ids of named objects, in the order given. Throws `InvalidInput` that names every unknown one. */
export async function resolveNames(
  { db }: Sql,
  kind: MemberKind | 'suite' | 'timeperiod',
  names: readonly string[],
  path: string,
): Promise<string[]> {
  const idByName = new Map<string, string>();
  for (const chunk of chunksOf(names, 5_000)) {
    const rows = await db
      .selectFrom(kind)
      .select([`${kind}.id`, `${kind}.name`])
      .where(`${kind}.name`, 'in', chunk)
      .execute();
    for (const row of rows) idByName.set(row.name, row.id);
  }
  const errors: FieldError[] = [];
  const ids = names.map((name, index) => {
    const id = idByName.get(name);
    if (id === undefined) {
      errors.push({ path: `${path}/${index}`, message: `there is no ${kind} "${name}"` });
    }
    return id ?? '';
  });
  if (errors.length > 0) throw new InvalidInput(errors);
  return [...new Set(ids)];
}

/** Names of the suites of each member, sorted; members without suites are absent. */
export async function listSuiteNames(
  sql: Sql,
  kind: MemberKind,
  memberIds: readonly string[],
): Promise<Map<string, string[]>> {
  const pairs: { key: string; name: string }[] = [];
  for (const chunk of chunksOf(memberIds, 5_000)) {
    const query = sql.db
      .selectFrom(`${membershipOf(kind)} as membership`)
      .innerJoin('suite', 'suite.id', 'membership.suite_id')
      .select(['membership.member_id as key', 'suite.name'])
      .where(isAmong(sql, 'membership.member_id', chunk))
      .orderBy('suite.name');
    pairs.push(...(await keepPrepared(query).execute()));
  }
  return groupNames(pairs);
}

/** Names of the members of each suite, sorted; suites without members are absent. */
export async function listMemberNames(
  { db, traits }: Sql,
  kind: MemberKind,
  suiteIds: readonly string[],
): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  for (const chunk of chunksOf(suiteIds, 5_000)) {
    const rows = await db
      .selectFrom(`${membershipOf(kind)} as membership`)
      .innerJoin(`${kind as 'host'} as member`, 'member.id', 'membership.member_id')
      .select(['membership.suite_id', JSON_NAMES[traits.kind].as('names')])
      .where('membership.suite_id', 'in', chunk)
      .groupBy('membership.suite_id')
      .execute();
    for (const row of rows) names.set(row.suite_id, (JSON.parse(row.names) as string[]).sort());
  }
  return names;
}

/** A suite can have many thousand members: one text for all of them is read faster than a row for each. */
const JSON_NAMES = {
  sqlite: sql<string>`json_group_array(member.name)`,
  postgres: sql<string>`json_agg(member.name)::text`,
  mariadb: sql<string>`cast(json_arrayagg(member.name) as char)`,
} as const;

/** Ids of the members of one suite. */
export async function listMemberIds(
  { db }: Sql,
  kind: MemberKind,
  suiteId: string,
): Promise<string[]> {
  const table = membershipOf(kind);
  const rows = await db
    .selectFrom(table)
    .select(`${table}.member_id`)
    .where(`${table}.suite_id`, '=', suiteId)
    .execute();
  return rows.map((row) => row.member_id);
}

/** Makes the suites of one member exactly these. */
export async function replaceSuites(
  { db }: Sql,
  kind: MemberKind,
  memberId: string,
  suiteIds: readonly string[],
): Promise<void> {
  const table = membershipOf(kind);
  await db.deleteFrom(table).where(`${table}.member_id`, '=', memberId).execute();
  for (const chunk of chunksOf(suiteIds, 5_000)) {
    const rows = chunk.map((suiteId) => ({ member_id: memberId, suite_id: suiteId }));
    await db.insertInto(table).values(rows).execute();
  }
}

/** Makes the members of one suite exactly these. */
export async function replaceMembers(
  { db }: Sql,
  kind: MemberKind,
  suiteId: string,
  memberIds: readonly string[],
): Promise<void> {
  const table = membershipOf(kind);
  await db.deleteFrom(table).where(`${table}.suite_id`, '=', suiteId).execute();
  for (const chunk of chunksOf(memberIds, 5_000)) {
    const rows = chunk.map((memberId) => ({ member_id: memberId, suite_id: suiteId }));
    await db.insertInto(table).values(rows).execute();
  }
}

/** The membership table of a kind; all three have one shape, so one name stands for them. */
function membershipOf(kind: MemberKind): 'host_suite' {
  return `${kind}_suite` as 'host_suite';
}

function groupNames(pairs: readonly { key: string; name: string }[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { key, name } of pairs) {
    const group = names.get(key);
    if (group) group.push(name);
    else names.set(key, [name]);
  }
  return names;
}
