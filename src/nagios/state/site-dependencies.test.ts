import { describe, expect, test } from 'vitest';
import { START, semantics } from '../../../test/monitored-objects.ts';
import { findFailedDependency } from './dependencies.ts';
import { type DependencyRule, type ObjectKey, SiteDependencies } from './site-dependencies.ts';

const rule = (fields: Partial<DependencyRule>): DependencyRule => ({
  ...{ hostId: null, pluginId: null, masterHostId: null, masterPluginId: null },
  ...{ kinds: ['execution', 'notification'], failsOn: ['critical'] },
  ...{ period: null, inheritsParent: false },
  ...fields,
});
const key = (hostId: string, pluginId: string | null = null): ObjectKey => ({ hostId, pluginId });

/** `a` on `b`, in text: `host/plugin`, `* /plugin` for each host. */
function of(...written: readonly [string, string, Partial<DependencyRule>?][]) {
  return new SiteDependencies(
    written.map(([dependent, master, fields]) => {
      const [hostId = '', pluginId = null] = dependent.split('/');
      const [masterHostId = '', masterPluginId = null] = master.split('/');
      return rule({
        hostId: hostId === '*' ? null : hostId,
        masterHostId: masterHostId === '=' ? null : masterHostId,
        pluginId,
        masterPluginId,
        ...fields,
      });
    }),
  );
}

function failedOf(site: SiteDependencies, dependent: ObjectKey, failed: readonly string[]) {
  const dependencies = site.resolve(dependent, 'notification', ({ hostId, pluginId }) => {
    const id = pluginId === null ? hostId : `${hostId}/${pluginId}`;
    const state = failed.includes(id) ? 'critical' : 'ok';
    return { id, state, stateType: 'hard', lastHardState: state, isPending: false };
  });
  const settings = semantics({ softStateDependencies: false });
  return findFailedDependency(dependencies, START, settings)?.master.id ?? null;
}

describe('8 dependencies of a site', () => {
  test('without a host are those of each host, on its own check or on one elsewhere', () => {
    const site = of(['*/http', '=/ping'], ['*/ping', 'router/ping']);
    expect(failedOf(site, key('a', 'http'), ['a/ping'])).toBe('a/ping');
    expect(failedOf(site, key('b', 'http'), ['a/ping'])).toBeNull();
    expect(failedOf(site, key('b', 'ping'), ['router/ping'])).toBe('router/ping');
    expect(failedOf(site, key('router', 'ping'), ['router/ping'])).toBeNull();
  });

  test('count those of the master only where they are inherited', () => {
    const chain = (inheritsParent: boolean) =>
      of(
        ['a/x', 'b/x', { inheritsParent }],
        ['b/x', 'c/x', { inheritsParent }],
        ['c/x', 'd/x'],
        ['d/x', 'e/x'],
      );
    expect(failedOf(chain(true), key('a', 'x'), ['c/x'])).toBe('c/x');
    expect(failedOf(chain(true), key('a', 'x'), ['d/x'])).toBe('d/x');
    expect(failedOf(chain(true), key('a', 'x'), ['e/x'])).toBeNull();
    expect(failedOf(chain(false), key('a', 'x'), ['c/x'])).toBeNull();
    expect(chain(true).mastersOf(key('a', 'x'), ['notification'])).toEqual([
      key('b', 'x'),
      key('c', 'x'),
      key('d', 'x'),
    ]);
    expect(chain(false).mastersOf(key('a', 'x'), ['notification'])).toEqual([key('b', 'x')]);
  });

  test('count for their kinds only', () => {
    const site = of(['a', 'b', { kinds: ['execution'] }]);
    expect(failedOf(site, key('a'), ['b'])).toBeNull();
    expect(site.mastersOf(key('a'), ['notification'])).toEqual([]);
    expect(site.mastersOf(key('a'), ['execution', 'notification'])).toEqual([key('b')]);
  });

  test('rule 3.0.8: ancestors are parents, theirs, and so on; a failed one is seen from below', () => {
    const parent = { kinds: ['parent' as const] };
    const site = of(
      ['a/x', 'b/x', parent],
      ['a/x', 'c/x', parent],
      ['b/x', 'd/x', parent],
      ['c/x', 'd/x', parent],
      ['d/x', 'e/x', { kinds: ['execution'] }],
    );
    const see = ({ hostId }: ObjectKey) =>
      hostId === 'c'
        ? undefined
        : ({
            id: hostId,
            state: 'ok',
            stateType: 'hard',
            lastHardState: 'ok',
            isPending: false,
          } as const);
    const ids = (glimpses: readonly { id: string }[]) => glimpses.map(({ id }) => id).sort();
    expect(ids(site.parentsOf(key('a', 'x'), see))).toEqual(['b']);
    expect(ids(site.ancestorsOf(key('a', 'x'), see))).toEqual(['b', 'd']);
    expect(site.resolve(key('a', 'x'), 'execution', see)).toEqual([]);
  });

  test.each<[string, SiteDependencies, string[] | null]>([
    ['nothing goes round', of(['a', 'b'], ['b', 'c'], ['a', 'c']), null],
    ['two hosts', of(['a', 'b'], ['b', 'a']), ['a', 'b', 'a']],
    ['each host on itself elsewhere', of(['*/x', 'r/x']), null],
    ['checks of each host', of(['*/x', '=/y'], ['*/y', '=/x']), ['*/x', '*/y', '*/x']],
    ['one host among each', of(['*/x', 'r/y'], ['r/y', '=/x']), ['r/x', 'r/y', 'r/x']],
    [
      'kinds apart',
      of(['a', 'b', { kinds: ['execution'] }], ['b', 'a', { kinds: ['notification'] }]),
      null,
    ],
  ])('find a circle: %s', (_, site, way) => {
    const found = site.findCircle()?.map(({ hostId, pluginId }) => {
      return pluginId === null ? hostId : `${hostId}/${pluginId}`;
    });
    expect(found === undefined ? null : [...new Set(found)].sort()).toEqual(
      way === null ? null : [...new Set(way)].sort(),
    );
    if (found !== undefined) expect(found.at(0)).toBe(found.at(-1));
  });
});
