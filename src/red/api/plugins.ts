/** Routes of plugins. */

import { type PluginInput, PluginInputSchema, PluginQuerySchema } from '../../contract/plugins.ts';
import { pluginQueries } from '../../database/queries/plugins.ts';
import { Conflict, InvalidInput } from '../../model/errors.ts';
import type { Plugin } from '../../model/objects.ts';
import { type ResourceContext, resourceRoutes } from './resource.ts';
import type { Route } from './server.ts';

/** Creates the routes of plugins. */
export function pluginRoutes(context: ResourceContext): Route[] {
  return resourceRoutes<Plugin, PluginInput>(
    {
      queries: pluginQueries,
      routes: {
        list: 'listPlugins',
        create: 'createPlugin',
        get: 'getPlugin',
        replace: 'replacePlugin',
        change: 'changePlugin',
        delete: 'deletePlugin',
      },
      input: PluginInputSchema,
      query: PluginQuerySchema,
      toJson: ({ run, intervalMs, timeoutMs, ...spec }) => ({
        ...spec,
        ...run,
        interval: intervalMs / 1_000,
        timeout: timeoutMs / 1_000,
      }),
      toSpec: async (input) => ({
        name: input.name,
        run: readRun(input),
        params: input.params ?? '',
        intervalMs: Math.round((input.interval ?? 30) * 1_000),
        timeoutMs: Math.round((input.timeout ?? 10) * 1_000),
        description: input.description ?? '',
        suites: input.suites ?? [],
      }),
      async refuseCollision(sql, spec, id) {
        const same = await pluginQueries.find(sql, spec.name);
        if (same && same.id !== id) throw new Conflict(`There is a plugin "${spec.name}" already.`);
      },
    },
    context,
  );
}

function readRun(input: PluginInput): Plugin['run'] {
  if (input.script !== undefined && input.builtin === undefined) return { script: input.script };
  if (input.builtin !== undefined && input.script === undefined) return { builtin: input.builtin };
  const message = 'give exactly one of script and builtin';
  throw new InvalidInput([{ path: '/script', message }]);
}
