/** Starts violet: from plugin folders and ssh keys to a worker that takes checks. */

import { randomBytes } from 'node:crypto';
import { availableParallelism, homedir, hostname, loadavg } from 'node:os';
import { join } from 'node:path';
import { watchLoopLag } from '../lib/loop-lag.ts';
import {
  type ConcurrencyRange,
  LIGHT_RANGE,
  programRange,
  startAdapting,
} from '../violet/concurrency.ts';
import { startDiscovery } from '../violet/discovery.ts';
import { startEventHandlers } from '../violet/event-handlers.ts';
import { createExecute } from '../violet/execute.ts';
import { findUser } from '../violet/executor/run-as.ts';
import { startHeartbeat } from '../violet/heartbeat.ts';
import { openIcmp } from '../violet/icmp/icmp.ts';
import { loadSocketCalls } from '../violet/icmp/socket-calls.ts';
import { createTextMask } from '../violet/plugins/mask.ts';
import { openPluginFolders } from '../violet/plugins/plugin-folder.ts';
import { readUserMacros } from '../violet/plugins/user-macros.ts';
import {
  openProbeThreads,
  type ProbeThreads,
  probeThreadCount,
} from '../violet/probes/probe-threads.ts';
import { Slots } from '../violet/slots.ts';
import { openConnections } from '../violet/ssh/connections.ts';
import { openKnownHosts } from '../violet/ssh/known-hosts-file.ts';
import type { SshContext } from '../violet/ssh/run-remote.ts';
import { parseTarget } from '../violet/ssh/target.ts';
import { type CheckKind, startWorker } from '../violet/worker.ts';
import { openExecutor, PROBE_THREAD_FILE } from './adapters.ts';
import { readRamUsedKib, type Shared } from './shared.ts';
import { claimGivenId, claimWorkerId } from './worker-id.ts';

/** Of a jump host for which none is written, as of hosts. */
const DEFAULT_LOGIN = 'violet';
const DEFAULT_SSH_PORT = 22;

/** Starts it; what it opens is registered to be closed. */
export async function startViolet(shared: Shared): Promise<void> {
  const { config, lifecycle, log, clock } = shared;
  const { violet } = config;
  const names = join(config.data, 'workers');
  const claimed = await (violet.id === '' ? claimWorkerId(names) : claimGivenId(names, violet.id));
  lifecycle.onStop('worker name', () => claimed.release());
  const { id } = claimed;
  const user = violet.runAs === '' ? null : await findUser(violet.runAs);
  const environment = pluginEnvironment(violet.environment, user?.home ?? homedir());
  const executor = await openExecutor(config, user, shared);
  lifecycle.onStop('executor', () => executor.close());
  const icmp = openIcmp({
    calls: await loadSocketCalls(),
    createToken: () => randomBytes(8).readBigUInt64BE(),
    ...{ clock, log },
  });
  lifecycle.onStop('sockets of ICMP', async () => icmp.close());
  const ssh = openSsh(shared);
  lifecycle.onStop('ssh connections', () => ssh.connections.close());
  const plugins = {
    executor,
    pluginFolders: await openPluginFolders(violet.pluginPaths, { clock, log }),
    environment,
    maxOutputBytes: violet.maxOutput,
  };
  const userMacros = await readUserMacros(violet.macros, violet.macroFiles);
  const cores = availableParallelism();
  const threadCount =
    violet.probeThreads === 'auto' ? probeThreadCount(cores) : violet.probeThreads;
  const threads = threadCount === 0 ? null : openThreads(threadCount, userMacros, shared);
  shared.metrics.gauge(
    'ppalette_violet_probe_threads',
    'Threads that run built-in probes of services.',
    () => threads?.count ?? 0,
  );
  const execute = createExecute({
    ...plugins,
    ...{ ssh, userMacros, icmp, clock, log },
    ...(threads === null ? {} : { startServiceProbe: threads.start }),
  });
  const limits = { perHost: violet.maxPerHost, perPlugin: violet.maxPerPlugin };
  const wanted = { program: violet.concurrency, light: violet.lightConcurrency };
  const ranges = { program: programRange(cores), light: LIGHT_RANGE };
  const openSlots = (kind: CheckKind) => {
    const count = wanted[kind];
    return new Slots(count === 'auto' ? ranges[kind].start : count, limits);
  };
  const slots = { program: openSlots('program'), light: openSlots('light') };
  const worker = await startWorker({
    ...shared,
    id,
    zones: violet.zones,
    slots,
    execute,
    settings: config.semantics,
  });
  lifecycle.onStop('worker', () => worker.stop());
  const handlers = await startEventHandlers({
    ...shared,
    id,
    zones: violet.zones,
    plugins,
    userMacros,
  });
  lifecycle.onStop('event handlers', () => handlers.stop());
  const { rate, ports, timeout } = violet.discovery;
  const discovery = await startDiscovery({
    ...shared,
    id,
    zones: violet.zones,
    executor,
    icmp,
    environment,
    settings: { ratePerS: rate, ports, timeoutMs: timeout * 1_000 },
  });
  lifecycle.onStop('discovery', () => discovery.stop());
  const lag = watchLoopLag();
  lifecycle.onStop('event loop watch', () => lag.stop());
  const heartbeat = startHeartbeat({
    ...shared,
    id,
    hostname: hostname(),
    zones: violet.zones,
    slotCount: () => slots.program.count + slots.light.count,
    readLoopLagMs: () => lag.readP99Ms(),
    intervalMs: violet.heartbeatInterval * 1_000,
    figures: () => worker.figures(),
    readRamUsedKib,
  });
  lifecycle.onStop('heartbeat', () => heartbeat.stop());
  // Light checks hardly use the processors, whoever does.
  const readLoad = { program: () => (loadavg()[0] ?? 0) / cores, light: () => 0 };
  const readUse = { program: () => 0, light: () => threads?.readUse() ?? 0 };
  for (const kind of ['program', 'light'] as const) {
    if (wanted[kind] !== 'auto') continue;
    const own = { range: ranges[kind], slots: slots[kind] };
    const readings = { readLoadPerCore: readLoad[kind], readThreadUse: readUse[kind] };
    adapt({ ...own, ...readings }, (count) => worker.resize(kind, count), shared);
  }
  const [programs, light] = [slots.program.count, slots.light.count];
  log.info({ worker: id, zones: violet.zones, slots: programs, light }, 'violet takes checks');
}

function openThreads(
  maxCount: number,
  userMacros: Readonly<Record<string, string>>,
  { clock, log, lifecycle }: Shared,
): ProbeThreads {
  const maskText = createTextMask(userMacros);
  const mask = (text: string) => maskText(text, false);
  const threads = openProbeThreads({ file: PROBE_THREAD_FILE, maxCount, mask, clock, log });
  lifecycle.onStop('threads of probes', () => threads.close());
  return threads;
}

/** Lets a number of slots follow the machine until violet stops. */
function adapt(
  of: {
    readonly range: ConcurrencyRange;
    readonly slots: Slots;
    readonly readLoadPerCore: () => number;
    readonly readThreadUse: () => number;
  },
  resize: (count: number) => Promise<void>,
  { lifecycle, clock, log }: Shared,
): void {
  const { range, slots, readLoadPerCore, readThreadUse } = of;
  // Of its own, since it reads what happened since its last reading.
  const lag = watchLoopLag();
  const sample = () => ({
    isShort: slots.waiting > 0 && slots.running >= slots.count,
    lagMs: lag.readP99Ms(),
    loadPerCore: readLoadPerCore(),
    threadUse: readThreadUse(),
  });
  const adapting = startAdapting({ range, count: () => slots.count, sample, resize, clock, log });
  lifecycle.onStop('number of slots', async () => {
    await adapting.stop();
    lag.stop();
  });
}

function openSsh(shared: Shared): SshContext {
  const { ssh } = shared.config.violet;
  const connections = openConnections({
    ...shared,
    identities: { keys: ssh.keys, agent: ssh.agent },
    knownHosts: openKnownHosts(ssh.knownHosts),
    hostKeyPolicy: ssh.hostKeyPolicy,
    connectTimeoutMs: ssh.connectTimeout * 1_000,
    idleTimeoutMs: ssh.idleTimeout * 1_000,
    maxIdleConnections: ssh.maxIdleConnections,
    maxSessionsPerHost: ssh.maxSessionsPerHost,
    jumpHost: parseTarget(ssh.jumpHost, { login: DEFAULT_LOGIN, port: DEFAULT_SSH_PORT }),
  });
  return { connections, pluginPaths: ssh.pluginPaths, failureState: ssh.failureState };
}

/** All that a plugin sees of an environment. */
export function pluginEnvironment(
  own: Readonly<Record<string, string>>,
  home: string,
): Readonly<Record<string, string>> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C',
    LC_ALL: 'C',
    HOME: home,
    ...own,
  };
}
