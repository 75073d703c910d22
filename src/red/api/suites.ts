/** Suites over HTTP: their defaults, and what they may not collide with. */

import { type SuiteInput, SuiteInputSchema } from '../../contract/suites.ts';
import { suiteQueries } from '../../database/queries/suites.ts';
import { Conflict } from '../../model/errors.ts';
import type { Suite } from '../../model/objects.ts';
import { createEditor, type Editor } from './editing.ts';

/** Creates the editor of suites. */
export function createSuiteEditor(): Editor<Suite> {
  return createEditor<Suite, SuiteInput>({
    queries: suiteQueries,
    input: SuiteInputSchema,
    memberships: ['hosts', 'plugins', 'subnets'],
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
  });
}
