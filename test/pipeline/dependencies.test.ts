/** Notification dependencies over a whole system: results from outside, and what is decided of them. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shardOf } from '../../src/broker/topology.ts';
import { listEventsAfter } from '../../src/database/queries/events.ts';
import { openRunningSite } from '../running-site.ts';
import { waitFor } from '../servers/temp.ts';

let site: Awaited<ReturnType<typeof openRunningSite>>;
let call: (typeof site)['call'];
beforeAll(async () => {
  site = await openRunningSite();
  ({ call } = site);
});
afterAll(() => site.close());

const YEAR_S = 31_536_000;
let count = 0;

/** Hosts with the same three checks, `web`, `sql` and `net`, which the schedule leaves alone. */
async function addSite(hosts: readonly string[], plugin: Record<string, unknown> = {}) {
  const suite = `s${++count}`;
  const name = (what: string) => `${suite}-${what}`;
  await call('POST', '/suites', { name: suite });
  for (const what of ['web', 'sql', 'net']) {
    const dummy = { builtin: 'dummy', params: '0', activeChecks: false, suites: [suite] };
    await make('/plugins', { name: name(what), ...dummy, ...plugin });
  }
  for (const host of hosts) {
    await make('/hosts', { name: name(host), address: `${name(host)}.test`, suites: [suite] });
  }
  const pathOf = (of: string) => `/checks/${of.split('/').map(name).join('/')}`;
  return {
    name,
    pathOf,
    depend: (dependent: string, master: string, fields: Record<string, unknown> = {}) => {
      const [host = '', on] = dependent.split('/');
      const [masterHost = '', masterPlugin] = master.split('/');
      return make('/dependencies', {
        name: name(
          `${dependent}-${master}`
            .replaceAll('/', '.')
            .replaceAll('*', 'each')
            .replaceAll('=', 'same'),
        ),
        ...(host === '*' ? {} : { host: name(host) }),
        ...(masterHost === '=' ? {} : { masterHost: name(masterHost) }),
        ...(on === undefined ? {} : { plugin: name(on) }),
        ...(masterPlugin === undefined ? {} : { masterPlugin: name(masterPlugin) }),
        kinds: ['notification'],
        ...fields,
      });
    },
    submit: async (of: string, exitCode: number) => {
      const body = { exitCode, output: 'x' };
      const { status } = await call('POST', `${pathOf(of)}/results?wait=true`, body);
      expect(status).toBe(200);
    },
    report: async (host: string, exitCode: number) => {
      const body = { exitCode, output: 'x' };
      const { status } = await call('POST', `/hosts/${name(host)}/results?wait=true`, body);
      expect(status).toBe(200);
    },
    /** What was decided of notifications: the reason, and the words for it. */
    decisions: async (of: string): Promise<string[]> => {
      const [host, plugin] = of.split('/').map(name);
      if (!site.database) throw new Error('the site has a database');
      const events = await listEventsAfter(site.database, 0, 100_000);
      return events
        .filter(({ type, payload }) => {
          const isOf = payload['host'] === host && payload['plugin'] === plugin;
          return type === 'notification' && isOf;
        })
        .map(({ payload }) => {
          const { about, reason, explanation } = payload;
          return reason === 'dependency' ? `${about}: ${explanation}` : `${about}: ${reason}`;
        });
    },
  };
}

async function make(path: string, body: unknown): Promise<void> {
  const made = await call('POST', path, body);
  expect([made.status, made.body.errors]).toEqual([201, undefined]);
}

describe('8 a notification dependency', () => {
  test('whose master is critical keeps people from being told, with the reason', async () => {
    const { depend, submit, decisions, name } = await addSite(['a', 'b']);
    await depend('a/web', 'b/sql');
    await submit('b/sql', 2);
    await submit('a/web', 2);
    expect(await decisions('b/sql')).toEqual(['problem: sent']);
    const master = `${name('b')}/${name('sql')}`;
    expect(await decisions('a/web')).toEqual([
      `problem: It depends on ${master}, which is critical.`,
    ]);
    // Once it is well again, the next result is told.
    await submit('b/sql', 0);
    await submit('a/web', 2);
    expect((await decisions('a/web')).slice(1)).toEqual(['problem: sent']);
    await submit('b/sql', 2);
    await submit('a/web', 0);
    expect((await decisions('a/web')).slice(2)).toEqual([
      `recovery: It depends on ${master}, which is critical.`,
    ]);
  });

  test('sees a master whose results are another shard', async () => {
    const hosts = Array.from({ length: 12 }, (_, index) => `h${index}`);
    const { depend, submit, decisions, name } = await addSite(hosts);
    const shardOfHost = async (host: string) =>
      shardOf((await call('GET', `/hosts/${name(host)}`)).body, 4);
    const own = await shardOfHost('h0');
    const shards = await Promise.all(hosts.map(shardOfHost));
    const other = hosts.find((_, index) => shards[index] !== own);
    if (other === undefined) throw new Error('twelve hosts are of several shards');
    await depend('h0/web', `${other}/sql`);
    await submit(`${other}/sql`, 3);
    await submit('h0/web', 2);
    expect(await decisions('h0/web')).toEqual([expect.stringContaining('which is unknown.')]);
  });

  test('without a host is that of each host on its own check', async () => {
    const { depend, submit, decisions } = await addSite(['a', 'b']);
    await depend('*/web', '=/net');
    await submit('a/net', 2);
    await submit('b/net', 0);
    await submit('a/web', 2);
    await submit('b/web', 2);
    expect(await decisions('a/web')).toEqual([expect.stringContaining('which is critical.')]);
    expect(await decisions('b/web')).toEqual(['problem: sent']);
  });

  test('judges a soft master by its last hard state', async () => {
    const { depend, submit, decisions, name } = await addSite(['a', 'b']);
    await call('PATCH', `/plugins/${name('sql')}`, { maxCheckAttempts: 2 });
    await depend('a/web', 'b/sql');
    await submit('b/sql', 0);
    await submit('b/sql', 2);
    await submit('a/web', 2);
    expect(await decisions('a/web')).toEqual(['problem: sent']);
  });

  test('judges it by the soft one where softStateDependencies is on', async () => {
    const soft = await openRunningSite({ 'semantics.softStateDependencies': true });
    try {
      await soft.call('POST', '/suites', { name: 's' });
      for (const name of ['web', 'sql']) {
        const dummy = { builtin: 'dummy', activeChecks: false, suites: ['s'] };
        await soft.call('POST', '/plugins', { name, ...dummy });
      }
      await soft.call('PATCH', '/plugins/sql', { maxCheckAttempts: 2 });
      await soft.call('POST', '/hosts', { name: 'a', address: 'a.test', suites: ['s'] });
      const one = { name: 'd', plugin: 'web', masterPlugin: 'sql', kinds: ['notification'] };
      await soft.call('POST', '/dependencies', one);
      for (const [plugin, exitCode] of [
        ['sql', 0],
        ['sql', 2],
        ['web', 2],
      ] as const) {
        const body = { exitCode, output: 'x' };
        await soft.call('POST', `/checks/a/${plugin}/results?wait=true`, body);
      }
      if (!soft.database) throw new Error('the site has a database');
      const events = await listEventsAfter(soft.database, 0, 1_000);
      const [decision] = events.filter(({ type }) => type === 'notification').slice(-1);
      expect(decision?.payload).toMatchObject({ plugin: 'web', reason: 'dependency' });
    } finally {
      await soft.close();
    }
  });

  test('inherits what its master depends on only where that is said', async () => {
    const { depend, submit, decisions } = await addSite(['a', 'b', 'c']);
    await depend('a/web', 'b/sql', { inheritsParent: true });
    await depend('c/web', 'b/sql');
    await depend('b/sql', 'b/net');
    await submit('b/net', 2);
    await submit('b/sql', 0);
    await submit('a/web', 2);
    await submit('c/web', 2);
    expect(await decisions('a/web')).toEqual([expect.stringContaining('which is critical.')]);
    expect(await decisions('c/web')).toEqual(['problem: sent']);
  });

  test('out of its period skips only itself', async () => {
    const { depend, submit, decisions, name } = await addSite(['a', 'b', 'c']);
    await make('/timeperiods', { name: name('never') });
    await depend('a/web', 'b/sql', { period: name('never') });
    await depend('c/web', 'b/sql', { period: name('never') });
    await depend('a/web', 'b/net');
    await submit('b/sql', 2);
    await submit('b/net', 2);
    await submit('a/web', 2);
    await submit('c/web', 2);
    const net = `${name('b')}/${name('net')}`;
    expect(await decisions('a/web')).toEqual([`problem: It depends on ${net}, which is critical.`]);
    expect(await decisions('c/web')).toEqual(['problem: sent']);
  });

  test('of a host counts for it and for its checks', async () => {
    const { depend, submit, report, decisions, name } = await addSite(['a', 'b']);
    await depend('a', 'b', { failsOn: ['down'] });
    await report('b', 1);
    await report('a', 1);
    expect(await decisions('a')).toEqual([`problem: It depends on ${name('b')}, which is down.`]);
    await submit('a/web', 2);
    expect(await decisions('a/web')).toEqual([
      `problem: It depends on ${name('b')}, which is down.`,
    ]);
  });

  test('counts for a pending master where that is a failure', async () => {
    const { depend, submit, decisions } = await addSite(['a', 'b']);
    await depend('a/web', 'b/sql', { failsOn: ['pending'] });
    await submit('a/web', 2);
    expect(await decisions('a/web')).toEqual([expect.stringContaining('which is pending.')]);
  });

  test('rule 5.1.3: of the kind parent keeps people from being told while no parent is ok', async () => {
    const { depend, submit, decisions } = await addSite(['a', 'b']);
    await depend('a/web', 'a/sql', { kinds: ['parent'] });
    await depend('a/web', 'b/sql', { kinds: ['parent'] });
    await submit('a/sql', 1);
    await submit('b/sql', 2);
    await submit('a/web', 2);
    expect(await decisions('a/web')).toEqual(['problem: serviceParents']);
    await submit('b/sql', 0);
    await submit('a/web', 2);
    expect((await decisions('a/web')).slice(1)).toEqual(['problem: sent']);
  });

  test('has its master checked before the last attempt', async () => {
    const { depend, submit, pathOf, name } = await addSite(['a', 'b']);
    await call('PATCH', `/plugins/${name('web')}`, { maxCheckAttempts: 2 });
    const sql = { params: '2 fresh', activeChecks: true, interval: YEAR_S };
    await call('PATCH', `/plugins/${name('sql')}`, sql);
    await depend('a/web', 'b/sql');
    await submit('b/sql', 0);
    await submit('a/web', 2);
    await waitFor('the master to be checked', async () => {
      const { output } = (await call('GET', pathOf('b/sql'))).body;
      return /fresh/.test(output);
    });
  });
});
