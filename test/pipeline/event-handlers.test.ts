/** Section 10.2 over a whole system: scripts that run when states change. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRunningSite } from '../running-site.ts';
import { waitFor } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let call: (typeof site)['call'];
beforeAll(async () => {
  site = await openRunningSite();
  ({ call } = site);
  // One line for each run, with an argument in each pair of brackets.
  await site.addScript(
    'note',
    'file=$1; shift; line=; for a; do line="$line[$a]"; done; printf "%s\n" "$line" >>"$file"; echo noted',
  );
});
afterAll(() => site.close());

const submit = async (path: string, exitCode: number, output = 'x') =>
  (await call('POST', `${path}/results?wait=true`, { exitCode, output })).body;

const noteFile = (name: string) => join(site.data, name);

/** What the handler noted, once it did so often. */
const notes = (name: string, count: number): Promise<string[]> =>
  waitFor(`${count} notes of ${name}`, async () => {
    const text = await readFile(noteFile(name), 'utf8').catch(() => '');
    const lines = text.split('\n').slice(0, -1);
    return lines.length >= count && lines;
  }) as Promise<string[]>;

const eventsOf = async (name: string) => {
  const rows = await site.database?.db
    .selectFrom('event')
    .select('event.payload')
    .where('event.type', '=', 'eventHandler')
    .orderBy('event.id')
    .execute();
  return (rows ?? []).map((row) => JSON.parse(row.payload)).filter(({ host }) => host === name);
};

const handler = (file: string, words: string) => `note ${noteFile(file)} ${words}`;

describe('10.2 an event handler', () => {
  test('runs on soft problems, the hard change, hard changes and recoveries, and no other result', async () => {
    const words = '$SERVICESTATE$ $SERVICESTATETYPE$ $SERVICEATTEMPT$ $LASTSERVICESTATE$';
    const eventHandler = handler('walk', words);
    const { name, path } = await site.addCheck({}, { maxCheckAttempts: 3, eventHandler });
    // OK, soft twice, hard, hard again, another problem, recovery, OK, soft, soft recovery.
    for (const code of [0, 2, 2, 2, 2, 1, 0, 0, 2, 0]) await submit(path, code);
    const lines = await notes('walk', 7);
    expect(lines).toEqual([
      ...['[CRITICAL][SOFT][1][OK]', '[CRITICAL][SOFT][2][CRITICAL]'],
      ...['[CRITICAL][HARD][3][CRITICAL]', '[WARNING][HARD][3][CRITICAL]'],
      ...['[OK][HARD][3][WARNING]', '[CRITICAL][SOFT][1][OK]', '[OK][SOFT][1][CRITICAL]'],
    ]);
    await waitFor('all to be told', async () => (await eventsOf(name)).length === 7);
    expect((await eventsOf(name))[0]).toMatchObject({
      ...{ plugin: name, level: 'object', outcome: 'exited', exitCode: 0, output: 'noted' },
    });
  });

  test('rule 10.2.3: does not run outside its period, and runs once that is open', async () => {
    await call('POST', '/timeperiods', { name: 'handling', weekdays: {} });
    const own = (file: string) => ({ eventHandler: handler(file, '$SERVICESTATE$') });
    const eventHandlerPeriod = 'handling';
    const held = await site.addCheck({}, { ...own('held'), eventHandlerPeriod });
    const host = { eventHandler: handler('held', '$HOSTSTATE$'), eventHandlerPeriod };
    const free = await site.addCheck(host, own('free'));
    await submit(held.path, 2);
    await submit(`/hosts/${free.name}`, 1);
    await submit(free.path, 2);
    await notes('free', 1);
    await waitFor('it to be told', async () => (await eventsOf(free.name)).length > 0);
    expect([...(await eventsOf(held.name)), ...(await eventsOf(free.name))]).toMatchObject([
      { host: free.name, plugin: free.name },
    ]);
    const used = await call('DELETE', '/timeperiods/handling');
    expect([used.status, used.body.detail]).toEqual([409, expect.stringContaining(free.name)]);
    const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
    const weekdays = Object.fromEntries(days.map((day) => [day, '00:00-24:00']));
    await call('PATCH', '/timeperiods/handling', { weekdays });
    await submit(held.path, 1);
    await submit(`/hosts/${free.name}`, 0);
    expect((await notes('held', 2)).sort()).toEqual(['[UP]', '[WARNING]']);
  });

  test('runs on every hard problem of a volatile check', async () => {
    const eventHandler = handler('volatile', '$SERVICESTATE$');
    const { path } = await site.addCheck({}, { volatile: true, eventHandler });
    for (const code of [0, 2, 2, 2]) await submit(path, code);
    expect(await notes('volatile', 3)).toEqual(Array(3).fill('[CRITICAL]'));
  });

  test('11 gets macros inside single arguments, whatever they hold, and no shell', async () => {
    const words = "$HOSTNAME$ $HOSTADDRESS$ $_HOSTSITE$ '$SERVICEOUTPUT$ !' $HOSTSTATE$ ;id $NONE$";
    const eventHandler = handler('macros', words);
    const { name, path } = await site.addCheck({ vars: { site: 'a b' } }, { eventHandler });
    await submit(path, 2, '$(id) `id` "quoted" $HOSTNAME$ * > /tmp/x');
    expect(await notes('macros', 1)).toEqual([
      `[${name}][${name}.test][a b][$(id) \`id\` "quoted" $HOSTNAME$ * > /tmp/x !][UP][;id][$NONE$]`,
    ]);
  });

  test('is told when it cannot run, and how it ended', async () => {
    await site.addScript('fails', 'echo "cannot mend" >&2; exit 7');
    const fails = await site.addCheck({}, { eventHandler: 'fails' });
    const missing = await site.addCheck({}, { eventHandler: 'no-such-script' });
    const open = await site.addCheck({}, { eventHandler: "fails 'open" });
    for (const { path } of [fails, missing, open]) await submit(path, 2);
    const told = (name: string) =>
      waitFor(`what became of ${name}`, async () => (await eventsOf(name))[0]);
    expect(await told(fails.name)).toMatchObject({
      outcome: 'exited',
      exitCode: 7,
      output: 'cannot mend',
    });
    expect(await told(missing.name)).toMatchObject({ outcome: 'notStarted', exitCode: null });
    expect(await told(open.name)).toMatchObject({ outcome: 'notStarted', output: /not closed/ });
  });

  test('that waits when everything is stopped runs after the start, and none that has run', async () => {
    const ran = await site.addCheck({}, { eventHandler: handler('ran', '$SERVICESTATE$') });
    await submit(ran.path, 2);
    await notes('ran', 1);
    // Nobody serves that zone, so the handler waits in its queue.
    const waits = await site.addCheck(
      { zone: 'elsewhere' },
      { eventHandler: handler('waits', '$SERVICESTATE$') },
    );
    await submit(waits.path, 2);
    const isSent = async () => {
      const rows = await site.database?.db.selectFrom('event_handler_run').selectAll().execute();
      return rows?.length === 1 && rows[0]?.sent_at !== null;
    };
    await waitFor('it to be handed out, and what ran to be told', isSent);
    await call('PATCH', `/hosts/${waits.name}`, { zone: 'default' });
    await site.restart();
    expect(await notes('waits', 1)).toEqual(['[CRITICAL]']);
    await waitFor('it to be told', async () => (await eventsOf(waits.name)).length === 1);
    await site.restart();
    await submit(ran.path, 0);
    expect(await notes('ran', 2)).toEqual(['[CRITICAL]', '[OK]']);
    expect(await notes('waits', 1)).toEqual(['[CRITICAL]']);
  });

  test('of a host runs on changes of its own state', async () => {
    const eventHandler = handler('host', '$HOSTNAME$ $HOSTSTATE$ $HOSTSTATETYPE$ $LASTHOSTSTATE$');
    const { name } = await site.addCheck({ eventHandler });
    for (const exitCode of [0, 1, 1, 0]) {
      await call('POST', `/hosts/${name}/results?wait=true`, { exitCode, output: 'x' });
    }
    expect(await notes('host', 2)).toEqual([
      `[${name}][DOWN][HARD][UP]`,
      `[${name}][UP][HARD][DOWN]`,
    ]);
    const told = await waitFor('both to be told', async () => {
      const events = await eventsOf(name);
      return events.length === 2 && events;
    });
    expect(told[0]).not.toHaveProperty('plugin');
  });

  test.each(['/bin/sh -c id', '../note', '-x', '$HOSTNAME$'])(
    '%s is no script',
    async (eventHandler) => {
      const { status } = await call('POST', '/plugins', {
        name: 'wrong',
        builtin: 'dummy',
        eventHandler,
      });
      expect(status).toBe(422);
    },
  );
});
