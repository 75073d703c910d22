/** Plugins over HTTP: their defaults, and what they may not collide with. */

import { type PluginInput, PluginInputSchema } from '../../contract/plugins.ts';
import { pluginQueries } from '../../database/queries/plugins.ts';
import { findNear } from '../../lib/near-names.ts';
import { BUILTIN_NAMES, type BuiltinName } from '../../model/builtins.ts';
import { DEFAULT_CONTROL } from '../../model/check-control.ts';
import { type CheckPolicy, DEFAULT_POLICY } from '../../model/check-policy.ts';
import { Conflict, InvalidInput } from '../../model/errors.ts';
import type { Plugin } from '../../model/objects.ts';
import { createEditor, type Editor } from './editing.ts';
import { readStatePolicy } from './state-policy.ts';

/** Creates the editor of plugins. */
export function createPluginEditor(): Editor<Plugin> {
  return createEditor<Plugin, PluginInput>({
    queries: pluginQueries,
    input: PluginInputSchema,
    memberships: ['suites'],
    toJson: ({ run, intervalMs, timeoutMs, freshnessMs, policy, ...spec }) => ({
      ...spec,
      ...policyToJson(policy),
      ...run,
      interval: intervalMs / 1_000,
      timeout: timeoutMs / 1_000,
      freshness: freshnessMs === null ? null : freshnessMs / 1_000,
    }),
    toSpec: async (input) => ({
      name: input.name,
      run: readRun(input),
      ssh: readSsh(input),
      params: input.params ?? '',
      intervalMs: Math.round((input.interval ?? 30) * 1_000),
      timeoutMs: Math.round((input.timeout ?? 10) * 1_000),
      policy: readPolicy(input),
      checkPeriod: input.checkPeriod ?? DEFAULT_CONTROL.checkPeriod,
      eventHandlerPeriod: input.eventHandlerPeriod ?? DEFAULT_CONTROL.eventHandlerPeriod,
      activeChecks: input.activeChecks ?? DEFAULT_CONTROL.activeChecks,
      passiveChecks: input.passiveChecks ?? DEFAULT_CONTROL.passiveChecks,
      freshnessMs: input.freshness == null ? null : Math.round(input.freshness * 1_000),
      hostCheck: input.hostCheck ?? false,
      description: input.description ?? '',
      suites: input.suites ?? [],
    }),
    async refuseCollision(sql, spec, id) {
      const same = await pluginQueries.find(sql, spec.name);
      if (same && same.id !== id) throw new Conflict(`There is a plugin "${spec.name}" already.`);
    },
  });
}

function policyToJson({ retryIntervalMs, isVolatile, ...policy }: CheckPolicy) {
  return {
    ...policy,
    retryInterval: retryIntervalMs === null ? null : retryIntervalMs / 1_000,
    volatile: isVolatile,
  };
}

function readPolicy(input: PluginInput): CheckPolicy {
  return {
    ...readStatePolicy(input, DEFAULT_POLICY),
    isVolatile: input.volatile ?? DEFAULT_POLICY.isVolatile,
    flapStates: [...new Set(input.flapStates ?? DEFAULT_POLICY.flapStates)],
    stalking: [...new Set(input.stalking ?? DEFAULT_POLICY.stalking)],
  };
}

function readSsh({ ssh = false, script }: PluginInput): boolean {
  if (!ssh || script !== undefined) return ssh;
  throw new InvalidInput([{ path: '/ssh', message: 'only a script can run through ssh' }]);
}

function readRun(input: PluginInput): Plugin['run'] {
  if (input.script !== undefined && input.builtin === undefined) return { script: input.script };
  if (input.builtin !== undefined && input.script === undefined) {
    return { builtin: readBuiltin(input.builtin) };
  }
  const message = 'give exactly one of script and builtin';
  throw new InvalidInput([{ path: '/script', message }]);
}

/** Every violet of this version has the same probes, so a name that is none is a slip of the pen. */
function readBuiltin(text: string): BuiltinName {
  const name = BUILTIN_NAMES.find((one) => one === text);
  if (name !== undefined) return name;
  const near = findNear(text, BUILTIN_NAMES).map((one) => `"${one}"`);
  const hint = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
  const message = `there is no built-in probe "${text}".${hint} There are ${BUILTIN_NAMES.join(', ')}.`;
  throw new InvalidInput([{ path: '/builtin', message }]);
}
