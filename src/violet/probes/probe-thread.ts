/** A thread that runs the probes of services; `probe-threads.ts` is the other end. */

import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../lib/clock.ts';
import { Unavailable } from '../../model/errors.ts';
import { findServiceProbe } from './probes.ts';
import { createStartProbe, type ProbeRun } from './run-probe.ts';
import { type FromThread, openThreadChannel, type ToThread } from './thread-channel.ts';

if (parentPort === null) throw new Error('this file is the code of a thread');

const startProbe = createStartProbe(findServiceProbe, { clock: systemClock });
const runs = new Map<number, ProbeRun>();

const send = openThreadChannel<FromThread, ToThread>(parentPort, ([id, order]) => {
  if (order === null) {
    runs.get(id)?.stop();
    return;
  }
  const run = startProbe(order);
  runs.set(id, run);
  const end = (outcome: FromThread[1]) => {
    runs.delete(id);
    send([id, outcome]);
  };
  run.outcome.then(end, (error: unknown) => {
    if (error instanceof Unavailable) return end(null);
    runs.delete(id);
    send([id, null, describe(error)]);
  });
});

// The others go on; the run whose fault it is ends by its time.
process.on('uncaughtException', (error) => send([null, null, describe(error)]));

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
