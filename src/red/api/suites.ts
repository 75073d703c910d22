/** Routes of suites. */

import { type SuiteInput, SuiteInputSchema, SuiteQuerySchema } from '../../contract/suites.ts';
import { suiteQueries } from '../../database/queries/suites.ts';
import { Conflict } from '../../model/errors.ts';
import type { Suite } from '../../model/objects.ts';
import { type ResourceContext, resourceRoutes } from './resource.ts';
import type { Route } from './server.ts';

/** Creates the routes of suites. */
export function suiteRoutes(context: ResourceContext): Route[] {
  return resourceRoutes<Suite, SuiteInput>(
    {
      queries: suiteQueries,
      routes: {
        list: 'listSuites',
        create: 'createSuite',
        get: 'getSuite',
        replace: 'replaceSuite',
        change: 'changeSuite',
        delete: 'deleteSuite',
      },
      input: SuiteInputSchema,
      query: SuiteQuerySchema,
      toJson: (spec) => ({ ...spec }),
      toSpec: async (input) => ({
        name: input.name,
        description: input.description ?? '',
        hosts: input.hosts ?? [],
        plugins: input.plugins ?? [],
        subnets: input.subnets ?? [],
      }),
      async refuseCollision(sql, spec, id) {
        const same = await suiteQueries.find(sql, spec.name);
        if (same && same.id !== id) throw new Conflict(`There is a suite "${spec.name}" already.`);
      },
    },
    context,
  );
}
