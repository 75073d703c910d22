/**
 * Section 11: `$NAME$` in the arguments of a plugin. Arguments are expanded one by one after they
 * were split, and values are never expanded or split again, so no value becomes another argument.
 */

import type { Host } from '../model/objects.ts';

/** The value of a macro by its name without `$`; undefined when there is no such macro. */
export type MacroLookup = (name: string) => string | undefined;

/** What a check's macros are made of. */
export interface HostMacroSources {
  readonly host: Pick<Host, 'name' | 'address' | 'vars'>;
  readonly plugin: { readonly name: string };
  /** Values by the whole name, `USER1`; other names than `USERn` are left out. */
  readonly userMacros: Readonly<Record<string, string>>;
}

/**
 * Linux gives no program an argument of more than 128 KiB. What gets longer fails in any case, so
 * the rest of it stays as it is: many long values cannot fill the memory.
 */
const MAX_ARGUMENT_LENGTH = 131_072;

/**
 * `argument` with its macros replaced. `$$` is `$`; an unknown name stays with both its `$`, of
 * which the second opens no other name; a last single `$` stays. Names are case-sensitive. Throws
 * only what `lookup` throws. Takes linear time.
 */
export function expandMacros(argument: string, lookup: MacroLookup): string {
  let expanded = '';
  let position = 0;
  while (expanded.length <= MAX_ARGUMENT_LENGTH) {
    const open = argument.indexOf('$', position);
    const close = open === -1 ? -1 : argument.indexOf('$', open + 1);
    if (close === -1) break;
    expanded += argument.slice(position, open);
    expanded += expandName(argument.slice(open + 1, close), lookup);
    position = close + 1;
  }
  return expanded + argument.slice(position);
}

/**
 * The macros of one check. A host's variable `x` is `_HOSTX`; of variables that differ in case only
 * the last one counts.
 */
export function createHostMacros({ host, plugin, userMacros }: HostMacroSources): MacroLookup {
  const values = new Map<string, string>([
    ['HOSTNAME', host.name],
    ['HOSTALIAS', host.name],
    ['HOSTDISPLAYNAME', host.name],
    ['HOSTADDRESS', host.address],
    ['SERVICEDESC', plugin.name],
    ['SERVICEDISPLAYNAME', plugin.name],
  ]);
  for (const [name, value] of Object.entries(host.vars)) {
    values.set(`_HOST${name.toUpperCase()}`, value);
  }
  for (const [name, value] of Object.entries(userMacros)) {
    if (/^USER\d+$/.test(name)) values.set(name, value);
  }
  return (name) => values.get(name);
}

function expandName(name: string, lookup: MacroLookup): string {
  return name === '' ? '$' : (lookup(name) ?? `$${name}$`);
}
