/**
 * The built-in probes by name. To add one: its name in `src/model/builtins.ts`, a file, an entry here,
 * a test with a real target.
 */

import type { BuiltinName } from '../../model/builtins.ts';
import { probeDisk } from './disk.ts';
import { probeDns } from './dns.ts';
import { probeDummy } from './dummy.ts';
import { probeHttp } from './http.ts';
import { probeLoad } from './load.ts';
import { probeMemory } from './memory.ts';
import { UsageError } from './options.ts';
import { probePing } from './ping.ts';
import {
  type Probe,
  type ProbeContext,
  type ProbeReport,
  report,
  type ServiceContext,
  type ServiceProbe,
} from './probe.ts';
import { probeSmtp } from './smtp.ts';
import { probeSsh } from './ssh.ts';
import { probeTcp } from './tcp.ts';
import { probeTls } from './tls.ts';

interface ProbeEntry<Context> {
  readonly probe: Probe<Context>;
  /** Arguments that it takes. Without `|`, which would begin performance data. */
  readonly usage: string;
}

const TIMES = '[-w RANGE] [-c RANGE] [-t S]';
const FAMILY = '[-4] [-6]';
const TRUST = '[--ca-cert FILE] [--no-verify] [--client-cert FILE] [--private-key FILE]';

/** Those that ask a service on the network: they run on any thread. */
const SERVICE_PROBES = {
  dns: {
    probe: probeDns,
    usage: `[-H NAME] [-s SERVER] [-p PORT] [-q TYPE] [-a EXPECTED]... [-L] [-n] [-A] ${TIMES}`,
  },
  http: {
    probe: probeHttp,
    usage: `[-H VHOST] [-I ADDRESS] [-p PORT] [-u PATH] [-S[VERSION[+]]] [-C DAYS[,DAYS]] [--continue-after-certificate] [--sni] ${TRUST} [-e STATUS,...] [-d HEADER] [-s TEXT] [-r PATTERN] [-R PATTERN] [-l] [--invert-regex] [-f ok, warning, critical, follow, sticky or stickyport] [--max-redirs N] [-m MIN[:MAX]] [-M AGE] [-j METHOD] [-P DATA] [-T TYPE] [-A AGENT] [-k HEADER]... [-a USER:PASSWORD] [-b USER:PASSWORD] [-N] [-B] ${TIMES} ${FAMILY}`,
  },
  smtp: {
    probe: probeSmtp,
    usage: `[-H ADDRESS] [-p PORT] [-e TEXT] [-f FROM] [-C COMMAND [-R PATTERN]]... [-S] [-D DAYS[,DAYS]] [--sni NAME] ${TRUST} [-F FQDN] [-A LOGIN -U USER -P PASSWORD] [-L] ${TIMES} ${FAMILY}`,
  },
  ssh: {
    probe: probeSsh,
    usage: `[-H] [ADDRESS] [-p PORT] [-r VERSION] [-P PROTOCOL] ${TIMES} ${FAMILY}`,
  },
  tcp: {
    probe: probeTcp,
    usage: `-p PORT [-H ADDRESS] [-s TEXT] [-e TEXT]... [-A] [-q TEXT] [-E] [-j] [-m BYTES] [-d S] [-r STATE] [-M STATE] [-S] [-D DAYS[,DAYS]] [--sni NAME] ${TRUST} ${TIMES} ${FAMILY}`,
  },
  tls: {
    probe: probeTls,
    usage: `[-H NAME] [-I ADDRESS] [-p PORT] [-D DAYS[,DAYS]] [--sni NAME] [--min-protocol VERSION] ${TRUST} ${TIMES} ${FAMILY}`,
  },
} satisfies Partial<Record<BuiltinName, ProbeEntry<ServiceContext>>>;

/** Those that need what this violet shares among its checks, or next to no time. */
const LOCAL_PROBES = {
  disk: {
    probe: probeDisk,
    usage:
      '-w FREE, -w FREE%, -W INODES% -c FREE, -c FREE%, -K INODES% [-p PATH]... [-C] [-A] [-r PATTERN] [-R PATTERN] [-i PATTERN] [-I PATTERN] [-x DEVICE]... [-X TYPE]... [-N TYPE]... [-E] [-e] [-f] [-P] [-l] [-M] [-k] [-m] [-u bytes, kB, MB, GB or TB] [-t S]',
  },
  dummy: { probe: probeDummy, usage: 'STATE [TEXT]' },
  load: {
    probe: probeLoad,
    usage: '-w LOAD1[,LOAD5[,LOAD15]] -c LOAD1[,LOAD5[,LOAD15]] [-r]',
  },
  memory: { probe: probeMemory, usage: '-w PERCENT -c PERCENT [-f]' },
  ping: {
    probe: probePing,
    usage: `-w RTA_MS,LOSS% -c RTA_MS,LOSS% [-H ADDRESS] [-p PACKETS] [-t S] ${FAMILY}`,
  },
} satisfies Partial<Record<BuiltinName, ProbeEntry<ProbeContext>>>;

const PROBES: Readonly<Record<BuiltinName, ProbeEntry<ProbeContext>>> = {
  ...SERVICE_PROBES,
  ...LOCAL_PROBES,
};

/**
 * A probe; undefined when there is none of that name. It rejects once `context.signal` has aborted,
 * and else never. Wrong arguments are an `unknown` that shows the right ones.
 */
export function findProbe(name: string): Probe | undefined {
  return find(name, PROBES);
}

/** Whether a probe asks a service on the network, and needs nothing else. */
export function isServiceProbe(name: string): boolean {
  return Object.hasOwn(SERVICE_PROBES, name);
}

/** As `findProbe`, for the probes of services. */
export function findServiceProbe(name: string): ServiceProbe | undefined {
  return find(name, SERVICE_PROBES);
}

function find<Context>(
  name: string,
  entries: Readonly<Record<string, ProbeEntry<Context>>>,
): Probe<Context> | undefined {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  return entry && (async (args, context) => explainUsage(name, entry, { args, context }));
}

async function explainUsage<Context>(
  name: string,
  { probe, usage }: ProbeEntry<Context>,
  { args, context }: { readonly args: readonly string[]; readonly context: Context },
): Promise<ProbeReport> {
  try {
    return await probe(args, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const problem = error.message.replaceAll('|', '¦').replaceAll('\n', ' ');
    return report('unknown', `${name.toUpperCase()} UNKNOWN - ${problem}\nusage: ${name} ${usage}`);
  }
}
