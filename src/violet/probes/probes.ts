/** The built-in probes by name. To add one: a file, a line here, a test with a real target. */

import { probeDns } from './dns.ts';
import { probeDummy } from './dummy.ts';
import { probeHttp } from './http.ts';
import { UsageError } from './options.ts';
import { probePing } from './ping.ts';
import { type Probe, type ProbeContext, type ProbeReport, report } from './probe.ts';
import { probeTcp } from './tcp.ts';

interface ProbeEntry {
  readonly probe: Probe;
  /** Arguments that it takes. Without `|`, which would begin performance data. */
  readonly usage: string;
}

const PROBES: ReadonlyMap<string, ProbeEntry> = new Map([
  [
    'dns',
    {
      probe: probeDns,
      usage: '[-H NAME] [-s SERVER] [-p PORT] [-a EXPECTED]... [-L] [-w RANGE] [-c RANGE] [-t S]',
    },
  ],
  ['dummy', { probe: probeDummy, usage: 'STATE [TEXT]' }],
  [
    'http',
    {
      probe: probeHttp,
      usage:
        '[-H VHOST] [-I ADDRESS] [-p PORT] [-u PATH] [-S] [--ca-cert FILE] [-e STATUS,...] [-s TEXT] [-f ok, warning, critical, follow, sticky or stickyport] [-j METHOD] [-k HEADER]... [-a USER:PASSWORD] [-w RANGE] [-c RANGE] [-t S] [-4] [-6]',
    },
  ],
  [
    'ping',
    {
      probe: probePing,
      usage: '-w RTA_MS,LOSS% -c RTA_MS,LOSS% [-H ADDRESS] [-p PACKETS] [-t S] [-4] [-6]',
    },
  ],
  [
    'tcp',
    {
      probe: probeTcp,
      usage:
        '-p PORT [-H ADDRESS] [-s TEXT] [-e TEXT]... [-A] [-q TEXT] [-E] [-j] [-r STATE] [-M STATE] [-w RANGE] [-c RANGE] [-t S] [-4] [-6]',
    },
  ],
]);

/** The names of all built-in probes, sorted. */
export const BUILTIN_NAMES: readonly string[] = [...PROBES.keys()].sort();

/**
 * Runs a probe; undefined when there is none of that name. Rejects once `context.signal` has
 * aborted, and else never. Wrong arguments are an `unknown` that shows the right ones.
 */
export function findProbe(name: string): Probe | undefined {
  const entry = PROBES.get(name);
  if (entry === undefined) return undefined;
  return async (args, context) => explainUsage(name, entry, { args, context });
}

async function explainUsage(
  name: string,
  { probe, usage }: ProbeEntry,
  { args, context }: { readonly args: readonly string[]; readonly context: ProbeContext },
): Promise<ProbeReport> {
  try {
    return await probe(args, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const problem = error.message.replaceAll('|', '¦').replaceAll('\n', ' ');
    return report('unknown', `${name.toUpperCase()} UNKNOWN - ${problem}\nusage: ${name} ${usage}`);
  }
}
