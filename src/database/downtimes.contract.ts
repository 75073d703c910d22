/** Downtimes on every database; a part of the contract in `database.contract.ts`. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { addCheck } from '../../test/site.ts';
import type { Database } from './database.ts';
import { writeBatch } from './queries/check-states.ts';
import { listUntoldChecks, noteToldChecks, readTrigger } from './queries/downtime-checks.ts';
import { insertDowntime, listDowntimes, type NewDowntime } from './queries/downtimes.ts';

const NOW = 1_000_000;

/** Adds the tests; `open` gives the database once they run. */
export function testDowntimes(open: () => Database): void {
  const plan = async (hostId: string, facts: Partial<NewDowntime> = {}): Promise<string> => {
    const id = randomUUID();
    await insertDowntime(open(), {
      ...{ id, hostId, pluginId: null, suiteId: null, subnetId: null, labels: '' },
      ...{ allChecks: true, startAt: NOW, endAt: NOW + 10, isFixed: false, durationMs: 50 },
      ...{ recurrence: '', timeZone: 'UTC', author: 'anna', comment: '', createdAt: NOW },
      ...{ triggeredBy: null, children: 'none', ...facts },
    });
    return id;
  };

  test.each([
    ['none', [true, false, false]],
    ['triggered', [true, false, false]],
    ['all', [true, true, true]],
    ['below', [false, true, true]],
  ] as const)('a downtime with children %s is of which hosts below', async (children, expected) => {
    const nameOf = (level: string) => `${level}-${children}`;
    const top = await addCheck(open(), nameOf('top'));
    const middle = await addCheck(open(), nameOf('middle'), {
      host: { parents: [nameOf('top')] },
    });
    const low = await addCheck(open(), nameOf('low'), { host: { parents: [nameOf('middle')] } });
    const id = await plan(top.hostId, { children });
    const untold = await listUntoldChecks(open(), id, { startAt: NOW, limit: 100 });
    expect([top, middle, low].map(({ checkId }) => untold.includes(checkId))).toEqual(expected);
  });

  test('what hangs on a downtime follows what checks say of it', async () => {
    const { checkId, hostId } = await addCheck(open(), 'trigger');
    const id = await plan(hostId);
    await noteToldChecks(open(), id, { startAt: NOW, checkIds: [checkId], revision: 0 });
    const turn = (action: string, at: number) => {
      const payload = { action, id: `${id}@${NOW}` };
      const events = [{ at, type: 'downtime', checkId, payload } as const];
      return open().transaction((sql) => writeBatch(sql, { events }));
    };
    const stand = { isCancelled: false, isRunning: false, isOver: false };
    const page = { limit: 10, cursor: null, sort: [] };
    const countActive = async () =>
      (await listDowntimes(open(), page, { host: 'trigger', state: 'active' })).total;
    expect(await readTrigger(open(), id, NOW + 5)).toEqual(stand);
    expect(await countActive()).toBe(0);
    await turn('started', NOW + 6);
    expect(await readTrigger(open(), id, NOW + 20)).toEqual({ ...stand, isRunning: true });
    expect(await countActive()).toBe(1);
    await turn('ended', NOW + 56);
    expect(await readTrigger(open(), id, NOW + 60)).toEqual({ ...stand, isOver: true });
    expect(await countActive()).toBe(0);
    expect(await readTrigger(open(), 'absent', NOW)).toMatchObject({ isCancelled: true });
  });
}
