/** Dependencies over HTTP: what may depend on what. */

import { type DependencyInput, DependencyInputSchema } from '../../contract/dependencies.ts';
import type { Sql } from '../../database/database.ts';
import {
  dependencyQueries,
  listNamesById,
  readAllDependencies,
} from '../../database/queries/dependencies.ts';
import {
  DEFAULT_DEPENDENCY_KINDS,
  DEPENDENCY_KINDS,
  MASTER_CHECK_STATES,
  MASTER_HOST_STATES,
  type MasterState,
} from '../../model/dependency.ts';
import { Conflict, type FieldError, InvalidInput } from '../../model/errors.ts';
import type { Dependency } from '../../model/objects.ts';
import { type ObjectKey, SiteDependencies } from '../../nagios/state/site-dependencies.ts';
import { createEditor, type Editor } from './editing.ts';

const DEFAULT_FAILS_ON: Readonly<Record<'check' | 'host', readonly MasterState[]>> = {
  check: ['critical', 'unknown'],
  host: ['down', 'unreachable'],
};

/** Creates the editor of dependencies. */
export function createDependencyEditor(): Editor<Dependency> {
  return createEditor<Dependency, DependencyInput>({
    queries: dependencyQueries,
    input: DependencyInputSchema,
    toJson: (spec) => ({ ...spec }),
    async toSpec(input) {
      const { plugin = null, masterPlugin = null, kinds = DEFAULT_DEPENDENCY_KINDS } = input;
      const sort = plugin !== null || masterPlugin !== null ? 'check' : 'host';
      const states: readonly MasterState[] =
        sort === 'check' ? MASTER_CHECK_STATES : MASTER_HOST_STATES;
      const failsOn = input.failsOn ?? DEFAULT_FAILS_ON[sort];
      const spec = {
        name: input.name,
        host: input.host ?? null,
        plugin,
        masterHost: input.masterHost ?? null,
        masterPlugin,
        kinds: DEPENDENCY_KINDS.filter((kind) => kinds.includes(kind)),
        failsOn: states.filter((state) => failsOn.includes(state)),
        period: input.period ?? null,
        inheritsParent: input.inheritsParent ?? false,
        description: input.description ?? '',
      };
      const faults = [...findFaults(spec, sort), ...findWrongStates(failsOn, { states, sort })];
      if (faults.length > 0) throw new InvalidInput(faults);
      return spec;
    },
    async refuseCollision(sql, spec, id) {
      const same = await dependencyQueries.find(sql, spec.name);
      if (same && same.id !== id) {
        throw new Conflict(`There is a dependency "${spec.name}" already.`);
      }
    },
    refuseOutcome: refuseCircles,
  });
}

/** As in Nagios, a check depends on a check and a host on a host. */
function findFaults(
  { host, plugin, masterHost, masterPlugin, kinds }: Dependency,
  sort: 'check' | 'host',
): FieldError[] {
  if (sort === 'host') {
    return [
      ...(host === null ? [{ path: '/host', message: 'is needed, or plugin' }] : []),
      ...(masterHost === null
        ? [{ path: '/masterHost', message: 'is needed: a host depends on another host' }]
        : []),
      ...(host !== null && host === masterHost ? [{ path: '/masterHost', message: ITSELF }] : []),
      ...(kinds.includes('parent') ? [{ path: '/kinds', message: HOST_PARENT }] : []),
    ];
  }
  const message = 'is needed: a check depends on a check, and a host on a host';
  if (plugin === null) return [{ path: '/plugin', message }];
  if (masterPlugin === null) return [{ path: '/masterPlugin', message }];
  const isItself = plugin === masterPlugin && (masterHost === null || masterHost === host);
  return isItself ? [{ path: '/masterPlugin', message: ITSELF }] : [];
}

const ITSELF = 'is the dependent itself';
const HOST_PARENT = 'parent is of checks: a host names its parents itself';

function findWrongStates(
  failsOn: readonly MasterState[],
  { states, sort }: { readonly states: readonly MasterState[]; readonly sort: string },
): FieldError[] {
  return failsOn.flatMap((state, index) =>
    states.includes(state)
      ? []
      : { path: `/failsOn/${index}`, message: `is no state of a ${sort}: ${states.join(', ')}` },
  );
}

/** Of all dependencies: one that was changed may close a circle that begins elsewhere. */
async function refuseCircles(sql: Sql): Promise<void> {
  const all = await readAllDependencies(sql);
  // Whether there is a circle does not depend on the time.
  const rules = all.map((one) => ({ ...one, period: null }));
  const way = new SiteDependencies(rules).findCircle();
  if (way === null) return;
  const told = (await nameObjects(sql, way)).join(' depends on ');
  throw new InvalidInput([{ path: '', message: `would go round: ${told}` }]);
}

async function nameObjects(sql: Sql, way: readonly ObjectKey[]): Promise<string[]> {
  const hosts = await listNamesById(sql, 'host', [...new Set(way.map(({ hostId }) => hostId))]);
  const pluginIds = new Set(way.flatMap(({ pluginId }) => pluginId ?? []));
  const plugins = await listNamesById(sql, 'plugin', [...pluginIds]);
  return way.map(({ hostId, pluginId }) => {
    const host = hosts.get(hostId) ?? 'HOST';
    return pluginId === null ? host : `${host}/${plugins.get(pluginId)}`;
  });
}
