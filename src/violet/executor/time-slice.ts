/**
 * How long Linux lets a thread run before it looks whether another one is to have its turn. A thread
 * that asks for less at a time gets its turns sooner: one that only hands on work then keeps
 * processors busy with the work, in as much time altogether.
 */

import { getPriority } from 'node:os';

/** Numbers of `sched_setattr`, which the C library has no function for. */
const CALL_NUMBERS: Partial<Record<NodeJS.Architecture, number>> = { x64: 314, arm64: 274 };

/** `struct sched_attr` of its first version with utilization: size, policy, flags, nice, ..., runtime. */
const STRUCT_BYTES = 56;
const FLAGS_AT = 8;
const NICE_AT = 16;
const RUNTIME_AT = 24;
/** What the thread starts has slices as long as by default. */
const RESET_ON_FORK = 1n;

/** Asks for slices of `sliceNs` for the calling thread; nothing where the system does not know of it. */
export async function shortenTimeSlice(sliceNs: number): Promise<void> {
  const number = CALL_NUMBERS[process.arch];
  const nice = getPriority();
  // The flag would take a higher priority than normal away from what the thread starts.
  if (process.platform !== 'linux' || number === undefined || nice < 0) return;
  const attributes = Buffer.alloc(STRUCT_BYTES);
  attributes.writeUInt32LE(STRUCT_BYTES);
  attributes.writeBigUInt64LE(RESET_ON_FORK, FLAGS_AT);
  attributes.writeInt32LE(nice, NICE_AT);
  attributes.writeBigUInt64LE(BigInt(sliceNs), RUNTIME_AT);
  try {
    const { default: koffi } = await import('koffi');
    koffi
      .load(null)
      .func('long syscall(long number, int thread, void *attributes, unsigned int flags)')(
      number,
      0,
      attributes,
      0,
    );
  } catch {
    // Without koffi there is nothing to call it by.
  }
}
