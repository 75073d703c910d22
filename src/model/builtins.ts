/** The names of the built-in probes: red takes no other, and violet has one for each. */

/** All of them, sorted. */
export const BUILTIN_NAMES = [
  ...(['disk', 'dns', 'dummy', 'http', 'load', 'memory'] as const),
  ...(['ping', 'smtp', 'ssh', 'tcp', 'tls'] as const),
] as const;

/** One of them. */
export type BuiltinName = (typeof BUILTIN_NAMES)[number];
