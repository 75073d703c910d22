/**
 * What one run of a program may use of the machine, as limits of the system (setrlimit).
 * The time-out ends a run that takes too long; these end one that takes too much meanwhile.
 */

/** Limits of one program and of each that it starts; null: as violet itself is limited. */
export interface Limits {
  /** Seconds of CPU time; then SIGXCPU, a second later SIGKILL. */
  readonly cpuS: number | null;
  /**
   * Bytes of memory of its own that it can write; then allocating fails in the program. Not address
   * space, of which runtimes as those of Java and Go reserve far more than they ever use.
   */
  readonly memoryBytes: number | null;
  /** Files open at a time. */
  readonly openFiles: number | null;
  /** Bytes of the largest file that it can write; then SIGXFSZ. */
  readonly fileBytes: number | null;
  /** Processes of the user, all of the machine together, not of this run alone. */
  readonly processes: number | null;
}

/** A limit as the system takes it: the number of the resource, its soft and hard value. */
export interface ResourceLimit {
  readonly resource: number;
  readonly soft: number;
  readonly hard: number;
}

/** Numbers of the resources, alike on every architecture that koffi is built for (asm-generic). */
const RESOURCE = { cpu: 0, fileSize: 1, core: 4, processes: 6, openFiles: 7, data: 2 };

/**
 * Limits that the process that starts programs can bear itself, so that they are inherited and no
 * program is ever without them. No program writes a core file.
 */
export function inheritedLimits(limits: Limits): ResourceLimit[] {
  return [
    ...limit(RESOURCE.core, 0),
    ...limit(RESOURCE.fileSize, limits.fileBytes),
    ...limit(RESOURCE.processes, limits.processes),
  ];
}

/** Limits that only the program itself can bear, so that they are set when it has been started. */
export function programLimits(limits: Limits): ResourceLimit[] {
  return [
    ...limit(RESOURCE.cpu, limits.cpuS, 1),
    ...limit(RESOURCE.data, limits.memoryBytes),
    ...limit(RESOURCE.openFiles, limits.openFiles),
  ];
}

/** The limits, as far as somebody may set them who may not go above `hardLimit`. */
export function lowerTo(
  limits: readonly ResourceLimit[],
  hardLimit: (resource: number) => number,
): ResourceLimit[] {
  return limits.map(({ resource, soft, hard }) => {
    const highest = hardLimit(resource);
    return { resource, soft: Math.min(soft, highest), hard: Math.min(hard, highest) };
  });
}

function limit(resource: number, value: number | null, grace = 0): ResourceLimit[] {
  return value === null ? [] : [{ resource, soft: value, hard: value + grace }];
}
