/** Echoes of tests: through the sockets that this machine permits, or through programs alone. */

import { randomBytes } from 'node:crypto';
import { systemClock } from '../src/lib/clock.ts';
import { silentLog } from '../src/lib/log.ts';
import { type Icmp, openIcmp } from '../src/violet/icmp/icmp.ts';
import { loadSocketCalls, type SocketCalls } from '../src/violet/icmp/socket-calls.ts';

/** Opens sockets by these calls; with none there are none. */
export function openTestIcmp(calls: SocketCalls | null): Icmp {
  return openIcmp({
    calls,
    createToken: () => randomBytes(8).readBigUInt64BE(),
    clock: systemClock,
    log: silentLog(),
  });
}

/** The calls; null where they open no socket for IPv4, for a test to be skipped loudly. */
export async function findSocketCalls(): Promise<SocketCalls | null> {
  const calls = await loadSocketCalls();
  const icmp = openTestIcmp(calls);
  const isOpen = 'kind' in icmp.socketOf(4);
  icmp.close();
  return isOpen ? calls : null;
}
