/** A bounded number of places to run something; what has none waits in the order of arrival. */

/** The places. How much waits is up to the callers. */
export interface Slots {
  readonly count: number;
  running(): number;
  waiting(): number;
  /** Runs `task` when a place is free; settles as the task does. */
  run<Result>(task: () => Promise<Result>): Promise<Result>;
}

/** Creates `count` free places. */
export function createSlots(count: number): Slots {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    count,
    running: () => running,
    waiting: () => waiting.length,
    async run(task) {
      if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
      else running++;
      try {
        return await task();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
