/** Comments on every database; a part of the contract in `database.contract.ts`. */

import { randomUUID } from 'node:crypto';
import type { Insertable } from 'kysely';
import { expect, test } from 'vitest';
import { addCheck, deleteHost } from '../../test/site.ts';
import type { Database } from './database.ts';
import { writeBatch } from './queries/check-states.ts';
import {
  deleteAcknowledgementComments,
  deleteComment,
  findComment,
  insertComment,
  listComments,
} from './queries/comments.ts';
import { noteToldChecks } from './queries/downtime-checks.ts';
import { insertDowntime } from './queries/downtimes.ts';
import type { CheckMemoryTable } from './schema.ts';

const NOW = 1_000_000;

/** Adds the tests; `open` gives the database once they run. */
export function testComments(open: () => Database): void {
  const note = async (
    checkId: number,
    facts: Partial<Parameters<typeof insertComment>[1]> = {},
  ): Promise<string> => {
    const id = randomUUID();
    const plain = { id, checkId, kind: 'user', author: 'anna', text: 'noted' } as const;
    await insertComment(open(), { ...plain, isPersistent: true, createdAt: NOW, ...facts });
    return id;
  };
  const list = async (host: string, now = NOW) => {
    const page = { limit: 50, cursor: null, sort: [] };
    return (await listComments(open(), page, { filters: { host }, now })).items;
  };
  const remember = (
    checkId: number,
    facts: Partial<Insertable<CheckMemoryTable>>,
    revision: number,
  ) => {
    const plain: Insertable<CheckMemoryTable> = {
      ...({ check_id: checkId, is_flapping: 0, flap_percent: 0, is_acknowledged: 0 } as const),
      ...({ is_in_downtime: 0, is_measured: 1, is_silence_expected: 0 } as const),
      ...{ memory: '', revision },
      ...{ stale_since: null, next_change_at: null, waits_until: null, flapping_since: null },
    };
    return open().transaction((sql) => writeBatch(sql, { memories: [{ ...plain, ...facts }] }));
  };

  test('comments come newest first, and go with their check', async () => {
    const { checkId, hostId } = await addCheck(open(), 'noted');
    const old = await note(checkId, { createdAt: NOW - 1 });
    const id = await note(checkId);
    expect(await list('noted')).toMatchObject([
      { id, kind: 'user', host: 'noted', plugin: 'noted', author: 'anna', text: 'noted' },
      { id: old },
    ]);
    expect(await deleteComment(open(), old)).toBe(true);
    expect(await deleteComment(open(), old)).toBe(false);
    await deleteHost(open(), hostId);
    expect(await findComment(open(), id, NOW)).toBeUndefined();
  });

  test('that of an acknowledgement is there while it stands, or for good if persistent', async () => {
    const { checkId } = await addCheck(open(), 'known');
    const kind = 'acknowledgement';
    const id = await note(checkId, { kind, isPersistent: false });
    expect(await list('known')).toEqual([]);
    const standing = {
      is_acknowledged: 1 as const,
      memory: `{"acknowledgement":{"id":"${id}","x":1}}`,
    };
    await remember(checkId, standing, 1);
    expect(await list('known')).toMatchObject([{ id, kind }]);
    const other = `{"acknowledgement":{"id":"${randomUUID()}"},"settledIds":["${id}"]}`;
    await remember(checkId, { is_acknowledged: 1, memory: other }, 2);
    expect(await list('known')).toEqual([]);
    const kept = await note(checkId, { kind });
    expect(await list('known')).toMatchObject([{ id: kept }]);
    await deleteAcknowledgementComments(open(), { checkId, before: NOW + 1 });
    await remember(checkId, standing, 3);
    expect(await list('known')).toMatchObject([{ id: kept }]);
  });

  test('that of a downtime is there until it is over, of flapping while it lasts', async () => {
    const { checkId, hostId } = await addCheck(open(), 'planned');
    const id = randomUUID();
    await insertDowntime(open(), {
      ...{ id, hostId, pluginId: null, suiteId: null, subnetId: null, labels: '' },
      ...{ allChecks: true, startAt: NOW, endAt: NOW + 10, isFixed: false, durationMs: 50 },
      ...{ recurrence: '', timeZone: 'UTC', author: 'anna', comment: 'kernel', createdAt: NOW },
      ...{ triggeredBy: null, children: 'none' as const },
    });
    expect(await list('planned')).toEqual([]);
    await noteToldChecks(open(), id, { startAt: NOW, checkIds: [checkId], revision: 0 });
    const [comment] = await list('planned', NOW + 9);
    expect(comment).toMatchObject({ kind: 'downtime', text: 'kernel', createdAt: NOW });
    expect(await findComment(open(), comment?.id ?? '', NOW)).toEqual(comment);
    expect(await list('planned', NOW + 10)).toEqual([]);
    const turn = (action: string, at: number) => {
      const payload = { action, id: `${id}@${NOW}` };
      const events = [{ at, type: 'downtime', checkId, payload } as const];
      return open().transaction((sql) => writeBatch(sql, { events }));
    };
    await turn('started', NOW + 5);
    expect(await list('planned', NOW + 20)).toHaveLength(1);
    await turn('ended', NOW + 55);
    expect(await list('planned', NOW + 5)).toEqual([]);
    await remember(checkId, { is_flapping: 1, flap_percent: 40, flapping_since: NOW + 7 }, 1);
    expect(await list('planned')).toMatchObject([
      { kind: 'flapping', author: '', flapPercent: 40, createdAt: NOW + 7 },
    ]);
  });
}
