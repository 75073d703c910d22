/**
 * Makes Linux treat the threads of this process, and all that they start, as a batch: one that wakes
 * up waits for its turn instead of interrupting another, and a turn is long enough for what most
 * plugins do. A plugin that is interrupted finds the caches of the processor full of something else;
 * and whoever starts plugins, woken less often, finds more to do at a time. What is not of the batch
 * still interrupts it.
 */

import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';

/** Numbers of `sched_setattr`, which the C library has no function for. */
const CALL_NUMBERS: Partial<Record<NodeJS.Architecture, number>> = { x64: 314, arm64: 274 };

/** `struct sched_attr` of its first version with utilization: size, policy, flags, nice, ..., runtime. */
const STRUCT_BYTES = 56;
const POLICY_AT = 4;
const NICE_AT = 16;
const RUNTIME_AT = 24;
const SCHED_BATCH = 3;

/**
 * Turns of `sliceNs` (Linux 6.12 or newer; older ones decide themselves) for every thread of this
 * process, whose priorities stay. Nothing where the system does not know of it.
 */
export async function becomeBatch(sliceNs: number): Promise<void> {
  const number = CALL_NUMBERS[process.arch];
  if (process.platform !== 'linux' || number === undefined) return;
  try {
    const { default: koffi } = await import('koffi');
    const call = koffi
      .load(null)
      .func('long syscall(long number, int thread, void *attributes, unsigned int flags)');
    const attributes = Buffer.alloc(STRUCT_BYTES);
    attributes.writeUInt32LE(STRUCT_BYTES);
    attributes.writeUInt32LE(SCHED_BATCH, POLICY_AT);
    attributes.writeBigUInt64LE(BigInt(sliceNs), RUNTIME_AT);
    for (const thread of readdirSync('/proc/self/task').map(Number)) {
      attributes.writeInt32LE(getPriority(thread), NICE_AT);
      call(number, thread, attributes, 0);
    }
  } catch {
    // Without koffi there is nothing to call it by.
  }
}
