/** When checks run and how old results may be, on every database; a part of the contract in `database.contract.ts`. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { addCheck, deleteHost, updateHost } from '../../test/site.ts';
import type { CheckControl } from '../model/check-control.ts';
import { patienceMs } from '../model/patience.ts';
import { findSilence } from '../nagios/silence.ts';
import type { Database } from './database.ts';
import { writeBatch } from './queries/check-states.ts';
import { changeConfiguration } from './queries/configuration.ts';
import { listRestingChecks, listSilentChecks, type PeriodNow } from './queries/due-changes.ts';
import {
  deleteUnreportedRuns,
  listHandlerRuns,
  markHandlerRunsSent,
  takeHandlerRunsBack,
} from './queries/event-handlers.ts';
import { listHostsByObject } from './queries/grounded-checks.ts';
import { hostQueries } from './queries/hosts.ts';
import { readHostFacts, readObjectFacts } from './queries/object-facts.ts';
import { pluginQueries } from './queries/plugins.ts';
import { findSetting, writeSetting } from './queries/settings.ts';
import { listFreshnessCandidates, readHostsOfChecks } from './queries/stale-checks.ts';
import { listTimeperiodUsers, timeperiodQueries } from './queries/timeperiods.ts';

const MINUTE_MS = 60_000;
const NOW = 10_000 * MINUTE_MS;

/** Adds the tests; `open` gives the database once they run. */
export function testCheckControl(open: () => Database): void {
  const addPeriod = async (name: string) => {
    const id = randomUUID();
    const spec = {
      name,
      timeZone: 'UTC',
      weekdays: {},
      exceptions: {},
      exclude: [],
      description: '',
    };
    await changeConfiguration(open(), { at: 1, actor: 'test' }, (change) =>
      timeperiodQueries.insert(change, id, spec),
    );
    return id;
  };
  /** A check of a minute's interval, whose newest result was due so long ago. */
  const addRun = async (name: string, control: Partial<CheckControl>, agoMs: number | null) => {
    const { checkId, hostId } = await addCheck(open(), name, { plugin: control });
    if (agoMs !== null) await write(checkId, { states: [resultOf(checkId, NOW - agoMs)] });
    return { checkId, hostId };
  };
  const write = (_checkId: number, batch: Parameters<typeof writeBatch>[1]) =>
    open().transaction((sql) => writeBatch(sql, batch));
  const look = (periods: readonly PeriodNow[] = []) => ({
    ...{ now: NOW, startedAt: 0, after: 0, limit: 10_000, periods },
  });
  const silent = async (periods: readonly PeriodNow[] = []) =>
    (await listSilentChecks(open(), look(periods))).map(({ checkId }) => checkId);
  const resting = async (periods: readonly PeriodNow[]) =>
    (await listRestingChecks(open(), look(periods))).map(({ checkId }) => checkId);

  test('a plugin keeps its control, and its period by id', async () => {
    const periodId = await addPeriod('kept');
    const control = { activeChecks: false, passiveChecks: false, freshnessMs: 0 };
    await addRun('controlled', { ...control, checkPeriod: 'kept' }, null);
    const found = await pluginQueries.find(open(), 'controlled');
    expect(found?.spec).toMatchObject({ ...control, checkPeriod: 'kept' });
    expect(await listTimeperiodUsers(open(), periodId, 5)).toEqual([
      { kind: 'plugin', names: ['controlled'] },
    ]);
    const wrong = addCheck(open(), 'lost', { plugin: { checkPeriod: 'nowhere' } });
    await expect(wrong).rejects.toThrow('there is no timeperiod "nowhere"');
  });

  test('plugins and hosts keep the period of their event handlers by id', async () => {
    const periodId = await addPeriod('handling');
    const own = { eventHandlerPeriod: 'handling' };
    const { checkId, hostId } = await addCheck(open(), 'handled-in-time', {
      plugin: own,
      host: own,
    });
    expect((await pluginQueries.find(open(), 'handled-in-time'))?.spec).toMatchObject(own);
    expect((await hostQueries.find(open(), 'handled-in-time'))?.spec).toMatchObject(own);
    const ids = { eventHandlerPeriodId: periodId };
    const facts = await readObjectFacts(open(), [checkId]);
    expect(facts.find(({ id }) => id === checkId)).toMatchObject({ check: ids });
    // And the host itself, which is soon needed too.
    expect(facts.find(({ check }) => check === null)).toMatchObject({ hostId });
    expect(await readHostFacts(open(), [hostId])).toMatchObject([ids]);
    expect(await listTimeperiodUsers(open(), periodId, 5)).toEqual([
      { kind: 'plugin', names: ['handled-in-time'] },
      { kind: 'host', names: ['handled-in-time'] },
    ]);
    const wrong = addCheck(open(), 'lost-in-time', { host: { eventHandlerPeriod: 'nowhere' } });
    await expect(wrong).rejects.toThrow('there is no timeperiod "nowhere"');
  });

  test('silence is told of checks that the schedule runs', async () => {
    const on = await addRun('silent-on', {}, 10 * MINUTE_MS);
    const recent = await addRun('silent-recent', {}, 2 * MINUTE_MS);
    const off = await addRun('silent-off', { activeChecks: false }, 10 * MINUTE_MS);
    const found = await silent();
    expect(found).toContain(on.checkId);
    expect(found).not.toContain(recent.checkId);
    expect(found).not.toContain(off.checkId);
  });

  test('outside its period a check rests; in a window that misses it, it is silent', async () => {
    const id = await addPeriod('office');
    const { checkId } = await addRun('office', { checkPeriod: 'office' }, 60 * MINUTE_MS);
    const at = (isInside: boolean, openedAgoMs: number | null, lengthMs = 30 * MINUTE_MS) => [
      { id, isInside, openedAt: openedAgoMs === null ? null : NOW - openedAgoMs, lengthMs },
    ];
    const standing = async (periods: readonly PeriodNow[]) => [
      (await silent(periods)).includes(checkId),
      (await resting(periods)).includes(checkId),
    ];
    // Closed, and its last window had a result.
    expect(await standing(at(false, 65 * MINUTE_MS))).toEqual([false, true]);
    expect(await standing(at(false, null))).toEqual([false, true]);
    // Just opened: the first run may be still to come.
    expect(await standing(at(true, MINUTE_MS))).toEqual([false, false]);
    expect(await standing(at(true, 2 * MINUTE_MS))).toEqual([true, false]);
    // Closed again without a result; of a window shorter than the interval as well.
    expect(await standing(at(false, 50 * MINUTE_MS))).toEqual([true, false]);
    expect(await standing(at(false, 40_000, 10_000))).toEqual([true, false]);
    // A period that nobody knows holds nothing back.
    expect(await standing([])).toEqual([true, false]);

    await write(checkId, {
      memories: [memoryOf(checkId, { is_measured: 0, is_silence_expected: 1 })],
    });
    expect(await standing(at(false, 65 * MINUTE_MS))).toEqual([false, false]);
    expect(await standing(at(true, 2 * MINUTE_MS))).toEqual([true, false]);
    await write(checkId, { memories: [memoryOf(checkId, { is_measured: 0, revision: 2 })] });
    expect(await standing(at(true, 2 * MINUTE_MS))).toEqual([false, false]);
  });

  test('2.1 silence is listed when the rule says so, an edit included', async () => {
    const agoMs = [1, 2, 2.5, 3, 10].map((minutes) => minutes * MINUTE_MS);
    const lastsMs = patienceMs({ intervalMs: MINUTE_MS, timeoutMs: 10_000 });
    for (const [index, ms] of [...agoMs, lastsMs - 1, lastsMs, lastsMs + 1].entries()) {
      const { checkId, hostId } = await addRun(`rule-${index}`, {}, ms);
      const newestAt = NOW - ms;
      const isListed = async () => (await silent()).includes(checkId);
      const byRule = (since: number) => {
        const asking = { intervalMs: MINUTE_MS, timeoutMs: 10_000, since };
        return findSilence({ asking, newestAt, until: NOW, calendar: null, stops: [] }).length > 0;
      };
      expect(await isListed()).toBe(byRule(0));
      for (const editedAt of [NOW - 3 * MINUTE_MS, NOW - MINUTE_MS]) {
        await open()
          .db.updateTable('host')
          .set({ updated_at: editedAt })
          .where('host.id', '=', hostId)
          .execute();
        expect(await isListed()).toBe(byRule(editedAt));
      }
    }
  });

  test('silence is listed part by part, each check once', async () => {
    const all = await silent();
    const listed: number[] = [];
    for (let after = 0; ; after = listed.at(-1) ?? 0) {
      const part = await listSilentChecks(open(), { ...look(), after, limit: 2 });
      listed.push(...part.map(({ checkId }) => checkId));
      if (part.length < 2) break;
    }
    expect(listed.length).toBeGreaterThan(2);
    expect(listed).toEqual(all);
  });

  test('9 candidates for freshness are those that may be too old, by id, outside no closed period', async () => {
    const id = await addPeriod('fresh');
    const never = await addRun('fresh-never', { freshnessMs: 5_000 }, null);
    const old = await addRun(
      'fresh-old',
      { freshnessMs: 90_000, activeChecks: false },
      2 * MINUTE_MS,
    );
    const young = await addRun('fresh-young', { freshnessMs: 150_000 }, 2 * MINUTE_MS);
    const computed = await addRun('fresh-computed', { freshnessMs: 0 }, 2 * MINUTE_MS);
    const without = await addRun('fresh-without', {}, 100 * MINUTE_MS);
    const closed = await addRun(
      'fresh-closed',
      { freshnessMs: 1, checkPeriod: 'fresh' },
      MINUTE_MS,
    );
    const stopped = await addRun('fresh-stopped', { freshnessMs: 1 }, MINUTE_MS);
    await updateHost(open(), stopped.hostId, 'fresh-stopped', { maintenance: true });
    await write(old.checkId, { memories: [memoryOf(old.checkId, { stale_since: NOW - 5 })] });
    const list = (closedPeriodIds: readonly string[], after = never.checkId - 1, limit = 100) =>
      listFreshnessCandidates(open(), { now: NOW, closedPeriodIds, after, limit });
    const idsOf = async (...args: Parameters<typeof list>) =>
      (await list(...args)).map(({ checkId }) => checkId);
    const expected = [never.checkId, old.checkId, computed.checkId];
    expect(await idsOf([id])).toEqual(expected);
    expect(await idsOf([])).toEqual([...expected, closed.checkId]);
    expect(await idsOf([id], never.checkId, 1)).toEqual([old.checkId]);
    expect([young.checkId, without.checkId].some((one) => expected.includes(one))).toBe(false);
    const [first, second] = await list([id]);
    expect(first).toMatchObject({ newest: null, freshnessMs: 5_000, activeChecks: true });
    expect(second).toMatchObject({ staleSince: NOW - 5, activeChecks: false });
    expect(second?.newest).toMatchObject({ scheduledAt: NOW - 2 * MINUTE_MS, stateType: 'hard' });
  });

  test('9 the host of a host check is found with its newest result, that of no other check', async () => {
    const host = await addCheck(open(), 'fresh-host', { plugin: { hostCheck: true } });
    const other = await addCheck(open(), 'fresh-check');
    const objectId = [...(await listHostsByObject(open()))].find(
      ([, id]) => id === host.hostId,
    )?.[0];
    const read = () => readHostsOfChecks(open(), [host.checkId, other.checkId]);
    expect([...(await read())]).toEqual([[host.checkId, { objectId, newest: null }]]);
    await write(host.checkId, { states: [{ ...resultOf(objectId ?? 0, NOW), state: 10 }] });
    expect((await read()).get(host.checkId)).toMatchObject({
      ...{ objectId, newest: { scheduledAt: NOW } },
    });
  });

  test('10.2 event handlers wait in their order with what they need, until they are handed out', async () => {
    const host = { zone: 'far', vars: { x: '\u{1F550}' } };
    const { checkId, hostId } = await addCheck(open(), 'handled', { host });
    const runs = ['first', 'second'].map((command) => ({
      ...{ at: 7, checkId, level: 'object' as const, command, macros: { A: 'b' } },
    }));
    await write(checkId, { handlerRuns: runs });
    const list = async (after = 0) => listHandlerRuns(open(), after, 10);
    const [first, second, ...rest] = await list();
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ ...runs[0], plugin: 'handled', host: { id: hostId, ...host } });
    expect(await list(first?.id)).toEqual([second]);
    const before = await takeHandlerRunsBack(open());
    expect(before).toBe(0);
    await markHandlerRunsSent(open(), [first?.id ?? 0], 5);
    expect(await list()).toEqual([second]);
    expect([await takeHandlerRunsBack(open()), (await list()).length]).toEqual([1, 2]);
    await markHandlerRunsSent(open(), [first?.id ?? 0], 5);
    expect(await deleteUnreportedRuns(open(), 5)).toBe(0);
    expect(await deleteUnreportedRuns(open(), 6)).toBe(1);
    expect([await takeHandlerRunsBack(open()), await list()]).toEqual([0, [second]]);
    await deleteHost(open(), hostId);
    expect(await list()).toEqual([]);
  });

  test('what a service keeps for its successor is there until it is replaced', async () => {
    expect(await findSetting(open(), 'kept')).toBeUndefined();
    await writeSetting(open(), 'kept', 'one');
    await writeSetting(open(), 'kept', 'two');
    expect(await findSetting(open(), 'kept')).toBe('two');
  });
}

function resultOf(checkId: number, at: number) {
  return {
    check_id: checkId,
    ...{ state: 0, exit_code: 0, output: '', long_output: '', perfdata: '[]', worker: 'w' },
    ...{ scheduled_at: at, started_at: at, finished_at: at },
    ...{ last_state_change_at: at, last_hard_state_change_at: at },
    ...{ state_type: 1, attempt: 1, max_check_attempts: 1, is_passive: 0 as const },
  };
}

function memoryOf(
  checkId: number,
  fields: {
    readonly is_measured?: 0 | 1;
    readonly is_silence_expected?: 0 | 1;
    readonly stale_since?: number;
    readonly revision?: number;
  },
) {
  return {
    check_id: checkId,
    ...({ is_flapping: 0, flap_percent: 0, is_acknowledged: 0, is_in_downtime: 0 } as const),
    ...({ is_measured: 1, is_silence_expected: 0, stale_since: null } as const),
    ...{ next_change_at: null, memory: '{}', revision: 1, ...fields },
  };
}
